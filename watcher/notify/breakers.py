"""The circuit breakers of all channels.

They live in memory: a new process tries every channel again. The end of a pause is also kept in the store, so that
another process (`outbox list`) can show it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import datetime

import structlog

from watcher.clock import Clock
from watcher.deliver import breaker
from watcher.deliver.breaker import Breaker
from watcher.errors import StoreError
from watcher.lazy_dataclass import dataclass
from watcher.model.notification import Outcome
from watcher.model.route import ChannelRef
from watcher.store.store import Store
from watcher.threads import ThreadPool

log = structlog.get_logger()


@dataclass(slots=True)
class BreakerAttempt:
    """One attempt as its breaker sees it. Set `outcome` when the channel was asked; left None, nothing is learnt.

    `needs_alarm` is valid after the block: the operator must be notified through another channel.
    """

    outcome: Outcome | None = None
    needs_alarm: bool = False


class CircuitBreakers:
    """One breaker per channel. Belongs to the event loop. `scale` shortens the pauses (tests)."""

    def __init__(
        self, clock: Clock, jitter: Callable[[], float], store: Store, store_pool: ThreadPool, scale: float = 1.0
    ) -> None:
        self._clock = clock
        self._jitter = jitter
        self._store = store
        self._store_pool = store_pool
        self._scale = scale
        self._breakers: dict[ChannelRef, Breaker] = {}
        self._saved_pauses: dict[ChannelRef, datetime | None] = {}

    def open(self) -> set[ChannelRef]:
        """Channels from which nothing may be acquired now."""
        return set(breaker.paused(self._breakers, self._clock.now()))

    def half_open(self) -> set[ChannelRef]:
        """Channels from which one notification may be acquired, to see whether they work again."""
        return set(breaker.probe_only(self._breakers)) - self.open()

    def acquired(self, channel: ChannelRef) -> None:
        """Notes that a notification of the channel was acquired: a half-open breaker lets no second one through."""
        if channel in self._breakers:
            self._breakers[channel] = breaker.before_attempt(self._breakers[channel])

    @asynccontextmanager
    async def attempt(self, channel: ChannelRef) -> AsyncIterator[BreakerAttempt]:
        """Surrounds one attempt: `async with breakers.attempt(channel) as attempt: attempt.outcome = …`."""
        attempt = BreakerAttempt()
        try:
            yield attempt
        finally:
            if attempt.outcome is None:
                self._release(channel)
            else:
                attempt.needs_alarm = self._learn(channel, attempt.outcome)
        await self._save_pause(channel)

    def _release(self, channel: ChannelRef) -> None:
        if channel in self._breakers:
            self._breakers[channel] = breaker.abandoned(self._breakers[channel])

    def _learn(self, channel: ChannelRef, outcome: Outcome) -> bool:
        before = self._breakers.get(channel, Breaker())
        step = breaker.after_outcome(before, outcome, self._clock.now(), self._jitter(), self._scale)
        self._breakers[channel] = step.breaker
        if step.breaker.open_until is not None and step.breaker.open_until != before.open_until:
            log.warning("channel.paused", channel=str(channel), until=step.breaker.open_until.isoformat())
        return step.alarm

    def alternatives(self, channels: Collection[ChannelRef], failing: ChannelRef) -> list[ChannelRef]:
        """Channels through which the operator can learn that one fails, the best first."""
        return breaker.elsewhere(self._breakers, channels, failing)

    async def _save_pause(self, channel: ChannelRef) -> None:
        """Saves the end of the pause if it changed; the first time also None, which a former process may have left."""
        kept = self._breakers.get(channel)
        until = kept.open_until if kept else None
        if channel in self._saved_pauses and self._saved_pauses[channel] == until:
            return
        self._saved_pauses[channel] = until
        await self._store_pool(_save_pause, self._store, channel, until)

    async def forget_pauses(self) -> None:
        """Removes the saved pauses; for breakers that are no longer in force."""
        for channel, kept in self._breakers.items():
            if kept.open_until is not None:
                await self._store_pool(_save_pause, self._store, channel, None)


def _save_pause(store: Store, channel: ChannelRef, until: datetime | None) -> None:
    """A store that fails costs only what `outbox list` shows."""
    try:
        store.outbox.save_pause(channel, until)
    except StoreError as error:
        log.warning("channel.pause_not_saved", channel=str(channel), error=str(error))
