"""Numbers in texts: written in digits, or as one of the words in which casualties are counted."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.text.fold import fold

_WORDS = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty",
    "tr": "sıfır bir iki üç dört beş altı yedi sekiz dokuz on",
    "ar": "صفر واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce",
}
_TENS = "thirty forty fifty sixty seventy eighty ninety hundred"
_NOT_COUNTED = frozenset({"on", "one", "un", "once", "bir", "six"})
"""Words that mostly mean something else, in their own or another language."""


def _table() -> dict[bytes, bytes]:
    values = {fold(word): str(value) for words in _WORDS.values() for value, word in enumerate(words.split())}
    values |= {word: str(value * 10) for value, word in enumerate(_TENS.split(), start=3)}
    counted = {word: value for word, value in values.items() if word not in _NOT_COUNTED} | {"six": "6"}
    return {word.encode(): value.encode() for word, value in counted.items()}


_VALUES = _table()
_BEHIND_DIGITS = b":"
"""The character after 9: words are letters and digits, so those that sort before it begin with a digit."""


def number_places(words: Sequence[bytes]) -> list[int]:
    """Where in folded words numbers stand; a time of day is none."""
    found = [place for place, word in enumerate(words) if word < _BEHIND_DIGITS or word in _VALUES]
    return [place for place in found if b":" not in words[place]]


def number_of(word: bytes) -> bytes:
    """The number that a folded word stands for, separators left out."""
    return _VALUES.get(word) or word.translate(None, b",.")
