"""Keeping the index of words as complete as the store, beside the pages."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from watcher.errors import StoreError
from watcher.search.fill import Filler
from watcher.threads import ThreadPool
from watcher.web.site import Site

log = structlog.get_logger()

IDLE = timedelta(seconds=5)
PAUSE_BETWEEN_BATCHES = timedelta(milliseconds=50)
"""So that filling a new index leaves the processor to the pages half of the time."""
AFTER_FAILURE = timedelta(minutes=1)


async def keep_filled(site: Site) -> None:
    """Fills the index until it is cancelled."""
    if site.index is None:
        return
    filler, thread = Filler(site.store, site.index), ThreadPool("index", 1)
    try:
        while True:
            wait = await thread(fill_batch, site, filler)
            await asyncio.sleep(wait.total_seconds())
    finally:
        thread.close()


def fill_batch(site: Site, filler: Filler) -> timedelta:
    """Indexes one batch; how long to wait for the next. A full disk costs search its newest entries, no more."""
    try:
        progress = filler.step(site.clock.now())
    except StoreError as error:
        log.warning("index.not_filled", error=str(error), remedy="it is tried again in a minute")
        return AFTER_FAILURE
    if site.index_to_go and not progress.to_go:
        log.info("index.filled")
    site.index_to_go = progress.to_go
    return PAUSE_BETWEEN_BATCHES if progress.to_go else IDLE
