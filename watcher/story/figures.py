"""What texts contradict each other in: a number, or a name, between the same words.

"killed # people" with 12 in one text and 15 in another, "gales in @ until" with Kent and Essex: texts that are equal but
for these are bulletins, tickers or market reports from one template, not copies of one report.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

from watcher.story.numerals import is_number, number_of
from watcher.story.words import WORD, quick_hash

FIGURES_FROM = 1_200
"""Characters at the beginning of a text from which figures are taken; templates are short."""
FIGURES_WORDS = 200
"""About as many words."""
MOST_FIGURES = 16


def figures_of(text: str, words: Sequence[str]) -> array[int]:
    """Hashes of contexts and of what stands in them, in turn, ordered by context. `words` are those of `text`."""
    written = WORD.findall(text[:FIGURES_FROM])
    if len(text) > FIGURES_FROM:
        written.pop()  # cut off somewhere
    folded = words[: len(written)]
    spans = [*_numbers(folded), *(_names(written) if _are_aligned(written, folded) else ())]
    found = sorted({_figure(folded, start, end) for start, end in spans})[:MOST_FIGURES]
    return array("Q", (value for pair in found for value in pair))


def disagreements(one: Sequence[int], other: Sequence[int]) -> int:
    """Between how many equal pairs of words the texts have different numbers or names."""
    mine, theirs = _by_context(one), _by_context(other)
    return sum(not mine[context] & theirs[context] for context in mine.keys() & theirs.keys())


def _numbers(words: Sequence[str]) -> list[tuple[int, int]]:
    return [(place, place + 1) for place, word in enumerate(words) if is_number(word)]


def _are_aligned(written: Sequence[str], folded: Sequence[str]) -> bool:
    """Folding may cut or join words; then it is not known which of them was written how."""
    return len(written) == len(folded) and all(
        len(one) == len(other) for one, other in zip(written[-3:], folded[-3:], strict=True)
    )


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
            yield start, end
        start = end + 1


def _figure(words: Sequence[str], start: int, end: int) -> tuple[int, int]:
    before = words[start - 1] if start else ""
    after = words[end] if end < len(words) else ""
    content = number_of(words[start]) if end == start + 1 else " ".join(words[start:end])
    return quick_hash(f"{before} # {after}"), quick_hash(content)


def _by_context(figures: Sequence[int]) -> dict[int, set[int]]:
    contexts: dict[int, set[int]] = {}
    for context, value in zip(figures[::2], figures[1::2], strict=True):
        contexts.setdefault(context, set()).add(value)
    return contexts
