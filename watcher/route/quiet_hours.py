"""Quiet hours: what is held, and until when."""

from __future__ import annotations

from datetime import datetime, timedelta

from watcher.model.route import Hold
from watcher.model.topic import Points
from watcher.route.clocktime import days_around, instant


def quiet_until(hold: Hold, now: datetime) -> datetime | None:
    """When the quiet hours that `now` lies in end; None outside of them.

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
    """Whether an alert of this score is told in spite of the quiet hours."""
    return hold.break_through is not None and score >= hold.break_through
