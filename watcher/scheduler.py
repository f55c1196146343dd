"""The ticker: the only file that knows APScheduler.

Three jobs in memory and no job store: what is due stands in the store, where a crash cannot lose it
and several processes can share it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, timedelta

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

Job = Callable[[], Awaitable[None]]


class Ticker:
    """Calls jobs at intervals; a job is never started again while it still runs, missed ticks are not made up for."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            executors={"default": AsyncIOExecutor()},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def every(self, interval: timedelta, name: str, job: Job) -> None:
        self._scheduler.add_job(job, IntervalTrigger(seconds=interval.total_seconds()), id=name, name=name)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        """No further ticks; one that runs goes on to its end."""
        self._scheduler.shutdown(wait=False)
