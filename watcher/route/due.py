"""When a group is ripe."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from watcher.model.local_time import LATEST, representable
from watcher.model.notification import WaitingGroup
from watcher.model.route import WEEKDAYS, DigestTiming, GroupTiming, Timing
from watcher.route.quiet_hours import days_around, instant

NEVER = datetime.max.replace(tzinfo=UTC)
"""The due time of a digest that has too few alerts."""

_SEARCH_DAYS = 9
"""A week from any day to the same weekday, one day more for zones that have skipped a date, one for the gap."""

CLOCK_FAULT = timedelta(hours=1)
"""A remembered time that lies further ahead than this was written by a clock that has been set back since."""


def is_ripe(timing: Timing, group: WaitingGroup, now: datetime, *, enough_at: datetime | None = None) -> bool:
    """Whether a group may leave at `now`.

    After a clock was set back, remembered times may lie far ahead: such a group leaves at once, because too early
    is better than never.
    """
    if isinstance(timing, DigestTiming) and group.count < timing.min:
        return False
    remembered = (group.first_waiting_at, group.last_flush_at or group.first_waiting_at)
    if max(remembered) > now + CLOCK_FAULT:
        return True
    due = due_at(timing, group.first_waiting_at, group.last_flush_at, count=group.count, enough_at=enough_at)
    return due <= now


def due_at(
    timing: Timing,
    first_waiting_at: datetime,
    last_flush_at: datetime | None,
    *,
    count: int,
    enough_at: datetime | None = None,
) -> datetime:
    """When a group whose first waiting alert came at `first_waiting_at` may leave.

    Promptly: `wait` after the first alert, and `interval` after the group's last message. Digest: the first
    slot after the first alert and after the last message; a result in the past is a missed slot, and missed
    slots merge because there is one message whenever it leaves. With fewer than `min` alerts: `NEVER`.
    `enough_at` is when the `min`-th alert came: earlier slots had too few alerts and are not made up for; without
    it they are.
    """
    if isinstance(timing, GroupTiming):
        soonest = _after(first_waiting_at, timing.wait)
        return soonest if last_flush_at is None else max(soonest, _after(last_flush_at, timing.interval))
    if count < timing.min:
        return NEVER
    return next_slot(timing, max(moment for moment in (first_waiting_at, last_flush_at, enough_at) if moment))


def _after(moment: datetime, wait: timedelta) -> datetime:
    return min(representable(moment), LATEST - wait) + wait


def next_slot(digest: DigestTiming, after: datetime) -> datetime:
    """The first slot strictly after a moment, `NEVER` if there is none. Slots that a clock change joins are one."""
    for day in days_around(after, digest.zone, 1, _SEARCH_DAYS + 7 * len(digest.except_on)):
        slots = _slots_from(digest, day)
        if slots and slots[-1] > after:
            return slots[bisect_right(slots, after)]
    return NEVER


@lru_cache(maxsize=128)
def _slots_from(digest: DigestTiming, day: date) -> tuple[datetime, ...]:
    """The slots of a local date and the next, in order: of two, because a date that was skipped lands on the next.

    Every waiting group asks for them with every tick, and zones are slow to compute.
    """
    return tuple(sorted((*_slots(digest, day), *_slots(digest, day + timedelta(days=1)))))


def _slots(digest: DigestTiming, day: date) -> list[datetime]:
    if WEEKDAYS[day.weekday()] not in digest.days or day in digest.except_on:
        return []
    return [instant(day, at, digest.zone) for at in digest.at]
