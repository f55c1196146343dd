"""Dates as feeds write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.parse.dates import parse_date


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 06 Jan 2025 10:00:00 GMT",
        "Mon, 6 Jan 2025 12:00:00 +0200",
        "06 Jan 2025 05:00 EST",
        "2025-01-06T10:00:00Z",
        "2025-01-06T10:00:00.123456+00:00",
        "2025-01-06 15:30:00 +0530",
        "2025-01-06T15:30:00+0530",
        "Mon Jan 06 10:00:00 2025",
        "Monday, 06 Jan 2025 10:00:00 UT",
        "20250106T10:00:00Z",
    ],
)
def test_dialects(text: str) -> None:
    assert parse_date(text) == datetime(2025, 1, 6, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "0000-00-00T00:00:00Z",
        "Mon, 31 Feb 2025 10:00:00 GMT",
        "99999-01-01",
        "--01-06",
        "-25",
        "12:00",
        "1" * 500,
        "2025-13-45T99:99:99Z",
        "Mon, 06 Jan 999999999999 10:00:00 GMT",
        "NaN",
        "1736157600",
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None


@given(st.text(alphabet="0123456789-+:TZ ,.JanMoGMT/\u0661\u0662", max_size=40) | st.text(max_size=60))
def test_anything_is_a_date_in_utc_or_none(text: str) -> None:
    parsed = parse_date(text)
    assert parsed is None or parsed.tzinfo is UTC
