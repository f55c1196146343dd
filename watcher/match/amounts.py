"""The spellings of amounts and of dates: `$5m` and `$5 million`, `7 October` and `Oct. 7`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

_MILLIONS = {"million": ("m", "mn"), "billion": ("bn",), "trillion": ("tn",)}
_SHORT_MILLIONS = {short: word for word, shorts in _MILLIONS.items() for short in shorts}
_AMOUNT = re.compile(r"(?P<number>(?P<sign>[^\w\s=*])?\d[\d.]*)(?P<unit>m|mn|bn|tn)?")
_SHORT_MONTHS = {
    "january": ("jan",), "february": ("feb",), "march": (), "april": (), "may": (), "june": (), "july": (),
    "august": ("aug",), "september": ("sept", "sep"), "october": ("oct",), "november": ("nov",), "december": ("dec",),
}  # fmt: skip
"""Months in English, and how papers shorten them; those of few letters they write out."""
_MONTHS = {short: month for month, shorts in _SHORT_MONTHS.items() for short in (month, *shorts)}
MONTHS = tuple(_MONTHS)
_ALSO_VERBS = frozenset({"march", "may"})
"""Where the term begins with the day, they count before a number only with their capital: they march 7 miles."""
_DAY = re.compile(r"(0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?")
_ORDINALS = {1: "st", 2: "nd", 3: "rd"}


def with_amounts(spellings: Iterable[list[str]]) -> list[list[str]]:
    """Also with the unit of an amount as a word, or short: `$5m` is `$5 million`, `5bn` `5 billion`.

    `5m` is also five metres: without a currency it is a million only before a further word (`5 million people`).
    """
    found: list[list[str]] = []
    for words in spellings:
        found.append(words)
        for at, word in enumerate(words):
            amount = _AMOUNT.fullmatch(word)
            following = words[at + 1] if at + 1 < len(words) else ""
            unit = _SHORT_MILLIONS.get(amount["unit"]) or following if amount else ""
            if amount is None or unit not in _MILLIONS:
                continue
            rest, shorts = words[at + 1 + (not amount["unit"]) :], _MILLIONS[unit]
            if unit == "million" and not amount["sign"]:
                if amount["unit"] == "m":
                    continue
                shorts = shorts if rest and rest[0].isalpha() else ("mn",)
            ways = [[amount["number"], unit], *([amount["number"] + short] for short in shorts)]
            found += [[*words[:at], *way, *rest] for way in ways]
    return found


def with_dates(spellings: Iterable[list[str]]) -> list[list[str]]:
    """Also with the day before or behind the month, as an ordinal, and with the month shortened."""
    found: list[list[str]] = []
    for words in spellings:
        found.append(words)
        for at, (first, second) in enumerate(pairwise(words)):
            day, month = (first, second) if first[:1].isdigit() else (second, first)
            number, name = _DAY.fullmatch(day), _MONTHS.get(month.lower())
            if number is not None and name is not None:
                found += [[*words[:at], *way, *words[at + 2 :]] for way in _ways(int(number[1]), name)]
    return found


def _ways(day: int, month: str) -> Iterator[list[str]]:
    """How a date is written: 7 October, October 7th, Oct. 7, 7th of October."""
    ordinal = f"{day}{_ORDINALS.get(day % 10, 'th') if day // 10 != 1 else 'th'}"
    for name in (month, *_SHORT_MONTHS[month]):
        leading = f"={name.capitalize()}" if name in _ALSO_VERBS else name
        for number in (str(day), ordinal):
            yield [number, name]
            yield [leading, number]
    yield [ordinal, "of", month]
