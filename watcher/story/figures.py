"""What texts contradict each other in: a number, or a name, between the same words.

"killed # people" with 12 in one text and 15 in another, "gales in @ until" with Kent and Essex: texts that are equal but
for these are bulletins, tickers or market reports from one template, not copies of one report.
"""

from __future__ import annotations

import string
from array import array
from collections.abc import Sequence

from watcher.story.numerals import number_of, number_places
from watcher.story.words import hash31, spaced, split_words

FIGURES_FROM = 1_200
"""Characters at the beginning of a text from which figures are taken; templates are short."""
FIGURES_WORDS = 200
"""About as many words."""
MOST_FIGURES = 16

_LARGE = frozenset(string.ascii_uppercase.encode())
_ASCII = frozenset(range(128))


def figures_of(text: str, words: Sequence[bytes]) -> array[int]:
    """Hashes of contexts and of what stands in them, in turn, ordered by context. `words` are those of `text`, folded."""
    written = split_words(spaced(text[:FIGURES_FROM]))
    if len(text) > FIGURES_FROM:
        del written[-1:]  # cut off somewhere
    folded = words[: len(written)]
    spans = [(place, place + 1) for place in number_places(folded)]
    if _are_aligned(written, folded):
        spans += _names(written, folded)
    found = sorted({_figure(folded, start, end) for start, end in spans})[:MOST_FIGURES]
    return array("I", (value for pair in found for value in pair))


def disagreements(one: Sequence[int], other: Sequence[int]) -> int:
    """Between how many equal pairs of words the texts have different numbers or names."""
    mine, theirs = _by_context(one), _by_context(other)
    return sum(not mine[context] & theirs[context] for context in mine.keys() & theirs.keys())


def _are_aligned(written: Sequence[bytes], folded: Sequence[bytes]) -> bool:
    """Folding may cut or join words; then it is not known which of them was written how."""
    return len(written) == len(folded) and all(
        len(_text(one)) == len(_text(other)) for one, other in zip(written[-3:], folded[-3:], strict=True)
    )


def _names(written: Sequence[bytes], folded: Sequence[bytes]) -> list[tuple[int, int]]:
    """Runs of capitalised words after a word in small letters. None where capitals say nothing (headlines)."""
    pairs = enumerate(zip(written, folded, strict=True))
    capitalised = [place for place, (word, small) in pairs if word != small and _begins_large(word)]
    if len(capitalised) * 2 > len(written):
        return []
    runs: list[tuple[int, int]] = []
    for place in capitalised:
        if runs and runs[-1][1] == place:
            runs[-1] = (runs[-1][0], place + 1)
        else:
            runs.append((place, place + 1))
    return [run for run in runs if run[0]]


def _begins_large(word: bytes) -> bool:
    return word[0] in _LARGE or (word[0] not in _ASCII and _text(word)[0].isupper())


def _text(word: bytes) -> str:
    return word.decode("utf-8", "surrogatepass")


def _figure(words: Sequence[bytes], start: int, end: int) -> tuple[int, int]:
    before = words[start - 1] if start else b""
    after = words[end] if end < len(words) else b""
    content = number_of(words[start]) if end == start + 1 else b" ".join(words[start:end])
    return hash31(b"%b # %b" % (before, after)), hash31(content)


def _by_context(figures: Sequence[int]) -> dict[int, set[int]]:
    contexts: dict[int, set[int]] = {}
    for context, value in zip(figures[::2], figures[1::2], strict=True):
        contexts.setdefault(context, set()).add(value)
    return contexts
