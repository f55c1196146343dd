"""Gathers finished polls and commits them together: one synced transaction may share many polls (I1)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from watcher.clock import Clock
from watcher.errors import StoreBusy, StoreError
from watcher.model.story import AlertDecider, AssignsStories
from watcher.store.records import PollRecord, PollSaved
from watcher.store.store import Store
from watcher.threads import ThreadPool

log = structlog.get_logger()

BUSY_RETRIES = 3
BATCH = 64


class GroupCommit:
    """While one transaction runs, the polls that finish wait and share the next. Belongs to the event loop."""

    def __init__(
        self,
        store: Store,
        store_pool: ThreadPool,
        owner: str,
        clock: Clock,
        decide: AlertDecider,
        stories: AssignsStories,
    ) -> None:
        self._store = store
        self._store_pool = store_pool
        self._owner = owner
        self._clock = clock
        self._decide = decide
        self._stories = stories
        self._waiting: list[tuple[PollRecord, asyncio.Future[PollSaved]]] = []
        self._committing: asyncio.Task[None] | None = None

    async def save(self, record: PollRecord) -> PollSaved:
        """Returns when the poll is committed, or its lease is found lost. Raises `StoreError`."""
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
            except Exception as error:
                if len(batch) > 1 and not isinstance(error, StoreError):
                    # One record that cannot be saved must not cost the others theirs: commit each alone.
                    log.exception("poll.batch_not_saved", feeds=[record.state.url for record in records])
                    for one in batch:
                        await self._commit_alone(*one)
                    continue
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), result in zip(batch, saved, strict=True):
                if not future.done():
                    future.set_result(result)

    async def _commit_alone(self, record: PollRecord, future: asyncio.Future[PollSaved]) -> None:
        try:
            (saved,) = await self._commit([record])
        except Exception as error:  # noqa: BLE001 - raised again in the poll that waits for it
            if not future.done():
                future.set_exception(error)
        else:
            if not future.done():
                future.set_result(saved)

    async def _commit(self, records: list[PollRecord]) -> list[PollSaved]:
        for attempt in range(BUSY_RETRIES):
            try:
                return await self._save(records)
            except StoreBusy as error:
                log.warning("store.retrying", during="save_polls", error=str(error), attempt=attempt + 1)
                await asyncio.sleep(timedelta(seconds=2**attempt).total_seconds())
        return await self._save(records)

    async def _save(self, records: list[PollRecord]) -> list[PollSaved]:
        now = self._clock.now()
        return await self._store_pool(self._store.polls.save, self._owner, records, now, self._decide, self._stories)
