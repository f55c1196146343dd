"""An entry indexed for matching: slot → token positions → character offsets.

One pass over the words of an entry finds where the slots are that some topic looks for, and which phrases may be there.
This pass is what an entry costs when nothing matches.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import accumulate, islice
from operator import itemgetter
from typing import cast

from watcher.match.entry_text import body_of, limited_text, limited_title
from watcher.match.reached import Pattern, Reached
from watcher.match.token_cache import FOLLOWERS, NOTHING, RIGHTS, SINGLES, SLOTS, Compound, Meaning, Piece, TokenCaches
from watcher.match.topic_index import Index, neighbour_key
from watcher.model.entry import Entry
from watcher.text.capitals import bare, is_hyphenated, is_initials
from watcher.text.offsets import OffsetMap
from watcher.text.sentences import sentences
from watcher.text.tokens import parent_domains

Span = tuple[int, int]
"""[start, end) in positions."""
Joined = dict[int, list[tuple[int, Piece]]]
"""Position → width and meaning of pieces written as one that begin there, or end before it."""

_SINGLES_OF, _FOLLOWERS_OF, _RIGHTS_OF = itemgetter(SINGLES), itemgetter(FOLLOWERS), itemgetter(RIGHTS)

MOST_OCCURRENCES = 200
"""Of one pattern in one entry; further ones are not counted, so that a hostile text costs little."""

_ONE = (1,)


class Positions:
    """Where the patterns of an index occur in a row of positions. Each text ends with a gap."""

    def __init__(self, index: Index, caches: TokenCaches, language: str) -> None:
        self._index = index
        self._caches = caches
        self._language = language
        self.breaks: list[int] = []
        """Positions at which a sentence begins, in order; no phrase runs across."""
        self._breaks: set[int] = set()
        self._row: list[Piece] = []
        self.singles: dict[int, list[int]] = {}
        """Slots that a topic looks for by themselves → positions; ~position for joined words that begin there."""
        self.pairs: dict[int, list[Span]] = {}
        """Keys of neighbours for which phrases wait → where the two occur."""
        self._joined: Joined = {}
        """Pieces of compounds written as one: first position → width and meaning; `_joined_to` by position after."""
        self._joined_to: Joined = {}
        self._slots_joined: set[int] = set()
        """Slots of `singles` that occur as joined words."""
        self._occurrences: dict[Pattern, list[Span]] = {}
        self._present: set[Pattern] | None = None
        self._phrases: list[int] | None = None
        self._places: dict[frozenset[Pattern], list[Span]] = {}
        self._reached: Reached | None = None

    @property
    def end(self) -> int:
        """The position after the last gap."""
        return len(self._row)

    def add(self, text: str, elsewhere: str = "") -> OffsetMap:
        """Appends a text and a gap. `elsewhere`: the rest of the entry, see `text/capitals`."""
        by_sentence = [sentence.split() for sentence in sentences(text)]
        tokens = by_sentence[0] if len(by_sentence) == 1 else [token for one in by_sentence for token in one]
        meanings = self._meanings(tokens, elsewhere, capitals=text.isupper())
        compounds = [number for number, meaning in enumerate(meanings) if meaning.__class__ is Compound]
        begin = len(self._row)
        row = self._widen(meanings, compounds) if compounds else cast("list[Piece]", meanings)
        row.append(NOTHING)
        self._row += row
        widths = [len(cast("Compound", meanings[at]).pieces) for at in compounds]
        if len(by_sentence) > 1:
            self._note_breaks(begin, by_sentence, compounds, widths)
        note(self._row, begin, self.singles, self.pairs, self._index.followers, self._breaks)
        if self._joined:
            self._note_joined(begin)
        self._present = self._phrases = self._reached = None
        self._places = {}
        return OffsetMap(text, tokens, compounds, widths)

    def _meanings(self, tokens: Sequence[str], elsewhere: str, *, capitals: bool) -> list[Meaning]:
        meanings = self._caches.meanings(tokens, self._language, capitals=capitals)
        everyday = self._index.lexicon.everyday
        if capitals and everyday:
            ordinary = self._caches.of(self._language, capitals=False)
            for at, token in enumerate(tokens):
                if is_hyphenated(token, everyday) or (bare(token) in everyday and is_initials(tokens, at, elsewhere)):
                    meanings[at] = ordinary[token]
        return meanings

    def _note_breaks(
        self, begin: int, by_sentence: Sequence[Sequence[str]], compounds: Sequence[int], widths: Sequence[int]
    ) -> None:
        more = [0, *accumulate(width - 1 for width in widths)]
        firsts = [*accumulate(map(len, by_sentence))][:-1]
        found = {begin + first + more[bisect_left(compounds, first)] for first in firsts} - {begin}
        self.breaks += sorted(found)
        self._breaks |= found

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

    def _note(self, before: Piece, start: int, after: Piece, middle: int, end: int) -> None:
        if middle not in self._breaks:
            note_neighbours(before, after, (start, end), self.pairs, self._index.followers)

    def _note_joined(self, begin: int) -> None:
        for start, alternatives in self._joined.items():
            if start < begin:
                continue
            for width, piece in alternatives:
                self._slots_joined.update(piece[SINGLES])
                for slot in piece[SINGLES]:
                    self.singles.setdefault(slot, []).append(~start)
                end = start + width
                self._note(self._row[start - 1], start - 1, piece, start, end)
                self._note(piece, start, self._row[end], end, end + 1)
                for before_width, before in self._joined_to.get(start, ()):
                    self._note(before, start - before_width, piece, start, end)

    def phrases(self) -> list[int]:
        """The numbers of the phrases that may occur: two neighbours do, and the slot required beside them."""
        if self._phrases is None:
            self._phrases = waiting(self.pairs, *self._index.neighbours, self._row, self._joined, self._joined_to)
        return self._phrases

    @property
    def present(self) -> set[Pattern]:
        """Every pattern that occurs. Lists of thousands of words are compared with it, not looked for one by one."""
        if self._present is None:
            is_pair = self._index.phrases.is_pair
            found = [~number for number in self.phrases() if is_pair(number) or self.occurrences(~number)]
            self._present = {*self.singles, *found}
        return self._present

    @property
    def reached(self) -> Reached:
        """Patterns that a topic looks for → whether any of them occurs."""
        if self._reached is None:
            self._reached = Reached(self.present, self._index.long_lists)
        return self._reached

    def places(self, patterns: frozenset[Pattern]) -> list[Span]:
        """Where any of the patterns occurs, in order. The list is shared: do not change it."""
        known = self._places.get(patterns)
        if known is None:
            each = [self.occurrences(pattern) for pattern in patterns & self.present]
            known = each[0] if len(each) == 1 else sorted({span for spans in each for span in spans})
            self._places[patterns] = known
        return known

    def occurrences(self, pattern: Pattern) -> list[Span]:
        """Where a pattern occurs, in order. The list is shared: do not change it."""
        known = self._occurrences.get(pattern)
        if known is None:
            found = self._of_slot(pattern) if pattern >= 0 else self._of_phrase(~pattern)
            known = self._occurrences[pattern] = found[:MOST_OCCURRENCES]
        return known

    def _of_slot(self, slot: int) -> list[Span]:
        positions = self.singles.get(slot, ())
        if slot not in self._slots_joined:
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
        if len(slots) == 2:
            return sorted(set(spans)) if self._joined else spans
        for slot in slots[anchor + 2 :]:
            spans = _different((start, end + width) for start, end in spans for width in self._widths(slot, end))
        for slot in reversed(slots[:anchor]):
            spans = _different(
                (start - width, end) for start, end in spans for width in self._widths_before(slot, start)
            )
        breaks = self._breaks
        return sorted({span for span in spans if not breaks or breaks.isdisjoint(range(span[0] + 1, span[1]))})

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
    """Title and body of an entry as one row of positions with a gap between; other fields on request."""

    def __init__(self, index: Index, caches: TokenCaches, entry: Entry, labels: Mapping[str, str] | None) -> None:
        self._index = index
        self._caches = caches
        self._entry = entry
        self._labels = labels or {}
        self._fields: dict[str, Positions] = {}
        body = body_of(entry)
        self.title = limited_title(entry.title)
        self.body = limited_text(body)
        self.unread = len(entry.title) - len(self.title) + len(body) - len(self.body)
        """Characters at the end of title and body that are left out, see `entry_text`."""
        self._language_key = index.lexicon.language_key(self.language)
        self.words = Positions(index, caches, self._language_key)
        self.title_offsets = self.words.add(self.title, self.body)
        self.body_start = self.words.end
        self.body_offsets = self.words.add(self.body, self.title)
        self.body_length = self.words.end - self.body_start - 1

    def field(self, name: str) -> Positions:
        """The words of a field that does not score: summary, author, category, feed; also title alone."""
        if name not in self._fields:
            words = self._fields[name] = Positions(self._index, self._caches, self._language_key)
            for text in self._texts(name):
                words.add(limited_text(text))
        return self._fields[name]

    @property
    def language(self) -> str:
        """As the entry or else its feed says; "" when neither does."""
        return (self._entry.language or self._labels.get("language") or "").lower()

    def _texts(self, name: str) -> tuple[str, ...]:
        entry = self._entry
        match name:
            case "title":
                return (limited_title(entry.title),)
            case "summary":
                return (entry.summary or entry.content[:1_000],)
            case "author":
                return (entry.author,)
            case "category":
                return entry.categories
            case _:
                address = self._labels.get("feed_url", "")
                domains = " ".join(parent_domains(address))
                words = re.sub(r"\W+", " ", address)
                return (self._labels.get("feed", ""), address, domains, words, entry.publisher or "")


def note(
    row: list[Piece],
    begin: int,
    singles: dict[int, list[int]],
    pairs: dict[int, list[Span]],
    followers: dict[int, frozenset[int]],
    breaks: Set[int],
) -> None:
    """Adds what the row holds from `begin` on: slots → positions, keys of neighbours → spans without a break."""
    for at, slots in enumerate(map(_SINGLES_OF, islice(row, begin, None)), begin):
        for slot in slots:
            singles.setdefault(slot, []).append(at)
    befores, afters = islice(row, begin, None), islice(row, begin + 1, None)
    apart = map(frozenset.isdisjoint, map(_FOLLOWERS_OF, befores), map(_RIGHTS_OF, afters))
    for at in [at for at, is_apart in enumerate(apart, begin) if not is_apart]:
        if at + 1 not in breaks:
            note_neighbours(row[at], row[at + 1], (at, at + 2), pairs, followers)


def note_neighbours(
    before: Piece,
    after: Piece,
    span: Span,
    pairs: dict[int, list[Span]],
    followers: dict[int, frozenset[int]],
) -> None:
    """Adds the span of two pieces to each pair of their slots that phrases wait for."""
    for left in before[SLOTS]:
        waited = followers.get(left, NOTHING[FOLLOWERS])
        for right in after[RIGHTS]:
            if right in waited:
                spans = pairs.setdefault(neighbour_key(left, right), [])
                if len(spans) < MOST_OCCURRENCES:
                    spans.append(span)


def waiting(
    pairs: dict[int, list[Span]],
    keys: array[int],
    numbers: array[int],
    thirds: array[int],
    row: list[Piece],
    joined: Joined,
    joined_to: Joined,
) -> list[int]:
    """The numbers of the phrases whose two neighbours occur, with a third slot beside them where they have one.

    `keys`, sorted, `numbers` and `thirds` belong together: see `index.Neighbours`.
    """
    found: list[int] = []
    for key, spans in pairs.items():
        at = bisect_left(keys, key)
        while at < len(keys) and keys[at] == key:
            if not thirds[at] or _is_beside(thirds[at], spans, row, joined, joined_to):
                found.append(numbers[at])
            at += 1
    return found


def _is_beside(third: int, spans: list[Span], row: list[Piece], joined: Joined, joined_to: Joined) -> bool:
    """Before position 0 is what ends the row, a gap."""
    if third > 0:
        return any(_may_be(third, row[end], joined.get(end)) for _, end in spans)
    return any(_may_be(-third, row[start - 1], joined_to.get(start)) for start, _ in spans)


def _may_be(slot: int, piece: Piece, alternatives: list[tuple[int, Piece]] | None) -> bool:
    return slot in piece[SLOTS] or any(slot in other[SLOTS] for _, other in alternatives or ())
