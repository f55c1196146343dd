"""From a part of a score to what a person is shown: the passage of the original text, with marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from watcher.match.entry_index import IndexedEntry
from watcher.match.scan import Span
from watcher.match.score import TITLE, Part
from watcher.model.alert import Evidence

_BEFORE, _AFTER = 80, 120
"""Characters shown around the first occurrence."""
_ELLIPSIS = "…"
_SPACE = re.compile(r"\s")


def evidence_of(part: Part, reading: IndexedEntry) -> Evidence:
    """A part with its passage and the character ranges of its words inside the passage."""
    if not part.spans:
        return Evidence(part.term, part.field, part.count, part.points)
    if part.field == TITLE:
        text, places, base = reading.title, reading.title_places, 0
    else:
        text, places, base = reading.body, reading.body_places, reading.body_start
    spans = sorted([(start - base, end - base - 1) for start, end in part.spans if start >= base])
    passage, highlights = _passage(text, (places.characters(first, last) for first, last in spans))
    return Evidence(part.term, part.field, part.count, part.points, passage, highlights)


def _passage(text: str, ranges: Iterator[Span]) -> tuple[str, tuple[Span, ...]]:
    """The text around the first of the ranges, and those of them that are in it."""
    first_start, first_end = first = next(ranges)
    start = _word_start(text, first_start - _BEFORE, first_start)
    end = _word_end(text, first_end + _AFTER, first_end)
    shown = [first, *takewhile(lambda place: place[1] <= end, ranges)]
    head = _ELLIPSIS if start > 0 else ""
    tail = _ELLIPSIS if end < len(text) else ""
    shift = len(head) - start
    marked = tuple((low + shift, high + shift) for low, high in shown)
    return f"{head}{_one_line(text[start:end])}{tail}", marked


def _one_line(text: str) -> str:
    """Line ends and tabs as spaces; the length stays, so that the marks stay right."""
    return text if text.isprintable() else _SPACE.sub(" ", text)


def _word_start(text: str, at: int, latest: int) -> int:
    if at <= 0:
        return 0
    space = text.find(" ", at, latest)
    return space + 1 if space >= 0 else at


def _word_end(text: str, at: int, earliest: int) -> int:
    if at >= len(text):
        return len(text)
    space = text.rfind(" ", earliest, at)
    return space if space >= 0 else at
