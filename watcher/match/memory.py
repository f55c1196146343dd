"""What the chunks of texts mean to an index, worked out at first sight and kept.

In the long run a word of an entry so costs one dictionary look-up, whatever the languages of the topics.
"""

from __future__ import annotations

from dataclasses import dataclass

from watcher.match.index import Index
from watcher.text.tokens import LONGEST_PIECE, pieces, runs

Numbers = tuple[int, ...]
Piece = tuple[Numbers, Numbers, frozenset[int], Numbers]
"""The slots of one position; those that end a pair of neighbours; what may follow, when they begin one; those."""

NOTHING: Piece = ((), (), frozenset(), ())


@dataclass(frozen=True, slots=True)
class Compound:
    """A chunk of several positions. `joined`: neighbouring pieces written as one: (first, how many, piece)."""

    pieces: tuple[Piece, ...]
    joined: tuple[tuple[int, int, Piece], ...]


Meaning = Piece | Compound

_REMEMBERED = 30_000
"""Chunks; when full the memory is emptied, which costs no more than a second of stemming."""


class ChunkMemory(dict[str, Meaning]):
    """Chunk → meaning. Shared by threads: a lost update only costs a repetition."""

    def __init__(self, index: Index, *, capitals: bool) -> None:
        super().__init__()
        self._index = index
        self._capitals = capitals
        self._followers: dict[Numbers, frozenset[int]] = {}

    def __missing__(self, chunk: str) -> Meaning:
        meaning = self._meaning(chunk)
        if len(self) >= _REMEMBERED:
            self.clear()
            self._followers.clear()
        if len(chunk) <= LONGEST_PIECE:
            self[chunk] = meaning
        return meaning

    def __reduce__(self) -> tuple[object, ...]:
        return _empty_memory, (self._index, self._capitals)

    def _meaning(self, chunk: str) -> Meaning:
        parts = pieces(chunk)
        if len(parts) == 1:
            return self._piece(parts[0])
        joined = tuple(
            (first, width, piece) for first, width, text in runs(parts) if (piece := self._piece(text)) is not NOTHING
        )
        return Compound(tuple(self._piece_again(part) for part in parts), joined)

    def _piece_again(self, part: str) -> Piece:
        """A piece of a compound is mostly a chunk elsewhere: one look-up for what is known already."""
        meaning = self[part]
        return self._piece(part) if isinstance(meaning, Compound) else meaning

    def _piece(self, text: str) -> Piece:
        index = self._index
        slots = tuple(sorted(index.lexicon.slots_of(text, capitals=self._capitals)))
        if not slots:
            return NOTHING
        lefts = tuple(slot for slot in slots if slot in index.followers)
        rights = tuple(slot for slot in slots if index.is_right[slot])
        return slots, rights, self._followers_of(lefts), lefts

    def _followers_of(self, lefts: Numbers) -> frozenset[int]:
        if not lefts:
            return NOTHING[2]
        known = self._followers.get(lefts)
        if known is None:
            first, *others = (self._index.followers[slot] for slot in lefts)
            known = self._followers[lefts] = first.union(*others) if others else first
        return known


def _empty_memory(index: Index, capitals: bool) -> ChunkMemory:
    return ChunkMemory(index, capitals=capitals)
