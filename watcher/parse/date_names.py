"""Names in dates: months, weekdays and halves of the day in seventy languages, and time zones."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from watcher.lazy_dataclass import dataclass

_ZONES = """
UTC +0: utc gmt ut uct z wet
RFC 5322 §4.3: edt -4 est -5 cdt -5 cst -6 mdt -6 mst -7 pdt -7 pst -8
North America: akst -9 akdt -8 hst -10 ast -4 adt -3 nst -3:30 ndt -2:30
Europe: eet +2 west +1 bst +1 cet +1 cest +2 met +1 mest +2 mez +1 mesz +2 eest +3 msk +3 msd +4 trt +3
Africa: wat +1 cat +2 sast +2 eat +3
Near East: idt +3 irst +3:30 gst +4 pkt +5
Asia: ist +5:30 npt +5:45 ict +7 wib +7 wita +8 hkt +8 sgt +8 myt +8 wit +9 jst +9 kst +9
Oceania: awst +8 acst +9:30 acdt +10:30 aest +10 aedt +11 nzst +12 nzdt +13
South America: art -3 brt -3 clt -4 cot -5 pet -5
"""
"""Abbreviations of the IANA time zone database (https://www.iana.org/time-zones) that mean one offset there today, and
some that it dropped but feeds still write. Where an abbreviation means several, RFC 5322 decides; `ist` is India's, the
commonest in feeds, unless the language says Hebrew or Irish."""

_MOST_WORDS = 3
"""Of a name: Arabic months and Irish weekdays have two."""

_WORD = re.compile(r"[^\s\d/~|()+:,]+")
_AROUND_NAMES = "-.'’"
_MORE_WEEKDAYS = {
    "пнд": 0,
    "втр": 1,
    "срд": 2,
    "чтв": 3,
    "птн": 4,
    "сбт": 5,
    "вск": 6,
    "tues": 1,
    "weds": 2,
    "thur": 3,
    "thurs": 3,
    "mit": 2,
    "don": 3,
    "din": 1,
    "woe": 2,
    "vri": 4,
    "zat": 5,
    "zon": 6,
}
"""Abbreviations that CLDR does not have: English, German, Dutch and Russian ones of three letters and more."""

_IST = {"he": timedelta(hours=2), "iw": timedelta(hours=2), "ga": timedelta(hours=1), "en-ie": timedelta(hours=1)}


def fold(text: str) -> str:
    """Text as names are compared: compatibility forms and case folded, ASCII digits, no direction marks."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("i\u0307", "i").replace("\u2212", "-")
    text = "".join(
        str(unicodedata.decimal(one)) if not one.isascii() and one.isdecimal() else one
        for one in text
        if one not in "\u200e\u200f\u061c\u2068\u2069\u202a\u202b\u202c"
    )
    return " ".join(text.split()).rstrip(". ")


@dataclass(frozen=True, slots=True)
class Name:
    """A month or a weekday found in a text. `month` is 1 to 12, `weekday` 0 for Monday; None for what it is not.

    -1 is a month or weekday that differs between languages, none of which is known.
    """

    start: int
    end: int
    month: int | None
    weekday: int | None


class DateNames:
    """CLDR's names, looked up word by word in folded text."""

    def __init__(self, data: Mapping[str, Mapping[str, int]]) -> None:
        self._months = data["months"]
        self._by_language: Mapping[str, Mapping[str, int]] = data["months_by_language"]  # type: ignore[assignment]
        self._weekdays = {name: day for name, day in data["weekdays"].items() if len(name) > 1} | _MORE_WEEKDAYS
        self._halves = {name: half for name, half in data["halves"].items() if name not in self._weekdays}
        halves = [*self._halves, "am", "pm", "a.m", "p.m", "a. m", "p. m", "ص", "م"]
        self.half_after = re.compile(rf"\s*({_alternatives(halves)})\.?(?!\w)")
        self.half_before = re.compile(
            rf"({_alternatives(name for name in halves if not name.isascii() or name in {'am', 'pm'})})\s*$"
        )

    def find(self, text: str, language: str) -> list[Name]:
        """Every name in the text, the longest at each place."""
        words = list(_WORD.finditer(text))
        found: list[Name] = []
        place = 0
        while place < len(words):
            for count in range(min(_MOST_WORDS, len(words) - place), 0, -1):
                start, end = words[place].start(), words[place + count - 1].end()
                name = text[start:end].strip(_AROUND_NAMES)
                month, weekday = self._month(name, language), self._weekdays.get(name)
                if month is not None or weekday is not None:
                    found.append(Name(start, end, month, weekday))
                    place += count - 1
                    break
            place += 1
        return found

    def is_pm(self, half: str) -> bool:
        plain = half.replace(".", "").replace(" ", "")
        return str(self._halves.get(half, {"am": "am", "ص": "am"}.get(plain, "pm"))) == "pm"

    def _month(self, name: str, language: str) -> int | None:
        if name in self._by_language:
            return self._by_language[name].get(language.partition("-")[0], -1)
        return self._months.get(name) or self._months.get(name.removeprefix("ב"))  # Hebrew: "in March"


@cache
def date_names() -> DateNames:
    """Read when the first date in words comes: most feeds have none."""
    return DateNames(json.loads(Path(__file__).with_name("date_names.json").read_text(encoding="utf-8")))


@cache
def _offsets() -> Mapping[str, timedelta]:
    found = {name: timedelta() for name in _ZONES.strip().splitlines()[0].partition(": ")[2].split()}
    for line in _ZONES.strip().splitlines()[1:]:
        words = line.partition(": ")[2].split()
        for name, offset in zip(words[::2], words[1::2], strict=True):
            hours, _, minutes = offset[1:].partition(":")
            found[name] = timedelta(hours=int(hours), minutes=int(minutes or 0)) * (-1 if offset[0] == "-" else 1)
    return found


def zone_offset(name: str, local: datetime, language: str) -> timedelta | None:
    """The offset of a zone by its folded abbreviation, or by its name in the IANA database; None for unknown ones."""
    if name == "ist":
        return _IST.get(language) or _IST.get(language.partition("-")[0]) or _offsets()[name]
    if "/" not in name:
        return _offsets().get(name)
    try:
        return ZoneInfo(_iana_names().get(name, "")).utcoffset(local)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def is_zone(name: str) -> bool:
    return name in _offsets() or name in _iana_names()


@cache
def _iana_names() -> Mapping[str, str]:
    return {name.casefold(): name for name in available_timezones() if "/" in name}


def _alternatives(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
