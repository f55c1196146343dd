"""An entry as the matcher reads it: which slots stand where, and where each position stands in the text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from watcher.match.index import Index, Pattern
from watcher.match.input_limits import readable_text, readable_title
from watcher.match.scan import Joined, Span, note, note_neighbours, waiting
from watcher.match.token_cache import NOTHING, SINGLES, SLOTS, Compound, Meaning, Piece, TokenCache
from watcher.model.entry import TEXT_LIMIT, Entry, joined_texts
from watcher.text.boilerplate import without_invitations
from watcher.text.offsets import OffsetMap

MOST_OCCURRENCES = 200
"""Of one pattern in one entry; further ones are not counted, so that a hostile text costs little."""

_ONE = (1,)
_LONGEST = 2 * TEXT_LIMIT
"""Characters of a text that may still be the same as another's."""


class Positions:
    """Where the patterns of an index stand in one stretch of positions; texts have a gap between them."""

    def __init__(self, index: Index, memories: tuple[TokenCache, TokenCache]) -> None:
        self._index = index
        self._memories = memories
        self._row: list[Piece] = []
        self.singles: dict[int, list[int]] = {}
        """Slots that somebody looks for by themselves → positions; ~position for joined words that begin there."""
        self.pairs: dict[int, list[Span]] = {}
        """Keys of neighbours for which phrases wait → where the two stand."""
        self._joined: Joined = {}
        """Pieces of compounds written as one: first position → width and meaning; `_joined_to` by position after."""
        self._joined_to: Joined = {}
        self._occurrences: dict[Pattern, list[Span]] = {}

    @property
    def end(self) -> int:
        """The position after the last gap."""
        return len(self._row)

    def add(self, text: str) -> OffsetMap:
        """Reads a text behind what is there already."""
        stretches = text.split()
        meanings = list(map(self._memories[text.isupper()].__getitem__, stretches))
        compounds = [number for number, meaning in enumerate(meanings) if meaning.__class__ is Compound]
        begin = len(self._row)
        row = self._widen(meanings, compounds) if compounds else cast("list[Piece]", meanings)
        row.append(NOTHING)
        self._row += row
        note(self._row, begin, self.singles, self.pairs, self._index.followers, MOST_OCCURRENCES)
        if self._joined:
            self._note_joined(begin)
        return OffsetMap(text, stretches, compounds, [len(cast("Compound", meanings[at]).pieces) for at in compounds])

    def _widen(self, meanings: list[Meaning], compounds: list[int]) -> list[Piece]:
        """One piece per position; remembers what pieces of compounds mean when they are written as one word."""
        row: list[Piece] = []
        copied = 0
        for number in compounds:
            row += cast("list[Piece]", meanings[copied:number])
            copied = number + 1
            compound = cast("Compound", meanings[number])
            for first, width, piece in compound.joined:
                start = len(self._row) + len(row) + first
                self._joined.setdefault(start, []).append((width, piece))
                self._joined_to.setdefault(start + width, []).append((width, piece))
            row += compound.pieces
        row += cast("list[Piece]", meanings[copied:])
        return row

    def _note(self, before: Piece, start: int, after: Piece, end: int) -> None:
        note_neighbours(before, after, (start, end), self.pairs, self._index.followers, MOST_OCCURRENCES)

    def _note_joined(self, begin: int) -> None:
        for start, alternatives in self._joined.items():
            if start < begin:
                continue
            for width, piece in alternatives:
                for slot in piece[SINGLES]:
                    self.singles.setdefault(slot, []).append(~start)
                self._note(self._row[start - 1], start - 1, piece, start + width)
                self._note(piece, start, self._row[start + width], start + width + 1)
                for before_width, before in self._joined_to.get(start, ()):
                    self._note(before, start - before_width, piece, start + width)

    def phrases(self) -> list[int]:
        """The numbers of the phrases that may stand here: two neighbours do, and what must stand beside them."""
        return waiting(self.pairs, *self._index.neighbours, self._row, self._joined, self._joined_to)

    def stands(self, pattern: Pattern) -> bool:
        """Whether a pattern occurs."""
        return pattern in self.singles if pattern >= 0 else bool(self.occurrences(pattern))

    def occurrences(self, pattern: Pattern) -> list[Span]:
        """Where a pattern stands, in order. The list is shared: do not change it."""
        known = self._occurrences.get(pattern)
        if known is None:
            found = self._of_slot(pattern) if pattern >= 0 else self._of_phrase(~pattern)
            known = self._occurrences[pattern] = found[:MOST_OCCURRENCES]
        return known

    def _of_slot(self, slot: int) -> list[Span]:
        positions = self.singles.get(slot, ())
        if not self._joined:
            return [(at, at + 1) for at in positions]
        ends = {at: at + 1 for at in positions if at >= 0}
        for start in [~at for at in positions if at < 0]:
            widths = [width for width, piece in self._joined[start] if slot in piece[SLOTS]]
            ends[start] = max(ends.get(start, 0), start + max(widths))
        return sorted(ends.items())

    def _of_phrase(self, number: int) -> list[Span]:
        phrases = self._index.phrases
        spans = self.pairs.get(phrases.keys[number])
        if spans is None:
            return []
        slots, anchor = phrases.slots(number), phrases.anchors[number]
        for slot in slots[anchor + 2 :]:
            spans = _different((start, end + width) for start, end in spans for width in self._widths(slot, end))
        for slot in reversed(slots[:anchor]):
            spans = _different(
                (start - width, end) for start, end in spans for width in self._widths_before(slot, start)
            )
        return sorted(set(spans)) if self._joined else spans

    def _widths(self, slot: int, start: int) -> tuple[int, ...]:
        """How many positions the words that begin at a position and may be the slot have."""
        one = _ONE if slot in self._row[start][SLOTS] else ()
        if start not in self._joined:
            return one
        return (*one, *(width for width, piece in self._joined.get(start, ()) if slot in piece[SLOTS]))

    def _widths_before(self, slot: int, end: int) -> tuple[int, ...]:
        """The same for words that end before a position; position -1 is a gap."""
        one = _ONE if slot in self._row[end - 1][SLOTS] else ()
        if end not in self._joined_to:
            return one
        return (*one, *(width for width, piece in self._joined_to.get(end, ()) if slot in piece[SLOTS]))


def _different(spans: Iterable[Span]) -> list[Span]:
    """Each span once: pieces that are also read joined lead to the same places in many ways."""
    return list(dict.fromkeys(spans))


class IndexedEntry:
    """Title and body of an entry as one stretch of words with a gap between, other fields when asked for."""

    def __init__(
        self, index: Index, memories: tuple[TokenCache, TokenCache], entry: Entry, labels: Mapping[str, str] | None
    ) -> None:
        self._index = index
        self._memories = memories
        self._entry = entry
        self._labels = labels or {}
        self._fields: dict[str, Positions] = {}
        body = body_of(entry)
        self.title = readable_title(entry.title)
        self.body = readable_text(body)
        self.unread = len(entry.title) - len(self.title) + len(body) - len(self.body)
        """Characters at the end of title and body that are left out, see `bounds`."""
        self.words = Positions(index, memories)
        self.title_places = self.words.add(self.title)
        self.body_start = self.words.end
        self.body_places = self.words.add(self.body)
        self.body_length = self.words.end - self.body_start - 1

    def field(self, name: str) -> Positions:
        """The words of a field that does not score: summary, author, category, feed; also title alone."""
        if name not in self._fields:
            words = self._fields[name] = Positions(self._index, self._memories)
            for text in self._texts(name):
                words.add(readable_text(text))
        return self._fields[name]

    @property
    def language(self) -> str:
        """As the entry or else its feed says; "" when neither does."""
        return (self._entry.language or self._labels.get("language") or "").lower()

    def _texts(self, name: str) -> tuple[str, ...]:
        entry = self._entry
        match name:
            case "title":
                return (readable_title(entry.title),)
            case "summary":
                return (entry.summary or entry.content[:1_000],)
            case "author":
                return (entry.author,)
            case "category":
                return entry.categories
            case _:
                return (self._labels.get("feed", ""), self._labels.get("feed_url", ""), entry.publisher or "")


def body_of(entry: Entry) -> str:
    """The content, preceded by the summary unless contained in it, without a leading repetition of the title and
    without invitations to read on.
    """
    content = without_invitations(_without_title(entry.content[:_LONGEST], entry.title[:_LONGEST]))
    summary = without_invitations(_without_title(entry.summary[:_LONGEST], entry.title[:_LONGEST]))
    return joined_texts(summary, content)


def _without_title(text: str, title: str) -> str:
    text, title = text.strip(), title.strip()
    return text[len(title) :].lstrip() if title and text[: len(title)].casefold() == title.casefold() else text
