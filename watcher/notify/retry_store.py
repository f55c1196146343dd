"""Store calls that are repeated while the store is locked or full."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from watcher.clock import Clock
from watcher.errors import StoreBusy, StoreFull

log = structlog.get_logger()

PAUSE = timedelta(seconds=0.5)

T = TypeVar("T")


async def retry_while_busy(work: Callable[[], Awaitable[T]], until: datetime, clock: Clock) -> T:
    """Repeats `work` while the store is locked or full, until the moment `until`. Raises the last `StoreError`.

    Used for the outcome of a send: nobody else knows it, and a message whose outcome is lost is sent again.
    """
    while True:
        try:
            return await work()
        except (StoreBusy, StoreFull) as error:
            if clock.now() + PAUSE >= until:
                raise
            log.warning("store.retrying", during="record_outcome", error=str(error), until=until.isoformat())
        await asyncio.sleep(PAUSE.total_seconds())
