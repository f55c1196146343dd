from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.config.quantities import (
    format_duration,
    format_size,
    read_clock,
    read_clock_span,
    read_duration,
    read_points,
    read_size,
    read_zone,
)
from watcher.model.topic import format_points


@given(st.integers(0, 3650 * 86_400).map(lambda seconds: timedelta(seconds=seconds)))
def test_durations_survive_writing_and_reading(duration: timedelta) -> None:
    assert read_duration(format_duration(duration)) == duration


@given(st.integers(0, 10**14))
def test_sizes_survive_writing_and_reading(size: int) -> None:
    assert read_size(format_size(size)) == size


@given(st.integers(-9_999_999, 9_999_999))
def test_points_survive_writing_and_reading(points: int) -> None:
    assert read_points(format_points(points)) == points


@given(st.integers(-99_999, 99_999))
def test_points_as_a_number_of_yaml(points: int) -> None:
    assert read_points(points / 100) == points


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0), ("90s", 90), ("15m", 900), ("1h30m", 5400), ("2d", 172_800), ("1w", 604_800), ("1d1s", 86_401)],
)
def test_durations(text: str, seconds: int) -> None:
    assert read_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "size"), [("10MB", 10**7), ("10MiB", 10 << 20), ("500 kB", 500_000), ("1GB", 10**9), ("7B", 7)]
)
def test_sizes(text: str, size: int) -> None:
    assert read_size(text) == size


@pytest.mark.parametrize(
    "value", ["", "s", "5", "5x", "30m1h", "1h1h", "-5m", "1.5h", "٣m", "9999999999d", "4000d", 5, 1.5, None, True, []]
)
def test_not_a_duration(value: object) -> None:
    with pytest.raises(ValueError):
        read_duration(value)


@pytest.mark.parametrize("value", ["", "MB", "10", "10XB", "1.5MB", "-1MB", 10, None, True, {}])
def test_not_a_size(value: object) -> None:
    with pytest.raises(ValueError):
        read_size(value)


@pytest.mark.parametrize("value", ["7:00", "24:00", "12:60", "noon", "0700", 700, None])
def test_not_a_time_of_day(value: object) -> None:
    with pytest.raises(ValueError):
        read_clock(value)


def test_clock_spans() -> None:
    assert read_clock_span("22:00-06:00") == (time(22), time(6))
    assert read_clock_span("09:15 - 09:45") == (time(9, 15), time(9, 45))


@pytest.mark.parametrize("value", ["22:00", "06:00-06:00", "6-7", 5])
def test_not_a_clock_span(value: object) -> None:
    with pytest.raises(ValueError):
        read_clock_span(value)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Istanbul", "Asia/Kathmandu"])
def test_zones(zone: str) -> None:
    assert read_zone(zone) == zone


@pytest.mark.parametrize("zone", ["Europe/Istambul", "../../etc/passwd", "/etc/localtime", "", "Nowhere", 3, None])
def test_not_a_zone(zone: object) -> None:
    with pytest.raises(ValueError):
        read_zone(zone)


@pytest.mark.parametrize("value", ["", ".", "x", "1.234", "1e3", "--1", True, None, float("nan"), float("inf"), 1e300])
def test_not_points(value: object) -> None:
    read: Callable[[object], int] = read_points
    with pytest.raises(ValueError):
        read(value)
