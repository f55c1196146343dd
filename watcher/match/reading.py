"""An entry as the matcher reads it: which slots stand where, and where each position stands in the text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from itertools import islice
from operator import itemgetter
from typing import cast

from watcher.match.index import Index
from watcher.match.memory import NOTHING, ChunkMemory, Compound, Meaning, Piece
from watcher.model.entry import TEXT_LIMIT, Entry
from watcher.text.tokens import chunks, spans

Span = tuple[int, int]
"""[start, end) in positions."""
Neighbours = tuple[int, int, int, int]
"""A slot and its position, the slot that follows and its position."""

_RIGHTS, _FOLLOWERS = itemgetter(1), itemgetter(2)

_MOST_OCCURRENCES = 200
"""Of one pattern in one entry; further ones are not counted, so that a hostile text costs little."""


class Words:
    """Where the slots of an index stand in one stretch of positions."""

    def __init__(self, index: Index, memories: tuple[ChunkMemory, ChunkMemory]) -> None:
        self._index = index
        self._memories = memories
        self.end = 0
        self.chunks: list[str] = []
        """Of the text that was added last."""
        self.compounds: list[int] = []
        """Numbers of the chunks of several pieces in the text that was added last."""
        self.starts: defaultdict[int, list[int]] = defaultdict(list)
        self.neighbours: list[Neighbours] = []
        """Slots that follow one another and for which patterns wait."""
        self._wide: dict[tuple[int, int], int] = {}
        self._open: list[tuple[Piece, int, int]] = []
        self._occurrences: dict[int, list[Span]] = {}

    def add(self, text: str) -> int:
        """Reads a text behind what is there already; returns the position of its first word."""
        begin = self.end
        self.chunks = chunks(text)
        meanings = list(map(self._memories[text.isupper()].__getitem__, self.chunks))
        self.compounds = [number for number, meaning in enumerate(meanings) if meaning.__class__ is Compound]
        row = self._widen(meanings, begin) if self.compounds else cast("list[Piece]", meanings)
        starts = self.starts
        for at, piece in enumerate(row, begin):
            for slot in piece[0]:
                starts[slot].append(at)
        apart = map(frozenset.isdisjoint, map(_FOLLOWERS, row), map(_RIGHTS, islice(row, 1, None)))
        for at in [at for at, is_apart in enumerate(apart) if not is_apart]:
            self._note(row[at], begin + at, row[at + 1], begin + at + 1)
        for piece, start, place in self._open:
            if place - begin < len(row):
                self._note(piece, start, row[place - begin], place)
        self._open.clear()
        self.end = begin + len(row) + 1
        return begin

    def _note(self, before: Piece, left_at: int, after: Piece, right_at: int) -> None:
        for left in before[3]:
            followers = self._index.followers[left]
            for right in after[1]:
                if right in followers:
                    self.neighbours.append((left, left_at, right, right_at))

    def _widen(self, meanings: list[Meaning], begin: int) -> list[Piece]:
        """One piece per position, and what pieces of compounds mean when they are written as one word."""
        row: list[Piece] = []
        copied = 0
        for number in self.compounds:
            row += cast("list[Piece]", meanings[copied:number])
            copied = number + 1
            compound = cast("Compound", meanings[number])
            if compound.joined:
                self._note_joined(compound, row[-1] if row else NOTHING, begin + len(row))
            row += compound.pieces
        row += cast("list[Piece]", meanings[copied:])
        return row

    def _note_joined(self, compound: Compound, before: Piece, at: int) -> None:
        for first, width, piece in compound.joined:
            start = at + first
            for slot in piece[0]:
                self.starts[slot].append(start)
                self._wide[slot, start] = width
            self._note(compound.pieces[first - 1] if first else before, start - 1, piece, start)
            self._open.append((piece, start, start + width))

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
        if wide:
            found = [(start, start + wide.get((first, start), 1)) for start in starts[first]]
        else:
            found = [(start, start + 1) for start in starts[first]]
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
        self._title_chunks, self._title_compounds = self.words.chunks, self.words.compounds
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
        return spans(self.title, self._title_compounds, self._title_chunks)

    @cached_property
    def body_spans(self) -> list[Span]:
        """Characters of each position of the body, the first of which is `body_start`."""
        return spans(self.body, self.words.compounds, self.words.chunks)

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
