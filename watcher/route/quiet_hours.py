"""Quiet hours, and local clock times as instants in zones whose clocks change.

zoneinfo follows PEP 495: with fold=0 an ambiguous local time is its first occurrence, and one that does not
exist is read with the offset before the change, which lands as far after the gap as it was inside it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from watcher.model.local_time import representable, to_local
from watcher.model.route import WEEKDAYS, Hold
from watcher.model.topic import Points

JOINED_DAYS = 8
"""How far quiet hours that meet are joined; beyond it the end is looked at again when it comes."""


def instant(day: date, at: time, zone: str) -> datetime:
    """The moment, in UTC, at which clocks of the zone show `at` on `day`."""
    return representable(datetime.combine(day, at.replace(fold=0), tzinfo=ZoneInfo(zone)))


def local_day(moment: datetime, zone: str) -> date:
    """The date that a calendar of the zone shows at the moment."""
    return to_local(moment, zone).date()


def days_around(moment: datetime, zone: str, before: int, after: int) -> list[date]:
    """The local dates from `before` days before the moment's date to `after` days after it."""
    today = local_day(moment, zone)
    return [today + timedelta(days=offset) for offset in range(-before, after + 1)]


def quiet_until(hold: Hold, now: datetime) -> datetime | None:
    """When the quiet hours around `now` end; None outside of them. Spans that meet or overlap are one.

    They begin and end when local clocks show the times. Clock changes as for digests: a time that does not exist
    moves forward, an ambiguous one is its first occurrence.
    """
    windows = _windows(hold, local_day(now, hold.zone))
    return next((end for start, end in windows if start <= now < end), None)


@lru_cache(maxsize=256)
def _windows(hold: Hold, today: date) -> tuple[tuple[datetime, datetime], ...]:
    """The quiet hours around a local date, joined, in order. Every waiting group asks at every tick."""
    days = [today + timedelta(days=offset) for offset in range(-2, JOINED_DAYS + 1)]
    found = sorted(
        (instant(day, start, hold.zone), instant(day + timedelta(days=1 if end <= start else 0), end, hold.zone))
        for day in days
        if WEEKDAYS[day.weekday()] in hold.days and day not in hold.except_on
        for start, end in hold.spans
    )
    joined: list[tuple[datetime, datetime]] = []
    for start, end in found:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def is_always_quiet(hold: Hold) -> bool:
    """Whether the quiet hours, without the dates that are excepted, cover every hour of a week."""
    first, *_ = _windows(replace(hold, except_on=frozenset()), _SOME_DAY) or ((None, None),)
    start, end = first
    return start is not None and end is not None and end - start >= timedelta(days=JOINED_DAYS)


_SOME_DAY = date(2026, 1, 7)


def breaks_through(hold: Hold, score: Points) -> bool:
    """Whether an alert of this score is sent in spite of the quiet hours."""
    return hold.break_through is not None and score >= hold.break_through
