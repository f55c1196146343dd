"""Local clock times as instants, in zones whose clocks change.

zoneinfo follows PEP 495: with fold=0 an ambiguous local time is its first occurrence, and one that does not
exist is read with the offset before the change, which lands as far after the gap as it stood inside it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def instant(day: date, at: time, zone: str) -> datetime:
    """The moment, in UTC, at which clocks of the zone show `at` on `day`."""
    return datetime.combine(day, at.replace(fold=0), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def local_day(moment: datetime, zone: str) -> date:
    """The date that a calendar of the zone shows at the moment."""
    return moment.astimezone(ZoneInfo(zone)).date()


def days_around(moment: datetime, zone: str, before: int, after: int) -> list[date]:
    """The local dates from `before` days ahead of the moment's to `after` days behind it."""
    today = local_day(moment, zone)
    return [today + timedelta(days=offset) for offset in range(-before, after + 1)]
