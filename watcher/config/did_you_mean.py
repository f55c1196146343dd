"""The known words that somebody probably meant. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_ALIKE = 0.6
"""As `difflib` measures it."""


def nearest_words(word: str, known: Iterable[str], most: int) -> list[str]:
    """The known words that are nearly alike, the nearest first; capitals make no difference."""
    words = {each.casefold(): each for each in known}
    return [words[near] for near in get_close_matches(word.casefold(), list(words), most, _ALIKE)]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean "x"?` for the nearest known word, or nothing."""
    near = nearest_words(word, known, 1)
    return f'; did you mean "{near[0]}"?' if near else ""
