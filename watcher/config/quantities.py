"""Quantities as they are written: `1h30m`, `10MB`, `"07:00"`, `Europe/Istanbul`, 1.5 points. Pure.

Every reader takes a value of the YAML file and raises `ValueError` with a message that names the remedy.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from watcher.config.did_you_mean import did_you_mean
from watcher.model.topic import Points

_DURATION_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?=[0-9])" + "".join(rf"(?:(\d{{1,9}}){unit})?" for unit in _DURATION_UNITS), re.ASCII)
_LONGEST = timedelta(days=3650)

_SIZE_UNITS = {
    "GiB": 1 << 30, "GB": 10**9, "MiB": 1 << 20, "MB": 10**6, "KiB": 1 << 10, "kB": 10**3, "KB": 10**3, "B": 1,
}  # fmt: skip
_SIZE = re.compile(rf"(\d{{1,15}})\s?({'|'.join(_SIZE_UNITS)})", re.ASCII)

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


def read_duration(value: object) -> timedelta:
    """`15m`, `1h30m`, `0s`, `2d`: units w d h m s, largest first, each once."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"a duration needs a unit: {value}s, {value}m or {value}h")
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError("not a duration; write it like 30s, 15m, 1h30m, 2d or 4w")
    seconds = sum(
        int(count) * size for count, size in zip(found.groups(), _DURATION_UNITS.values(), strict=True) if count
    )
    if seconds > _LONGEST.total_seconds():
        raise ValueError("longer than ten years")
    return timedelta(seconds=seconds)


def format_duration(duration: timedelta) -> str:
    """The shortest text that `read_duration` reads back; whole seconds."""
    rest, parts = int(duration.total_seconds()), []
    for unit, size in _DURATION_UNITS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def read_size(value: object) -> int:
    """Bytes of `10MB` (powers of ten) or `10MiB` (powers of two)."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError(f"a size needs a unit: {value}B, or for example 10MB")
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError("not a size; write it like 500kB, 10MB or 10MiB")
    return int(found[1]) * _SIZE_UNITS[found[2]]


def format_size(size: int) -> str:
    """The text with the largest unit that divides `size` evenly."""
    unit = next(unit for unit, factor in _SIZE_UNITS.items() if (size and size % factor == 0) or factor == 1)
    return f"{size // _SIZE_UNITS[unit]}{unit}"


def read_clock(value: object) -> time:
    """A time of day, `"07:00"`."""
    found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError('not a time of day; write two digits each, from "00:00" to "23:59"')
    return time(int(found[1]), int(found[2]))


def read_clock_span(value: object) -> tuple[time, time]:
    """Two times of day, `"22:00-06:00"`; the second may lie on the next day."""
    start, dash, end = value.partition("-") if isinstance(value, str) else ("", "", "")
    if not dash:
        raise ValueError('not a span of the day; write it like "22:00-06:00"')
    if end.strip() == "24:00":
        return read_clock(start), time(0)
    span = read_clock(start), read_clock(end)
    if span[0] == span[1]:
        raise ValueError('starts and ends at the same time; write "00:00-24:00" for the whole day')
    return span


def read_clock_spans(value: object) -> tuple[tuple[time, time], ...]:
    """One span of the day or a list of them."""
    spans = tuple(read_clock_span(one) for one in (value if isinstance(value, list) else [value]))
    if not spans:
        raise ValueError('must have at least one span like "22:00-06:00"')
    return spans


def read_date(value: object) -> date:
    """A date, `"2026-12-25"`."""
    try:
        if isinstance(value, str):
            return datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        pass
    raise ValueError('not a date; write it like "2026-12-25"')


def read_zone(value: object) -> str:
    """The name of an IANA time zone that this machine knows."""
    if not isinstance(value, str):
        raise ValueError("not a time zone; write a name like Europe/Istanbul or UTC")
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        hint = did_you_mean(value, available_timezones()) or "; write a name like Europe/Istanbul or UTC"
        raise ValueError(f'there is no time zone "{value}"{hint}') from None
    return value


def read_points(value: object) -> Points:
    """Points with at most two decimals, as integer hundredths (I11): 1.5 is 150."""
    if isinstance(value, str):
        return _points_of_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number of points, like 3 or 1.5")
    return _points_of_text(repr(value))


def _points_of_text(text: str) -> Points:
    found = re.fullmatch(r"([-+]?)(\d{0,5})(?:\.(\d*))?", text, re.ASCII)
    if found is None or not (found[2] or found[3]):
        raise ValueError(f'"{text}" is not a number of points; write one like 3, 1.5 or -2')
    decimals = (found[3] or "").rstrip("0")
    if len(decimals) > 2:
        raise ValueError("points have at most two decimals")
    hundredths = int(found[2] or 0) * 100 + int(decimals.ljust(2, "0"))
    return -hundredths if found[1] == "-" else hundredths
