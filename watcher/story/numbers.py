"""Numbers in texts, in digits and in words: "twenty-three", "خمسة وعشرون", "двадцать три" and "23" are the same.

The languages are those in which topics are usually written: English, Arabic, Turkish, French, Spanish, Russian, German,
Persian, and Hebrew, Ukrainian, Italian, Portuguese, Dutch and Chinese; halves and quarters in Kurdish, too. "Dozens"
and "hundreds" are numbers, too, each equal only to itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from watcher.lazy_dataclass import dataclass
from watcher.story.number_words import (
    ALL_TENS,
    ARTICLES,
    COMPOUNDED,
    ENGLISH_HALF,
    FRACTION_WORDS,
    HALF,
    HALF_BEHIND,
    LINKS,
    LINKS_OF_HALF,
    LONGEST_COMPOUND,
    MAGNITUDES,
    MIXED,
    MULTIPLY,
    NUMBER_WORDS,
    ONE,
    ONE_BEFORE_HALF,
    PREFIXES,
    QUARTER,
    SHARES_IN_ONE_WORD,
    SURE,
    TURKISH_UNITS,
    UNITS_OF_TWO,
    UNSURE_VALUES,
    VAGUE_PAIRS,
    VAGUE_VALUES,
)

_DIGITS = re.compile(r"\d[\d.,:]*")
_GROUPED = re.compile(r"\d{1,3}([.,]\d{3})+(?:[.,]\d{1,2})?")


@dataclass(frozen=True, slots=True)
class Number:
    """A number at the words [start, end). `value` is canonical: equal numbers have equal values."""

    start: int
    end: int
    value: str


def numbers_in(words: Sequence[str]) -> list[Number]:
    """The numbers among folded words, in order. A time of day is none."""
    found: list[Number] = []
    place = 0
    while place < len(words):
        number = _digits_at(words, place) or _words_at(words, place)
        if not FRACTION_WORDS.isdisjoint(words[place : place + _REACH]):
            number = _fraction_at(words, place, number) or number
        if number is None:
            place += 1
        else:
            found.append(number)
            place = number.end
    return found


def unsure_numbers(words: Sequence[str]) -> frozenset[str]:
    """The values of words that may be numbers: "one", "cent" (100 in French). They count where a number was before."""
    return frozenset(str(UNSURE_VALUES[word]) for word in words if word in UNSURE_VALUES)


def _digits_at(words: Sequence[str], place: int) -> Number | None:
    word = words[place]
    if not _DIGITS.match(word) or ":" in word:
        return None
    digits = _plain_digits(word)
    following = words[place + 1] if place + 1 < len(words) else ""
    if following in MULTIPLY and MULTIPLY[following] >= 1_000 and _is_decimal(digits):
        return Number(place, place + 2, f"{float(digits) * MULTIPLY[following]:.0f}")
    return Number(place, place + 1, digits)


def _plain_digits(word: str) -> str:
    """`12,500` and `12.500` → `12500`; `3,5` → `3.5`; `1.2.2026` stays apart from all others."""
    if _GROUPED.fullmatch(word):
        return re.sub(r"[.,](?=\d{3})", "", word).replace(",", ".")
    return word.replace(",", ".").rstrip(".")


def _is_decimal(digits: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", digits) is not None


def _words_at(words: Sequence[str], place: int) -> Number | None:
    """The longest number in words that begins at a place, "twenty" and "three" as one."""
    word = words[place]
    if word not in NUMBER_WORDS and _bare(word) not in NUMBER_WORDS:
        return None  # nearly every word
    if (vague := _vague_at(words, place)) is not None:
        return vague
    total = current = 0
    end = at = place
    last = 0
    while at < len(words) and at - place < LONGEST_COMPOUND:
        word = words[at]
        if at > place and word in LINKS:
            at += 1
            continue
        value = _value(word, is_first=at == place, following=words[at + 1] if at + 1 < len(words) else "")
        if value is None and word in ONE and last in ALL_TENS:
            value = 1
        if value is None:
            break
        is_multiplier = word in MULTIPLY or _bare(word) in MULTIPLY
        if is_multiplier or (value == 20 and current == 4):  # quatre-vingt
            before = current - last if last < 10 and current - last >= value else 0  # 一百五十万: 100 + 5 × 10
            current = before + max(1, current - before) * value
            if value >= 1_000:
                total, current = total + current, 0
        elif at > place and last and not _adds(last, value):
            break
        else:
            current += value
        last = value if not is_multiplier else value * 10
        at += 1
        end = at
    return Number(place, end, str(total + current)) if end > place else None


def _vague_at(words: Sequence[str], place: int) -> Number | None:
    word, following = words[place], words[place + 1] if place + 1 < len(words) else ""
    if (pair := VAGUE_PAIRS.get((word, following))) is not None:
        return Number(place, place + 2, pair)
    alone = VAGUE_VALUES.get(word) or VAGUE_VALUES.get(_bare(word))
    return None if alone is None else Number(place, place + 1, alone)


def _adds(last: int, value: int) -> bool:
    """Whether a value may follow another one in one number: "twenty three", "five ten" (Arabic 15), not "two three"."""
    return value < last or (last < 10 and value == 10) or (last < 10 and 20 <= value < 100)


def _value(word: str, *, is_first: bool, following: str) -> int | None:
    for form in (word, _bare(word)):
        if form in COMPOUNDED:
            follows = following in (TURKISH_UNITS if form == "on" else SURE.keys() | MULTIPLY.keys() | LINKS)
            is_larger = SURE.get(following, 1) < COMPOUNDED[form]
            return COMPOUNDED[form] if not is_first or (follows and is_larger) else None
        if form in MULTIPLY:
            return MULTIPLY[form] if not is_first or MULTIPLY[form] < 1_000_000 else None
        if form in SURE:
            return SURE[form]
    return None


def _bare(word: str) -> str:
    """Without an Arabic or Hebrew conjunction or preposition written together with the word."""
    return word[1:] if len(word) > 3 and word.startswith(PREFIXES) else word


_REACH = 6
"""Words in which a number and a fraction can be: two million and a half."""


def _fraction_at(words: Sequence[str], place: int, number: Number | None) -> Number | None:
    """A number with a half or a quarter that begins at a place: half a million, 2,5, two million and a half, полтора.

    `number` is the one without a fraction that begins there.
    """
    word = words[place]
    if (whole := SHARES_IN_ONE_WORD.get(word)) is not None:
        return Number(place, place + 1, str(whole))
    share = MIXED.get(word) or (0.25 if _is_one_of(word, QUARTER) else 0.5 if _is_one_of(word, HALF) else None)
    if share is not None:
        return _share_of(words, place, place + 1, share)
    end, value = _number_before_half(words, place, number)
    if value is None:
        return None
    if _at(words, end) in QUARTER:
        return _share_of(words, place, end + 1, value / 4)
    if value == 1 and _at(words, end) in HALF - HALF_BEHIND:  # een half miljoen
        return _share_of(words, place, end + 1, 0.5)
    return _and_a_half(words, place, end, value)


def _number_before_half(words: Sequence[str], place: int, number: Number | None) -> tuple[int, float | None]:
    """Where a number ends and its value: also of what is none by itself, as in "a million" and "one"."""
    if number is not None:
        return number.end, float(number.value) if _is_decimal(number.value) else None
    is_one = words[place] in ONE_BEFORE_HALF
    at = place + is_one
    magnitude = MAGNITUDES.get(_at(words, at)) or MAGNITUDES.get(_bare(_at(words, at)))
    return (at + 1, magnitude) if magnitude is not None else (at, 1 if is_one else None)


def _share_of(words: Sequence[str], place: int, at: int, share: float) -> Number | None:
    """`share` times the magnitude at `at`, behind articles; without one only what is more than 1 is a number."""
    after = at
    while _at(words, after) in ARTICLES and after < at + 2:
        after += 1
    magnitude = MAGNITUDES.get(_without_article(_at(words, after)))
    if magnitude is not None:
        return Number(place, after + 1, _canonical(share * magnitude))
    return Number(place, at, _canonical(share)) if share > 1 else None


def _and_a_half(words: Sequence[str], place: int, end: int, value: float) -> Number | None:
    """The number that ends before `end` with the half behind it: of 1, or of the magnitude that it ends with."""
    at = end + (_at(words, end) in LINKS_OF_HALF)
    has_article = _at(words, at) == "a"
    at += has_article
    half = _at(words, at)
    is_linked = at > end or half in HALF_BEHIND or half[1:] in HALF
    if not (is_linked and _is_one_of(half, HALF)):
        return None
    unit = MAGNITUDES.get(words[end - 1]) or MAGNITUDES.get(_bare(words[end - 1])) or UNITS_OF_TWO.get(words[end - 1])
    magnitude = MAGNITUDES.get(_without_article(_at(words, at + 1)))
    if half == ENGLISH_HALF and not has_article and magnitude is None:
        return None  # a thousand, and half of them
    if unit is None:
        return Number(place, at + 1 + (magnitude is not None), _canonical((value + 0.5) * (magnitude or 1)))
    return Number(place, at + 1 + (magnitude == unit), _canonical(value + unit / 2))


def _at(words: Sequence[str], place: int) -> str:
    return words[place] if place < len(words) else ""


def _is_one_of(word: str, those: frozenset[str]) -> bool:
    """Whether a word is one of them, also with the Arabic or Hebrew "and" written together."""
    return word in those or (word[:1] in ("و", "ו") and word[1:] in those)


def _without_article(word: str) -> str:
    return word.removeprefix("ال")


def _canonical(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:g}"
