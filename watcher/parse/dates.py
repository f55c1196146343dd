"""Dates as feeds write them, to aware UTC; what cannot be understood for certain is None, never a guess, never "now".

docs/reading.md has the table of what is read as what.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from watcher.parse.date_names import date_names, fold, is_zone, zone_offset

_FIRST_YEAR, _LAST_YEAR = 1990, 2049
"""Feeds are younger, and a fixed end keeps out 9999 and the like, whose conversion to a local time fails. Parsing
knows no clock; 2049 is also where two-digit years end (RFC 5322 §4.3)."""

_LONGEST_DATE = 100
_LARGEST_OFFSET = timedelta(hours=15, minutes=59)
_ZERO = timedelta()
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

_EPOCH = re.compile(r"(\d{9,10})(?:\.\d+)?|(\d{13})")
_LATEST_EPOCH = 2_000_000_000  # May 2033; above it ten digits may be a year, month, day and hour
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?")
_SEPARATOR = re.compile(r"(?<!:\d\d),|,(?!\d)|[،、|·•–—]")
_FIRST_WORD = re.compile(r"^[^\W\d]{2,15}\.?,\s*(?=\d{1,2}[\s.-])(?=.*[^\W\d]{3})")
"""A weekday in any language: a word and a comma before the day, with a month in words behind."""

_CLOCK = re.compile(
    r"(?:(?<=\d)\s?t\s?)?(?<![\d:.+])(?P<h>\d{1,2})(?::|\s?h\s?(?=\d)|\s*(?:时|時|点|點|시)\s*)(?P<m>\d{1,2})"
    r"(?:(?::|\s*(?:分|분)\s*)(?P<s>\d{1,2})(?:[.,:]\d{1,9})?)?(?:\s*(?:分|분|秒|초|uhr\b|h(?:rs?|s|ours|oras)?\b))?(?![\d:])"
)
_ISO_CLOCK = re.compile(
    r"(?:(?<=\d)\s?t\s?|(?<=\d{8})\s)(?P<h>\d\d)(?:(?P<m>\d\d)(?P<s>\d\d)?)?(?:[.,]\d{1,9})?(?![\d:])"
)
_DOTTED_CLOCK = re.compile(
    r"(?:(?<=\d{4} )|(?<=kl )|(?<=kl\. )|(?<=klo ))(?P<h>\d{1,2})\.(?P<m>\d\d)(?:\.(?P<s>\d\d))?(?:\s*uhr\b)?(?![\d.])"
)
_LOG_STYLE = re.compile(r"(\d{4}):(?=\d\d:\d\d:\d\d)")
"""Of web servers: 05/Mar/2024:10:00:00."""

_HOUR = re.compile(r"(?<![\d:.])(?P<h>\d{1,2})(?:\s*(?:时|時|点|點|시)|(?=\s*[ap]\.?\s?m\b))(?P<m>)(?P<s>)")
_OFFSET = re.compile(
    r"\s*(?:[a-z]{1,5}\s*(?=[+-]\d))?([+-])[+-]?\s?(?:(\d\d):?(\d\d)(?::?\d\d)?|(\d):?(\d\d)|(\d{1,2}))(?![\d:.-])"
    r"(?:\s*\[[\w/+-]+\])?"
)
_LOST_PLUS = re.compile(r"\s(\d\d):(\d\d)$")
"""In an address the plus of an offset means a space."""

_ZONE = re.compile(r"\s*\(?\[?([a-z]{1,9}(?:/[a-z_]+(?:/[a-z_]+)?(?:[+-]\d{1,2})?)?)\]?\)?(?![\w+/-])")
_ZONE_AT_END = re.compile(r"(?<=[\s\d])(?:([a-z]{1,5})|([+-])(\d\d):(\d\d)|(?<=\s)([+-])(\d\d)(\d\d))$")
_VIETNAMESE_MONTH = re.compile(r"(?:tháng|thg)\s+(\d{1,2})(?!\d)")
_NUMBERED_MONTH = re.compile(r"~(\d+)")
_CJK_WEEKDAY = re.compile(r"(?:星期|周|週|礼拜|禮拜)[一二三四五六日天]|[月火水木金土日]曜日?|[월화수목금토일]요일")
_COMMENT = re.compile(r"\([^()]*\)")
_LITTLE_WORDS = re.compile(
    r"(?<![^\W\d])(?:de|del|di|da|do|den|der|of|the|at|on|um|uhr|kl|klo|år|a las|las|à|às|alle|ore|ora|om|dne|"
    r"года|год|г|року|рік|р|й|ж|yil|yılı|год|ngày|năm|noong|ng|على|في|الساعة|ساعت|เวลา|น|v|m|d|gada|ch|hora|at|a|le)"
    r"(?![^\W\d])\.?"
)
_DAY = r"(\d{1,2})(?:st|nd|rd|th|er|re|\.º|º|ª|-?го|')?\.?"
_YEAR = r"(\d{4}|\d\d)"
_IN_WORDS = (
    (re.compile(rf"{_DAY}\s*[-/.]?\s*~(\d+)\.?\s*[-/.]?\s*'?{_YEAR}"), (2, 1, 0)),
    (re.compile(rf"~(\d+)\.?\s*[-/]?\s*{_DAY}\s*[-/]?\s*(\d{{4}})"), (2, 0, 1)),
    (re.compile(rf"(\d{{4}})\.?\s*[-/]?\s*~(\d+)\.?\s*[-/]?\s*{_DAY}"), (0, 1, 2)),
    (re.compile(rf"(\d{{4}})\.?\s+{_DAY}\s+~(\d+)"), (0, 2, 1)),
)
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.:年년]\s*(\d{1,2})\s*[-/.:月월]\s*(\d{1,2})\s*[日일号號.]?")
_YEAR_LAST = re.compile(r"(\d{1,2})\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{4})\.?")
_WEEK = re.compile(r"(\d{4})-?w(\d\d)(?:-?([1-7]))?")
_ORDINAL = re.compile(r"(\d{4})-?(\d{3})")
_ISO = re.compile(r"(\d{4})(?:-?(\d\d)(?:-?(\d\d))?)?")
_MONTH_FIRST_REGIONS = {"en", "en-us", "en-ph", ""}
"""English of no known country is no reason to take the day for the month, nor is it one against."""


def parse_date(text: str, language: str | None = None) -> datetime | None:
    """RFC 822 §5, W3CDTF, RFC 3339 and ISO 8601 dates and the dialects seen in the wild; whole seconds, aware UTC.

    A date without a zone is taken as UTC, one without a time as midnight. `language` is the tag of the entry or the
    feed: it decides what a name or 03/05 means where languages differ. None also for dates outside 1990 to 2049.
    """
    text = text.strip()
    return _moment_of(text, (language or "").lower()) if 0 < len(text) <= _LONGEST_DATE else None


@lru_cache(maxsize=4096)
def _moment_of(text: str, language: str) -> datetime | None:
    """Remembers short texts only: what a hostile document says is not kept."""
    moment: datetime | None
    try:
        if match := _RFC822.fullmatch(text):
            day, month, year, *rest = match.groups()
            moment = _with_clock(date(int(year), _MONTHS[month.lower()], int(day)), *rest)
        elif match := _W3C.fullmatch(text):
            year, month, day, *rest = match.groups()
            moment = _with_clock(date(int(year), int(month), int(day)), *rest)
        else:
            moment = _of_dialect(fold(text), language)
    except (ValueError, OverflowError, KeyError):
        return None
    return moment if moment is not None and _FIRST_YEAR <= moment.year <= _LAST_YEAR else None


def _with_clock(
    day: date, hour: str, minute: str, second: str | None,
    sign: str | None, zone_hours: str | None, zone_minutes: str | None,
) -> datetime:  # fmt: skip
    offset = _ZERO if sign is None else _signed(sign, zone_hours or "0", zone_minutes or "0")
    return _at(day, int(hour), int(minute), int(second or 0)) - offset


def _at(day: date, hour: int, minute: int, second: int) -> datetime:
    """24:00 is the end of the day (ISO 8601 §4.2.3), second 60 a leap second: the one after."""
    extra = timedelta(days=int((hour, minute, second) == (24, 0, 0)), seconds=int(second == 60))
    hour = 0 if extra.days else hour
    return datetime(day.year, day.month, day.day, hour, minute, second - extra.seconds, tzinfo=UTC) + extra


def _signed(sign: str, hours: str, minutes: str) -> timedelta:
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if offset > _LARGEST_OFFSET or int(minutes) > 59:
        raise ValueError("no time zone is so far from UTC")
    return -offset if sign == "-" else offset


def _of_dialect(text: str, language: str) -> datetime | None:
    """A date in folded text: the time of day and its zone are taken out, what remains must be a date and no more."""
    if epoch := _EPOCH.fullmatch(text):
        seconds, milliseconds = epoch.groups()
        found = int(seconds) if seconds else int(milliseconds) // 1000
        if found < _LATEST_EPOCH:
            return datetime.fromtimestamp(found, UTC)
    if compact := _COMPACT.fullmatch(text):
        parts = [int(part or 0) for part in compact.groups()]
        return _at(date(*parts[:3]), *parts[3:])
    text = _LOG_STYLE.sub(r"\1 ", " ".join(_SEPARATOR.sub(" ", _FIRST_WORD.sub("", text)).split()))
    clock = next((match for one in (_CLOCK, _ISO_CLOCK, _HOUR, _DOTTED_CLOCK) if (match := one.search(text))), None)
    if clock is None:
        day_text, offset, zone = _zone_at_end(text)
        day = _day(day_text, language, is_pm=None)
        return None if day is None else _in_zone(_at(day, 0, 0, 0), offset, zone, language)
    before, after = text[: clock.start()], text[clock.end() :]
    is_pm, before, after = _half(before, after)
    after, offset, zone = _zone_at_start(after)
    rest = f"{before} {after}"
    if offset is None and zone is None:
        rest, offset, zone = _zone_at_end(rest)
    hour = _hour(int(clock["h"]), is_pm=is_pm)
    day = _day(rest, language, is_pm=is_pm if int(clock["h"]) <= 12 else None)
    if day is None:
        return None
    return _in_zone(_at(day, hour, int(clock["m"] or 0), int(clock["s"] or 0)), offset, zone, language)


def _hour(hour: int, *, is_pm: bool | None) -> int:
    if is_pm is None or hour > 12:
        return hour
    return hour % 12 + (12 if is_pm else 0)


def _half(before: str, after: str) -> tuple[bool | None, str, str]:
    """Whether it is afternoon, None where nothing says so, and the text without that."""
    names = date_names()
    if found := names.half_after.match(after):
        return names.is_pm(found.group(1)), before, after[found.end() :]
    if found := names.half_before.search(before):
        return names.is_pm(found.group(1)), before[: found.start()], after
    return None, before, after


Zone = tuple[str, timedelta | None, str | None]
"""A text without its time zone, and that as an offset or as a name."""


def _zone_at_start(text: str) -> Zone:
    if offset := _OFFSET.match(text):
        sign, h2, m2, h1, m1, h = offset.groups()
        rest = text[offset.end() :]
        name = _ZONE.fullmatch(rest)  # Go writes +0000 UTC
        return "" if name and is_zone(name.group(1)) else rest, _signed(sign, h2 or h1 or h, m2 or m1 or "0"), None
    if lost := _LOST_PLUS.fullmatch(text):
        return "", _signed("+", *lost.groups()), None
    if (name := _ZONE.match(text)) and is_zone(name.group(1)):
        return text[name.end() :], None, name.group(1)
    return text, None, None


def _zone_at_end(text: str) -> Zone:
    found = _ZONE_AT_END.search(text)
    if found is None:
        return text, None, None
    if not found.group(1):
        sign, hours, minutes = found.groups()[1:4] if found.group(2) else found.groups()[4:]
        return text[: found.start()], _signed(sign, hours, minutes), None
    return (text[: found.start()], None, found.group(1)) if is_zone(found.group(1)) else (text, None, None)


def _in_zone(local: datetime, offset: timedelta | None, zone: str | None, language: str) -> datetime | None:
    if zone is not None:
        offset = zone_offset(zone, local.replace(tzinfo=None), language)
        if offset is None:
            return None
    return local - (offset or _ZERO)


def _day(text: str, language: str, *, is_pm: bool | None) -> date | None:
    text = _COMMENT.sub(" ", text)
    if numeric := _numeric_day(text.strip(" .-/"), language, weekday=None, is_pm=is_pm):
        return numeric
    month, weekday, text = _named_parts(_CJK_WEEKDAY.sub(" ", text), language)
    text = " ".join(_LITTLE_WORDS.sub(" ", text).split()).strip(" .-/")
    if month is None:
        return _numeric_day(text, language, weekday=weekday, is_pm=is_pm)
    for pattern, order in _IN_WORDS:
        if found := pattern.fullmatch(text):
            year, number, day = (int(found.group(place + 1)) for place in order)
            return date(_full_year(year), number, day)
    return None


def _full_year(year: int) -> int:
    """Two digits as RFC 5322 §4.3 has it."""
    return year if year > 99 else year + (2000 if year < 50 else 1900)


def _named_parts(text: str, language: str) -> tuple[int | None, int | None, str]:
    """The month by its name, the weekday, and the text with `~3` for the one and without the other."""
    text = _VIETNAMESE_MONTH.sub(r" ~\1 ", text)
    names = date_names().find(text, language)
    months = [name for name in names if name.month is not None]
    if len(months) > 1 and months[0].weekday is not None:
        months = months[1:]  # "mar 5 mar 2024": mardi, martes
    month = months[0].month if months else None
    weekday = next((name.weekday for name in names if name.weekday is not None and name not in months[:1]), None)
    pieces, position = [], 0
    for name in names:
        if name not in months[:1] and name.weekday is None:
            continue  # a second month: the text is no date
        pieces += [text[position : name.start], f" ~{month} " if name in months[:1] else " "]
        position = name.end
    text = "".join(pieces) + text[position:]
    if month is None and (numbered := _NUMBERED_MONTH.search(text)):
        month = int(numbered.group(1))
    return month, weekday if weekday != -1 else None, text


def _numeric_day(text: str, language: str, *, weekday: int | None, is_pm: bool | None) -> date | None:
    if found := _YEAR_FIRST.fullmatch(text):
        return date(*map(int, found.groups()))
    if found := _YEAR_LAST.fullmatch(text):
        first, sign, second, year = found.groups()
        return _ordered(int(first), int(second), int(year), sign, language, weekday, is_pm=is_pm)
    if found := _WEEK.fullmatch(text):
        return date.fromisocalendar(int(found.group(1)), int(found.group(2)), int(found.group(3) or 1))
    if found := _ORDINAL.fullmatch(text):
        year_start = date(int(found.group(1)), 1, 1)
        day = year_start + timedelta(days=int(found.group(2)) - 1)
        return day if day.year == year_start.year else None
    if found := _ISO.fullmatch(text):
        year, month, day_of_month = (int(part or 1) for part in found.groups())
        return date(year, month, day_of_month)
    return None


def _ordered(
    first: int, second: int, year: int, sign: str, language: str, weekday: int | None, *, is_pm: bool | None
) -> date | None:
    """Day and month of 03/05/2024, by what cannot be otherwise, by the weekday, by the language; None in doubt."""
    if sign == "." or first > 12 or first == second:
        return date(year, second, first)
    if second > 12:
        return date(year, first, second)
    if weekday is not None:
        fitting = [day for day in (date(year, second, first), date(year, first, second)) if day.weekday() == weekday]
        return fitting[0] if len(fitting) == 1 else None
    if language not in _MONTH_FIRST_REGIONS:
        return date(year, second, first)
    # 12-hour clocks and slashes are what .NET and JavaScript write for the United States.
    return date(year, first, second) if is_pm is not None and sign == "/" else None
