"""The known word that somebody probably meant. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean "x"?` for the nearest known word, or nothing."""
    words = {each.casefold(): each for each in known}
    near = get_close_matches(word.casefold(), list(words), n=1, cutoff=0.6)
    return f'; did you mean "{words[near[0]]}"?' if near else ""
