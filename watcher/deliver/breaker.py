"""A circuit breaker for each channel: while a destination is down, its messages wait without using up attempts. Pure.

    closed ──(failures in a row)──▶ open ──(pause over)──▶ one probe ──▶ delivered: closed
       ▲                              ▲                        │
       └──────────────────────────────┴── failed: open, longer ┘

What only the operator can fix (credentials, who we are to a mail server, a used-up limit) opens it at once and for
long, because repeated failures lock accounts. An answer of somebody else (a login page) raises the alarm at once,
too, but is tried again soon. A destination that is gone refuses each message by itself and needs no pause.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from watcher.errors import AttemptReason
from watcher.lazy_dataclass import dataclass
from watcher.model.notification import GiveUp, Outcome, TryAgain
from watcher.model.route import ChannelRef

FAILURES = 3
"""In a row; a single refused message or one lost connection says little about a destination."""

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=30)
OPERATOR_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of a destination. `open_until` None: closed. `probing`: one message is out to try it."""

    failures: int = 0
    pauses: int = 0
    open_until: datetime | None = None
    probing: bool = False
    reason: AttemptReason | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """The breaker after an outcome. `alarm`: only the operator can fix this, and was not notified of it yet."""

    breaker: Breaker
    alarm: bool = False


def after_outcome(breaker: Breaker, outcome: Outcome, now: datetime, jitter: float, scale: float = 1.0) -> Step:
    """What an outcome says about the destination; 0 ≤ jitter < 1 spreads the ends of pauses, `scale` shortens them.

    A message that was refused for what it is proves that the destination works.
    """
    if isinstance(outcome, GiveUp) and outcome.reason is AttemptReason.GONE:
        return Step(Breaker(reason=outcome.reason), alarm=breaker.reason is not outcome.reason)
    if not _speaks_of_destination(outcome):
        return Step(Breaker())
    assert isinstance(outcome, TryAgain)
    failures = breaker.failures + 1
    alarm = outcome.reason in _ALARMING and breaker.reason is not outcome.reason
    if outcome.reason in _FOR_THE_OPERATOR:
        return Step(_opened(breaker, failures, outcome, now, OPERATOR_PAUSE * scale, jitter), alarm)
    was_under_way = breaker.open_until is not None and not breaker.probing
    is_tolerable = failures < FAILURES and not breaker.probing and outcome.retry_after is None and not alarm
    if was_under_way or is_tolerable:
        return Step(replace(breaker, failures=failures), alarm)
    pause = min(FIRST_PAUSE * 2 ** min(breaker.pauses, 10), LONGEST_PAUSE) * scale
    return Step(_opened(breaker, failures, outcome, now, pause, jitter), alarm)


def _speaks_of_destination(outcome: Outcome) -> bool:
    """Recipients that took part of it, or were greylisted one by one, show a server that works."""
    return isinstance(outcome, TryAgain) and outcome.reason not in _ABOUT_THE_MESSAGE and not outcome.accepted


_FOR_THE_OPERATOR = {AttemptReason.AUTHENTICATION, AttemptReason.SENDER_REFUSED, AttemptReason.SENDING_LIMIT}
_ALARMING = {*_FOR_THE_OPERATOR, AttemptReason.NOT_THE_SERVICE}
_ABOUT_THE_MESSAGE = {AttemptReason.RENDER, AttemptReason.REFUSED, AttemptReason.RECIPIENT_REFUSED}


def _opened(
    breaker: Breaker, failures: int, outcome: TryAgain, now: datetime, pause: timedelta, jitter: float
) -> Breaker:
    wanted = min(outcome.retry_after or timedelta(0), timedelta(hours=24))
    until = now + max(pause * (1 + jitter / 4), wanted)
    return Breaker(failures, breaker.pauses + 1, until, probing=False, reason=outcome.reason)


def before_attempt(breaker: Breaker) -> Breaker:
    """To be called when a message of the channel is acquired: an open breaker lets only this one through."""
    return breaker if breaker.open_until is None else replace(breaker, probing=True)


def abandoned(breaker: Breaker) -> Breaker:
    """When an acquired message was not sent after all (its lease was lost): the probe is free again."""
    return replace(breaker, probing=False)


def paused(breakers: Mapping[ChannelRef, Breaker], now: datetime) -> Collection[ChannelRef]:
    """The channels from which nothing may be acquired now."""
    return {channel for channel, breaker in breakers.items() if _is_shut(breaker, now)}


def probe_only(breakers: Mapping[ChannelRef, Breaker]) -> Collection[ChannelRef]:
    """The channels from which at most one notification may be acquired at a time."""
    return {channel for channel, breaker in breakers.items() if breaker.open_until is not None}


def _is_shut(breaker: Breaker, now: datetime) -> bool:
    return breaker.open_until is not None and (breaker.probing or now < breaker.open_until)


def elsewhere(
    breakers: Mapping[ChannelRef, Breaker], channels: Iterable[ChannelRef], failing: ChannelRef
) -> list[ChannelRef]:
    """Through which channels to notify the operator that one fails: those of other receivers that work.

    Channels of another kind go first, because two of a kind tend to share a server.
    """
    others = [channel for channel in channels if channel.receiver != failing.receiver]
    sound = [channel for channel in others if breakers.get(channel, Breaker()).open_until is None]
    return sorted(sound, key=lambda channel: channel.kind == failing.kind)
