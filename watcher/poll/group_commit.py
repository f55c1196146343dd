"""Gathers finished polls and commits them together: one synced transaction may share many polls (I1)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from watcher.clock import Clock
from watcher.errors import StoreBusy
from watcher.model.story import AssignsStories, Judge
from watcher.store.interface import PollRecord, PollSaved, Store

log = structlog.get_logger()

BUSY_RETRIES = 3
BATCH = 64


class GroupCommit:
    """While one transaction runs, what arrives waits and shares the next."""

    def __init__(self, store: Store, owner: str, clock: Clock, judge: Judge, teller: AssignsStories) -> None:
        self._store = store
        self._owner = owner
        self._clock = clock
        self._judge = judge
        self._teller = teller
        self._waiting: list[tuple[PollRecord, asyncio.Future[PollSaved]]] = []
        self._committing: asyncio.Task[None] | None = None

    async def save(self, record: PollRecord) -> PollSaved:
        """Returns when the poll is committed, or found to be no longer ours. Raises `StoreError`."""
        future: asyncio.Future[PollSaved] = asyncio.get_running_loop().create_future()
        self._waiting.append((record, future))
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit_waiting())
        return await future

    async def _commit_waiting(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            records = [record for record, _ in batch]
            try:
                saved = await self._commit(records)
            except Exception as error:  # noqa: BLE001 - whoever waits for this commit must hear of it, whatever it was
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), result in zip(batch, saved, strict=True):
                if not future.done():
                    future.set_result(result)

    async def _commit(self, records: list[PollRecord]) -> list[PollSaved]:
        for attempt in range(BUSY_RETRIES):
            try:
                return await asyncio.to_thread(
                    self._store.save_polls, self._owner, records, self._clock.now(), self._judge, self._teller
                )
            except StoreBusy as error:
                log.warning("store.busy", error=str(error), attempt=attempt + 1)
                await asyncio.sleep(timedelta(seconds=2**attempt).total_seconds())
        return await asyncio.to_thread(
            self._store.save_polls, self._owner, records, self._clock.now(), self._judge, self._teller
        )
