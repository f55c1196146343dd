"""When a message that could not be delivered is tried again, and when we stop. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from watcher.lazy_dataclass import dataclass
from watcher.model.notification import TryAgain


@dataclass(frozen=True, slots=True)
class Schedule:
    """Waits after the first, second, … failure; the last repeats until `lifetime` after creation.

    `lifetime` None: no more attempts once the waits are used up. `spread` is the share of a wait that is
    random: 1 is full jitter.
    """

    waits: tuple[timedelta, ...]
    lifetime: timedelta | None
    spread: float = 1.0


def _seconds(*values: float) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=value) for value in values)


_MINUTE, _HOUR, _DAY = 60, 3600, 86400

STANDARD_WEBHOOKS = Schedule(
    _seconds(5, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR),
    None,
    0.1,
)
"""Little jitter, because a short draw would use up the few attempts too early.
https://github.com/standard-webhooks/standard-webhooks, "Deliverability and reliability"."""

MAIL = Schedule(
    _seconds(1 * _MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, 1 * _HOUR, 2 * _HOUR, 4 * _HOUR), timedelta(days=5)
)
"""RFC 5321 section 4.5.4.1: give up after four to five days. Greylisting wants a second try within minutes."""

CHAT = Schedule(_seconds(10, 30, 2 * _MINUTE, 10 * _MINUTE, 30 * _MINUTE, 1 * _HOUR), timedelta(days=1))
"""No standard; an alert in a chat that is a day late no longer helps."""

SCHEDULES: Mapping[str, Schedule] = {"email": MAIL, "webhook": STANDARD_WEBHOOKS}
"""By the kind of channel; every other kind follows `CHAT`."""

RETRY_AFTER_LIMIT = timedelta(hours=24)
"""The longest wait that a receiver may ask for: some ask for days by mistake."""


def next_attempt_at(
    kind: str, attempts: int, outcome: TryAgain, created_at: datetime, now: datetime, jitter: float, scale: float = 1.0
) -> datetime | None:
    """The next attempt after failure number `attempts` (counted from 1, this one included); None: stop trying.

    `jitter` (0 ≤ jitter < 1) spreads the messages that were held up together. The receiver's `retry_after`
    is a floor, and so is a second; where it exceeds the lifetime, the last attempt is at its end. `scale` shortens the
    waits of the schedule for tests.
    """
    schedule = SCHEDULES.get(kind, CHAT)
    wait = _wait(schedule, attempts)
    if wait is None:
        return None
    floor = min(outcome.retry_after or timedelta(0), RETRY_AFTER_LIMIT)
    at = now + max(wait * scale * (1 - schedule.spread + schedule.spread * jitter), floor, timedelta(seconds=1))
    if schedule.lifetime is None:
        return at
    end = created_at + schedule.lifetime
    return min(at, end) if now + timedelta(seconds=1) <= end else None


def _wait(schedule: Schedule, attempts: int) -> timedelta | None:
    index = max(attempts, 1) - 1
    if index < len(schedule.waits):
        return schedule.waits[index]
    return None if schedule.lifetime is None else schedule.waits[-1]
