"""Gathers finished polls and commits them together: many polls share one synced transaction (I1).

A transaction costs several times what one more poll in it costs. So a finished poll waits a moment for others that are
under way; the last one, and one that is alone, is saved at once.

A large poll is saved in parts, one in a transaction, so that the polls of other feeds are saved between them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog

from watcher.clock import Clock
from watcher.errors import StoreBusy, StoreError
from watcher.lazy_dataclass import dataclass
from watcher.model.story import AlertDecider, AssignsStories
from watcher.poll.parts import PART_ALERTS, parts_of
from watcher.store.records import PollRecord, PollSaved
from watcher.store.store import Store
from watcher.threads import ThreadPool

log = structlog.get_logger()

BUSY_RETRIES = 6
LONGEST_WAIT = 4
"""Seconds between two tries: what is not saved stays leased for minutes, so a server that restarts is waited for."""
BATCH = 64
BATCH_ALERTS = 2 * PART_ALERTS
"""Polls, and alerts of all of them, that share a transaction."""
GATHER_WITHIN = timedelta(milliseconds=400)
"""How long a finished poll waits for others at most."""
GATHER_ALERTS_WITHIN = timedelta(milliseconds=100)
"""The same for a poll that brings alerts, and for those that are saved with it."""


@dataclass(slots=True)
class _Waiting:
    """A poll that is not saved yet, or not whole: the parts that are left, and what was saved of the others."""

    parts: deque[PollRecord]
    done: asyncio.Future[PollSaved]
    alerts_new: tuple[str, ...] = ()
    alerts_folded: tuple[str, ...] = ()

    def finish(self, saved: PollSaved) -> bool:
        """Takes the result for the next part; whether it was the last one, or the lease is lost."""
        self.parts.popleft()
        self.alerts_new += saved.alerts_new
        self.alerts_folded += saved.alerts_folded
        if saved.saved and self.parts:
            return False
        if not self.done.done():
            self.done.set_result(PollSaved(saved.url, saved.saved, self.alerts_new, self.alerts_folded))
        return True

    def fail(self, error: Exception) -> None:
        """Gives the error to the poll that waits; what is left of it is not saved."""
        if not self.done.done():
            self.done.set_exception(error)


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
        self._waiting: list[_Waiting] = []
        self._under_way = 0
        self._all_wait = asyncio.Event()
        self._gathering: asyncio.Timeout | None = None
        self._committing: asyncio.Task[None] | None = None

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """A poll that may be saved before this ends: those that finish earlier wait for it, `GATHER_WITHIN` at most."""
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            self._look_who_waits()

    async def save(self, record: PollRecord) -> PollSaved:
        """Returns when the poll is committed, or its lease is found lost. Raises `StoreError`."""
        future: asyncio.Future[PollSaved] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(deque(parts_of(record)), future))
        self._look_who_waits()
        if record.alerts:
            self._hurry()
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit_waiting())
        return await future

    async def _commit_waiting(self) -> None:
        while self._waiting:
            await self._gather()
            batch = self._next_batch()
            try:
                saved = await self._commit([one.parts[0] for one in batch])
            except Exception as error:
                if len(batch) > 1 and not isinstance(error, StoreError):
                    # One record that cannot be saved must not cost the others theirs: commit each alone.
                    log.exception("poll.batch_not_saved", feeds=[one.parts[0].state.url for one in batch])
                    for one in batch:
                        await self._commit_alone(one)
                    continue
                for one in batch:
                    one.fail(error)
                continue
            for one, result in zip(batch, saved, strict=True):
                self._keep_what_is_left(one, result)

    async def _gather(self) -> None:
        """Waits until as many polls wait as share a transaction, or all that are under way, but not for long."""
        self._all_wait.clear()
        self._look_who_waits()
        try:
            async with asyncio.timeout(GATHER_WITHIN.total_seconds()) as self._gathering:
                if any(one.parts[0].alerts for one in self._waiting):
                    self._hurry()
                await self._all_wait.wait()
        except TimeoutError:
            return
        finally:
            self._gathering = None

    def _hurry(self) -> None:
        """Ends the wait in time for alerts."""
        gathering, until = self._gathering, asyncio.get_running_loop().time() + GATHER_ALERTS_WITHIN.total_seconds()
        if gathering is not None and not gathering.expired():
            gathering.reschedule(min(until, gathering.when() or until))

    def _look_who_waits(self) -> None:
        if len(self._waiting) >= min(self._under_way, BATCH):
            self._all_wait.set()

    def _next_batch(self) -> list[_Waiting]:
        """Takes the polls that share the next transaction, those that wait longest first; of polls that have more than
        one part left only one, so that several of them together do not hold the store for longer.
        """
        batch: list[_Waiting] = []
        left: list[_Waiting] = []
        alerts = 0
        for one in self._waiting:
            more = len(one.parts[0].alerts)
            is_large = len(one.parts) > 1
            if len(batch) == BATCH or (
                batch and (alerts + more > BATCH_ALERTS or (is_large and any(len(other.parts) > 1 for other in batch)))
            ):
                left.append(one)
            else:
                batch.append(one)
                alerts += more
        self._waiting = left
        return batch

    def _keep_what_is_left(self, one: _Waiting, saved: PollSaved) -> None:
        if not one.finish(saved):
            self._waiting.append(one)

    async def _commit_alone(self, one: _Waiting) -> None:
        try:
            (saved,) = await self._commit([one.parts[0]])
        except Exception as error:  # noqa: BLE001 - raised again in the poll that waits for it
            one.fail(error)
        else:
            self._keep_what_is_left(one, saved)

    async def _commit(self, records: list[PollRecord]) -> list[PollSaved]:
        for attempt in range(BUSY_RETRIES):
            try:
                return await self._save(records)
            except StoreBusy as error:
                log.warning("store.retrying", during="save_polls", error=str(error), attempt=attempt + 1)
                await asyncio.sleep(timedelta(seconds=min(2**attempt, LONGEST_WAIT)).total_seconds())
        return await self._save(records)

    async def _save(self, records: list[PollRecord]) -> list[PollSaved]:
        now = self._clock.now()
        return await self._store_pool(self._store.polls.save, self._owner, records, now, self._decide, self._stories)
