"""Background tasks with a limit, that can be waited for, and whose exceptions are logged."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import structlog

log = structlog.get_logger()


class BoundedTasks:
    """At most `limit` tasks at once. A task that raises is logged with its traceback, as a defect."""

    def __init__(self, name: str, limit: int) -> None:
        self._name = name
        self._limit = limit
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def free(self) -> int:
        return max(0, self._limit - len(self._tasks))

    @property
    def mostly_free(self) -> bool:
        """Whether at most half as many tasks run as are allowed: then it pays to look for more."""
        return self.free * 2 >= self._limit

    def __len__(self) -> int:
        return len(self._tasks)

    def under_way(self) -> frozenset[asyncio.Task[Any]]:
        return frozenset(self._tasks)

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def cancel(self) -> None:
        """Cancels what is under way, without waiting for it."""
        for task in self._tasks:
            task.cancel()

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task.failed", task=self._name, exc_info=error)

    async def drained(self, within: timedelta) -> bool:
        """Waits for what is under way; cancels what is not finished in time and returns False then."""
        if not self._tasks:
            return True
        _, late = await asyncio.wait(self._tasks, timeout=within.total_seconds())
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        return not late
