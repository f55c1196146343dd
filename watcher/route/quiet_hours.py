"""Quiet hours, and local clock times as instants in zones whose clocks change.

zoneinfo follows PEP 495: with fold=0 an ambiguous local time is its first occurrence, and one that does not
exist is read with the offset before the change, which lands as far after the gap as it was inside it.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from watcher.model.local_time import representable, to_local
from watcher.model.route import Hold
from watcher.model.topic import Points


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
    """When the quiet hours around `now` end; None outside of them.

    They begin and end when local clocks show the times (an end before the start is on the next day; equal
    times mean no quiet hours). Clock changes as for digests: a time that does not exist moves forward, an
    ambiguous one is its first occurrence.
    """
    overnight = timedelta(days=1 if hold.end < hold.start else 0)
    windows = (
        (instant(day, hold.start, hold.zone), instant(day + overnight, hold.end, hold.zone))
        for day in days_around(now, hold.zone, 2, 1)
    )
    return next((end for start, end in windows if start <= now < end), None)


def breaks_through(hold: Hold, score: Points) -> bool:
    """Whether an alert of this score is sent in spite of the quiet hours."""
    return hold.break_through is not None and score >= hold.break_through
