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


def number_of(word: str) -> str | None:
    """The number that a folded word stands for, separators left out; None for other words and for times of day."""
    if not word:
        return None
    if word[0].isdecimal():
        return None if ":" in word else word.replace(",", "").replace(".", "")
    return _VALUES.get(word)
