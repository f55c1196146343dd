"""The ticker: the only file that imports APScheduler.

Its few jobs are kept in memory, without a job store: what is due is in the store, where a crash cannot lose it and
several processes can share it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

Job = Callable[[], Awaitable[None]]


class Ticker:
    """Calls jobs at intervals; a job is never started again while it still runs, missed ticks are not made up for."""

    def __init__(self) -> None:
        # It warns of every tick that is skipped because the one before still runs, which is intended here.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._under_way: set[asyncio.Task[Any]] = set()
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            executors={"default": AsyncIOExecutor()},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def every(self, interval: timedelta, name: str, job: Job) -> None:
        self._scheduler.add_job(
            self._tracked(job), IntervalTrigger(seconds=interval.total_seconds()), id=name, name=name
        )

    def soon(self, name: str, within: timedelta) -> None:
        """Brings the next call of a job forward, and once for all who ask. While a job runs, it waits for its tick."""
        job, at = self._scheduler.get_job(name), datetime.now(UTC) + within
        if job is not None and job.next_run_time > at:
            job.modify(next_run_time=at)

    def start(self) -> None:
        self._scheduler.start()

    async def stop(self, within: timedelta) -> None:
        """Starts no further ticks; those that run may end `within` this time, then they are cancelled."""
        self._scheduler.pause()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=within.total_seconds())
        self._scheduler.shutdown(wait=False)

    def _tracked(self, job: Job) -> Job:
        async def tick() -> None:
            task = asyncio.current_task()
            assert task is not None
            self._under_way.add(task)
            try:
                await job()
            finally:
                self._under_way.discard(task)

        return tick
