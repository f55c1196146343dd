"""What texts contradict each other in: a number, or a name, between the same words.

"killed # people" with 12 in one text and 15 in another, "gales in @ until" with Kent and Essex: texts that are equal but
for these are bulletins, tickers or market reports from one template, not copies of one report.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence

from watcher.story.numerals import number_of
from watcher.story.words import hash63
from watcher.text.fold import fold

FIGURES_FROM = 1_200
"""Characters at the beginning of a text from which figures are taken; templates are short."""
FIGURES_WORDS = 200
"""About as many words."""
MOST_FIGURES = 24

_TOKEN = re.compile(r"\d[\d.,:]*\d|[^\W_]+")


def figures_of(text: str) -> array[int]:
    """Hashes of contexts and of what stands in them, in turn, ordered by context."""
    tokens = _TOKEN.findall(text[:FIGURES_FROM])
    found = sorted({*_numbers(tokens), *_names(tokens)})[:MOST_FIGURES]
    return array("Q", (value for pair in found for value in pair))


def disagreements(one: Sequence[int], other: Sequence[int]) -> int:
    """Between how many equal pairs of words the texts have different numbers or names."""
    mine, theirs = _by_context(one), _by_context(other)
    return sum(not mine[context] & theirs[context] for context in mine.keys() & theirs.keys())


def _numbers(tokens: Sequence[str]) -> Iterator[tuple[int, int]]:
    for place, token in enumerate(tokens):
        number = number_of(fold(token))
        if number is not None:
            yield _context(tokens, place, place + 1), hash63(number)


def _names(tokens: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Runs of capitalised words after a word in small letters. None where capitals say nothing (headlines)."""
    capitalised = [token[0].isupper() for token in tokens]
    if sum(capitalised) * 2 > len(tokens):
        return
    start = 1
    while start < len(tokens):
        end = start
        while end < len(tokens) and capitalised[end]:
            end += 1
        if end > start and not capitalised[start - 1]:
            yield _context(tokens, start, end), hash63(fold(" ".join(tokens[start:end])))
        start = end + 1


def _context(tokens: Sequence[str], start: int, end: int) -> int:
    before = tokens[start - 1] if start else ""
    after = tokens[end] if end < len(tokens) else ""
    return hash63(fold(f"{before} # {after}"))


def _by_context(figures: Sequence[int]) -> dict[int, set[int]]:
    contexts: dict[int, set[int]] = {}
    for context, value in zip(figures[::2], figures[1::2], strict=True):
        contexts.setdefault(context, set()).add(value)
    return contexts
