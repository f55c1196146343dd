"""Dates as feeds write them, to aware UTC; what cannot be understood is None, never "now"."""

from __future__ import annotations

import re
from calendar import timegm
from datetime import UTC, datetime, timedelta
from functools import lru_cache

# The handlers of feedparser know a dozen dialects; it exports them only through a parse of a whole document.
from feedparser.datetimes import _parse_date as parse_dialects

_LONGEST_DATE = 100
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_RFC822 = re.compile(
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? +)?(\d{1,2}) +([a-z]{3}) +(\d{4}) +(\d\d):(\d\d)(?::(\d\d))? +"
    r"(?:gmt|utc|ut|z|([+-])(\d\d):?(\d\d))",
    re.IGNORECASE | re.ASCII,
)
_W3C = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?: ?Z| ?([+-])(\d\d):?(\d\d))?",
    re.IGNORECASE | re.ASCII,
)
_STARTS_WITH_YEAR_OR_WORD = re.compile(r"(?:\d{4}|\d{6}|\d{8})(?!\d)|[^\W\d]|\d{1,2}[ -][^\W\d]")


def parse_date(text: str, language: str | None = None) -> datetime | None:
    """RFC 822 §5 and W3CDTF/RFC 3339 dates and the dialects seen in the wild; whole seconds, aware UTC.

    A date without a zone is taken as UTC. Dates that leave their year to be guessed are refused: the guess would
    depend on when we look.
    """
    text = text.strip()
    return _moment_of(text) if 0 < len(text) <= _LONGEST_DATE else None


@lru_cache(maxsize=4096)
def _moment_of(text: str) -> datetime | None:
    """Remembers short texts only: what a hostile document says is not kept."""
    try:
        if match := _RFC822.fullmatch(text):
            day, month, year, *rest = match.groups()
            return _moment(int(year), _MONTHS[month.lower()], int(day), *rest)
        if match := _W3C.fullmatch(text):
            year, month, day, *rest = match.groups()
            return _moment(int(year), int(month), int(day), *rest)
    except (ValueError, OverflowError, KeyError):
        return None
    return _parse_dialect(text)


def _moment(
    year: int, month: int, day: int, hour: str, minute: str, second: str | None,
    sign: str | None, zone_hours: str | None, zone_minutes: str | None,
) -> datetime:  # fmt: skip
    local = datetime(year, month, day, int(hour), int(minute), int(second or 0), tzinfo=UTC)
    if sign is None:
        return local
    offset = timedelta(hours=int(zone_hours or 0), minutes=int(zone_minutes or 0))
    return local - offset if sign == "+" else local + offset


def _parse_dialect(text: str) -> datetime | None:
    if not _STARTS_WITH_YEAR_OR_WORD.match(text):
        return None
    try:
        parts = parse_dialects(text)
        return datetime.fromtimestamp(timegm(parts), UTC) if parts else None
    except (ValueError, OverflowError, OSError, TypeError, IndexError, KeyError, AttributeError):
        return None
