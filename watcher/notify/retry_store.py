"""Store calls that must not be given up while there is still time for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from watcher.clock import Clock
from watcher.errors import StoreBusy, StoreFull

log = structlog.get_logger()

PAUSE = timedelta(seconds=0.5)

T = TypeVar("T")


async def retry_while_busy(work: Callable[[], T], until: datetime, clock: Clock) -> T:
    """Runs `work` in a thread, again and again while the store is locked or full, until the moment `until`.

    What a receiver has said is known nowhere else: to forget it would send a copy. Raises the last `StoreError`.
    """
    while True:
        try:
            return await asyncio.to_thread(work)
        except (StoreBusy, StoreFull) as error:
            if clock.now() + PAUSE >= until:
                raise
            log.warning("store.insisting", error=str(error), until=until.isoformat())
        await asyncio.sleep(PAUSE.total_seconds())
