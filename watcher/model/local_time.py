"""Moments as clocks of a zone show them, for every moment that can be stored.

Feeds publish dates such as 0001-01-01 (.NET's `DateTime.MinValue`) and 9999-12-31. Shifting these into a zone leaves
the range of `datetime` and raises, and one such entry would stop a message for all. Such moments are moved to the
nearest that every zone can show.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MARGIN = timedelta(days=30)
"""More than any offset, and enough to look at the days around a moment."""

EARLIEST = datetime.min.replace(tzinfo=UTC) + MARGIN
LATEST = datetime.max.replace(tzinfo=UTC) - MARGIN


def representable(moment: datetime) -> datetime:
    """The moment in UTC, or the nearest one that every zone can show. A moment without a zone is in UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment, EARLIEST), LATEST).astimezone(UTC)


def to_local(moment: datetime, zone: str) -> datetime:
    """The moment in an IANA zone. Never raises for a moment."""
    return representable(moment).astimezone(_zone(zone))


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
