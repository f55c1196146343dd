"""The header Retry-After (RFC 9110 section 10.2.3). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """How long a receiver asks us to wait; headers in lower case.

    Seconds (also with a fraction, as Discord sends them), or a date, which is read against the answer's own
    `Date` so that our clock does not matter. None when it says nothing usable.
    """
    value = headers.get("retry-after", "").strip()
    return _seconds(value) if value[:1].isdigit() else _until(value, headers.get("date", ""))


def _seconds(value: str) -> timedelta | None:
    try:
        return timedelta(seconds=float(value))
    except (ValueError, OverflowError):
        return None


def _until(value: str, sent: str) -> timedelta | None:
    try:
        until, start = parsedate_to_datetime(value), parsedate_to_datetime(sent)
    except ValueError:
        return None
    return max(until.replace(tzinfo=until.tzinfo or UTC) - start.replace(tzinfo=start.tzinfo or UTC), timedelta(0))
