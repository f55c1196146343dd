"""The circuit breakers of all channels, and telling a person when one of them needs a person.

Kept in memory: a process that starts anew tries every destination anew. Until when a channel pauses also stands in the store,
only for people who ask another process (`outbox list`).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta

import structlog

from watcher.clock import Clock
from watcher.deliver import breaker
from watcher.deliver.breaker import Breaker
from watcher.deliver.channel import Channel
from watcher.errors import StoreError
from watcher.model.notification import Delivered, Outcome
from watcher.model.route import ChannelRef
from watcher.render.channel_failure import trouble_message, trouble_notification
from watcher.render.user_templates import UserTemplates
from watcher.store.interface import Store

log = structlog.get_logger()

TELLINGS = 3
"""How many channels are asked to tell of a trouble until one does; each may take as long as any message."""


class CircuitBreakers:
    """One breaker a channel. Shared by the thread that acquires and the loop that sends. `scale` shortens pauses."""

    def __init__(self, clock: Clock, jitter: Callable[[], float], scale: float = 1.0) -> None:
        self._clock = clock
        self._jitter = jitter
        self._scale = scale
        self._breakers: dict[ChannelRef, Breaker] = {}
        self._shown: dict[ChannelRef, datetime | None] = {}
        self._lock = threading.Lock()

    def shut(self) -> set[ChannelRef]:
        """Channels from which nothing may be acquired now."""
        with self._lock:
            return set(breaker.paused(self._breakers, self._clock.now()))

    def on_trial(self) -> set[ChannelRef]:
        """Channels from which one notification may be acquired to see whether they work again."""
        with self._lock:
            return set(breaker.probe_only(self._breakers)) - set(breaker.paused(self._breakers, self._clock.now()))

    def leaving(self, channel: ChannelRef) -> None:
        """A notification of the channel was acquired."""
        with self._lock:
            if channel in self._breakers:
                self._breakers[channel] = breaker.before_attempt(self._breakers[channel])

    def abandoned(self, channel: ChannelRef) -> None:
        """It was not sent after all."""
        with self._lock:
            if channel in self._breakers:
                self._breakers[channel] = breaker.abandoned(self._breakers[channel])

    def pauses(self) -> dict[ChannelRef, datetime]:
        """Until when the channels pause that do."""
        with self._lock:
            return {one: kept.open_until for one, kept in self._breakers.items() if kept.open_until is not None}

    def takes_another_pause(self, channel: ChannelRef) -> bool:
        """Whether its pause is another than when this was asked last; True at the first time, for an earlier process may
        have left one behind.
        """
        until = self.pauses().get(channel)
        is_other = channel not in self._shown or self._shown[channel] != until
        self._shown[channel] = until
        return is_other

    def ended(self, channel: ChannelRef, outcome: Outcome) -> bool:
        """What an attempt came to; True when a person must be told elsewhere."""
        with self._lock:
            before = self._breakers.get(channel, Breaker())
            step = breaker.after_outcome(before, outcome, self._clock.now(), self._jitter(), self._scale)
            self._breakers[channel] = step.breaker
        if step.breaker.open_until is not None and step.breaker.open_until != before.open_until:
            log.warning("channel.paused", channel=str(channel), until=step.breaker.open_until.isoformat())
        return step.alarm

    def elsewhere(self, channels: Collection[ChannelRef], failing: ChannelRef) -> list[ChannelRef]:
        """Where to tell a person that a channel fails, the best first."""
        with self._lock:
            return breaker.elsewhere(self._breakers, channels, failing)


def show_pause(store: Store, channel: ChannelRef, until: datetime | None) -> None:
    """Puts into the store until when a channel pauses (None: it does not). A store that fails costs only this note."""
    fact, value = _PAUSE.format(channel), until.isoformat() if until else ""
    try:
        if (store.recall(fact) or "") != value:
            store.remember(fact, value)
    except StoreError as error:
        log.warning("channel.pause_unshown", channel=str(channel), error=str(error))


def forget_pauses(store: Store, circuits: CircuitBreakers) -> None:
    """To be called when these circuits are no longer in force: nothing pauses because of them."""
    for channel in circuits.pauses():
        show_pause(store, channel, None)


def shown_pauses(store: Store, channels: Iterable[ChannelRef], now: datetime) -> dict[ChannelRef, datetime]:
    """Until when those of the channels pause that some process keeps from sending."""
    kept = {channel: store.recall(_PAUSE.format(channel)) for channel in channels}
    until = {channel: datetime.fromisoformat(value) for channel, value in kept.items() if value}
    return {channel: moment for channel, moment in until.items() if moment > now}


_PAUSE = "pause of {}"


async def tell_trouble(
    failing: ChannelRef,
    outcome: Outcome,
    channels: Mapping[ChannelRef, Channel],
    circuits: CircuitBreakers,
    clock: Clock,
    within: timedelta,
    templates: UserTemplates | None,
) -> None:
    """Tells a person through another receiver that a channel fails for good; the first that takes it, and the log."""
    reason = "" if isinstance(outcome, Delivered) else f"{outcome.reason.value.replace('_', ' ')}: {outcome.detail}"
    subject = f"{failing} cannot deliver ({reason})"
    remedy = (
        "Mend its address or credentials and reload; what waited is then sent, dead letters by `watcher outbox retry`."
    )
    log.error("channel.trouble", channel=str(failing), reason=reason, remedy=remedy)
    for target in circuits.elsewhere(channels.keys(), failing)[:TELLINGS]:
        if await _told(channels[target], target, subject, remedy, clock.now(), within, templates):
            return


async def _told(
    channel: Channel,
    target: ChannelRef,
    subject: str,
    remedy: str,
    now: datetime,
    within: timedelta,
    templates: UserTemplates | None,
) -> bool:
    message = await asyncio.to_thread(trouble_message, target, subject, remedy, now, templates)
    for problem in message.problems:
        log.warning("template.failed", channel=str(target), problem=problem)
    try:
        told = await channel.send(trouble_notification(target, subject, now), message, within)
    except Exception:  # a defect of the messenger is not one of what it was to tell
        log.exception("channel.defect", channel=str(target))
        return False
    if not isinstance(told, Delivered):
        log.error("channel.trouble_untold", channel=str(target), reason=told.reason.value, detail=told.detail)
    return isinstance(told, Delivered)
