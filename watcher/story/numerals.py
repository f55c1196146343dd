"""Numbers in texts: written in digits, or as one of the words in which casualties are counted."""

from __future__ import annotations

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


def _table() -> dict[str, str]:
    values = {fold(word): str(value) for words in _WORDS.values() for value, word in enumerate(words.split())}
    values |= {word: str(value * 10) for value, word in enumerate(_TENS.split(), start=3)}
    return {word: value for word, value in values.items() if word not in _NOT_COUNTED} | {"six": "6"}


_VALUES = _table()
_DIGITS = frozenset("0123456789")


def is_number(word: str) -> bool:
    """Whether a folded word is a number; a time of day is none."""
    return word in _VALUES or (word[0] in _DIGITS and ":" not in word)


def number_of(word: str) -> str:
    """The number that a folded word stands for, separators left out."""
    return _VALUES.get(word) or word.replace(",", "").replace(".", "")
