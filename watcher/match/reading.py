"""An entry as the matcher reads it: which slots stand where, and where each position stands in the text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from typing import cast

from watcher.match.index import Index, neighbour_key
from watcher.match.memory import NOTHING, ChunkMemory, Compound, Meaning, Piece
from watcher.model.entry import TEXT_LIMIT, Entry
from watcher.text.tokens import chunks, spans

Span = tuple[int, int]
"""[start, end) in positions."""

_MOST_OCCURRENCES = 200
"""Of one pattern in one entry; further ones are not counted, so that a hostile text costs little."""


class Words:
    """Where the slots of an index stand in one stretch of positions."""

    def __init__(self, index: Index, memories: tuple[ChunkMemory, ChunkMemory]) -> None:
        self._index = index
        self._memories = memories
        self.end = 0
        self.compounds: list[int] = []
        """Numbers of the chunks of several pieces in the text that was added last."""
        self.starts: dict[int, list[int]] = {}
        self.neighbours: set[int] = set()
        """Keys of slots that follow one another and for which, perhaps, patterns wait."""
        self._wide: dict[tuple[int, int], int] = {}
        self._open: list[tuple[Piece, int]] = []
        self._occurrences: dict[int, list[Span]] = {}

    def add(self, text: str) -> int:
        """Reads a text behind what is there already; returns the position of its first word."""
        begin = self.end
        meanings = list(map(self._memories[text.isupper()].__getitem__, chunks(text)))
        self.compounds = [number for number, meaning in enumerate(meanings) if meaning.__class__ is Compound]
        row = self._widen(meanings, begin) if self.compounds else cast("list[Piece]", meanings)
        starts, marks = self.starts, self._index.neighbour_marks
        for at, piece in enumerate(row, begin):
            for slot in piece[0]:
                if slot in starts:
                    starts[slot].append(at)
                else:
                    starts[slot] = [at]
        likely = {
            at
            for at, (one, other) in enumerate(pairwise(row))
            for left in one[1]
            for right in other[2]
            if marks[left + right]
        }
        for at in likely:
            self._note(row[at], row[at + 1])
        for piece, place in self._open:
            if place - begin < len(row):
                self._note(piece, row[place - begin])
        self._open.clear()
        self.end = begin + len(row) + 1
        return begin

    def _note(self, before: Piece, after: Piece) -> None:
        marks = self._index.neighbour_marks
        for left_mark, left in zip(before[1], before[3], strict=True):
            for right_mark, right in zip(after[2], after[4], strict=True):
                if marks[left_mark + right_mark]:
                    self.neighbours.add(neighbour_key(left, right))

    def _widen(self, meanings: list[Meaning], begin: int) -> list[Piece]:
        """One piece per position, and what pieces of compounds mean when they are written as one word."""
        row: list[Piece] = []
        for meaning in meanings:
            if not isinstance(meaning, Compound):
                row.append(meaning)
                continue
            at = begin + len(row)
            before = row[-1] if row else NOTHING
            for first, width, piece in meaning.joined:
                for slot in piece[0]:
                    self.starts.setdefault(slot, []).append(at + first)
                    self._wide[slot, at + first] = width
                self._note(meaning.pieces[first - 1] if first else before, piece)
                self._open.append((piece, at + first + width))
            row += meaning.pieces
        return row

    def occurrences(self, pattern: int) -> list[Span]:
        """Where a pattern stands, in order. The list is shared: do not change it."""
        known = self._occurrences.get(pattern)
        if known is None:
            known = self._occurrences[pattern] = self._find(pattern)
        return known

    def _find(self, pattern: int) -> list[Span]:
        slots = self._index.slots(pattern)
        starts, wide = self.starts, self._wide
        for slot in slots:
            if slot not in starts:
                return []
        first = slots[0]
        found = [(start, start + wide.get((first, start), 1)) for start in starts[first]]
        for slot in slots[1:]:
            places = starts[slot] if len(starts[slot]) < 8 else set(starts[slot])
            found = [(start, end + wide.get((slot, end), 1)) for start, end in found if end in places]
            if not found:
                break
        return found[:_MOST_OCCURRENCES]


class EntryReading:
    """Title and body of an entry as one stretch of words with a gap between, other fields when asked for."""

    def __init__(
        self, index: Index, memories: tuple[ChunkMemory, ChunkMemory], entry: Entry, labels: Mapping[str, str] | None
    ) -> None:
        self._index = index
        self._memories = memories
        self._entry = entry
        self._labels = labels or {}
        self._fields: dict[str, Words] = {}
        self.title = entry.title[:TEXT_LIMIT]
        self.body = body_of(entry)[:TEXT_LIMIT]
        self.words = Words(index, memories)
        self.words.add(self.title)
        self._title_compounds = self.words.compounds
        self.body_start = self.words.add(self.body)
        self.body_length = self.words.end - self.body_start - 1

    def field(self, name: str) -> Words:
        """The words of a field that does not score: summary, author, category, feed; also title alone."""
        if name not in self._fields:
            words = self._fields[name] = Words(self._index, self._memories)
            for text in self._texts(name):
                words.add(text[:TEXT_LIMIT])
        return self._fields[name]

    @property
    def language(self) -> str:
        """As the entry or else its feed says; "" when neither does."""
        return (self._entry.language or self._labels.get("language") or "").lower()

    @cached_property
    def title_spans(self) -> list[Span]:
        """Characters of each position of the title."""
        return spans(self.title, self._title_compounds)

    @cached_property
    def body_spans(self) -> list[Span]:
        """Characters of each position of the body, the first of which is `body_start`."""
        return spans(self.body, self.words.compounds)

    def _texts(self, name: str) -> tuple[str, ...]:
        entry = self._entry
        match name:
            case "title":
                return (entry.title,)
            case "summary":
                return (entry.summary or entry.content[:1_000],)
            case "author":
                return (entry.author,)
            case "category":
                return entry.categories
            case _:
                return (self._labels.get("feed", ""), self._labels.get("feed_url", ""), entry.publisher or "")


def body_of(entry: Entry) -> str:
    """The content, preceded by the summary unless contained in it, without a leading repetition of the title."""
    content, summary = _without_title(entry.content, entry.title), _without_title(entry.summary, entry.title)
    if not summary or _is_contained(summary, content):
        return content
    return f"{summary}\n\n{content}" if content else summary


def _without_title(text: str, title: str) -> str:
    text, title = text.strip(), title.strip()
    return text[len(title) :].lstrip() if title and text[: len(title)].casefold() == title.casefold() else text


def _is_contained(summary: str, content: str) -> bool:
    """Whether a summary, perhaps cut off with an ellipsis, is a part of the content."""
    return " ".join(summary.rstrip(" .…[]").split()) in " ".join(content.split())
