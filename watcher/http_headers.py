"""Times in HTTP headers: Retry-After, freshness and HTTP dates. Pure; header names are lower-case.

The only parser of these for feeds and receivers alike. No input raises, and no result is longer than 24 hours.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST_WAIT = timedelta(hours=24)
"""The longest wait that a server may ask for: 317,100 s have been seen."""

_SECONDS = re.compile(r"\d+(?:\.\d*)?", re.ASCII)
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> timedelta | None:
    """Retry-After (RFC 9110 §10.2.3), between zero and 24 h; None when absent or unreadable.

    Seconds may have a fraction, as Discord sends them. A date is compared with the server's own `Date`, so that
    a wrong clock does no harm; without one it is compared with `now`.
    """
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return bounded_wait(float(value))
    until = http_date(value)
    sent = http_date(headers.get("date", "")) or now
    return None if until is None or sent is None else _bounded(until - sent)


def bounded_wait(number: object, *, per_second: int = 1) -> timedelta | None:
    """A number from a receiver's answer as a wait between zero and 24 h; None for anything else.

    `per_second` is the unit: 1 for seconds, 1,000 for milliseconds.
    """
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    if isinstance(number, float) and math.isnan(number):
        return None
    longest = LONGEST_WAIT.total_seconds() * per_second
    return timedelta(seconds=min(max(number, 0), longest) / per_second)


def freshness_floor(headers: Mapping[str, str], now: datetime) -> timedelta:
    """How long a response says it stays fresh (RFC 9111 §4.2.1: max-age before Expires), between zero and 24 h."""
    if match := _MAX_AGE.search(headers.get("cache-control", "")):
        age = headers.get("age", "").strip()
        spent = int(age[:9]) if age.isascii() and age.isdigit() else 0
        return _bounded(timedelta(seconds=int(match.group(1)) - spent))
    expires = http_date(headers.get("expires", ""))
    if expires is None:
        return timedelta()
    return _bounded(expires - (http_date(headers.get("date", "")) or now))


def http_date(text: str) -> datetime | None:
    """An HTTP date (RFC 9110 §5.6.7), aware UTC; None for anything else."""
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _bounded(wait: timedelta) -> timedelta:
    return min(max(wait, timedelta()), LONGEST_WAIT)
