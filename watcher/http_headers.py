"""Conditional requests and a server's own wishes, read from headers; pure. Names of headers are lower-case."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from watcher.model.feed import Validators

LONGEST_WISH = timedelta(hours=24)
"""However long a server asks us to stay away: 317,100 s have been seen."""

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


def conditional_headers(validators: Validators) -> list[tuple[str, str]]:
    """The request headers of RFC 9110 §13.1, with the validators exactly as they came."""
    headers = []
    if validators.etag is not None:
        headers.append(("If-None-Match", validators.etag))
    if validators.last_modified is not None:
        headers.append(("If-Modified-Since", validators.last_modified))
    return headers


def validators_of(headers: Mapping[str, str]) -> Validators:
    """The validators of a response (RFC 9110 §8.8)."""
    return Validators(etag=headers.get("etag") or None, last_modified=headers.get("last-modified") or None)


def refreshed_validators(known: Validators, headers: Mapping[str, str]) -> Validators:
    """After a 304: what it sends replaces what we had (RFC 9111 §3.2)."""
    fresh = validators_of(headers)
    return Validators(fresh.etag or known.etag, fresh.last_modified or known.last_modified)


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Retry-After in seconds or as a date (RFC 9110 §10.2.3), at most 24 h; None when absent or unreadable.

    A date is compared with the server's own `Date`, so that its wrong clock does no harm.
    """
    wish = headers.get("retry-after", "").strip()
    if wish.isascii() and wish.isdigit():
        return min(timedelta(seconds=int(wish[:9])), LONGEST_WISH)
    moment = http_date(wish)
    if moment is None:
        return None
    return min(max(moment - (http_date(headers.get("date", "")) or now), timedelta()), LONGEST_WISH)


def freshness_floor(headers: Mapping[str, str], now: datetime) -> timedelta:
    """For how long a response says it will stay fresh (RFC 9111 §4.2.1: max-age before Expires), at most 24 h."""
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


def _bounded(wish: timedelta) -> timedelta:
    return min(max(wish, timedelta()), LONGEST_WISH)
