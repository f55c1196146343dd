"""One pass over the words of an entry: where the slots stand that somebody looks for, and which phrases may stand.

This is what an entry costs when nothing matches.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from itertools import islice
from operator import itemgetter

from watcher.match.index import neighbour_key
from watcher.match.token_cache import FOLLOWERS, NOTHING, RIGHTS, SINGLES, SLOTS, Piece

Span = tuple[int, int]
"""[start, end) in positions."""
Joined = dict[int, list[tuple[int, Piece]]]
"""Position → width and meaning of pieces written as one that begin there, or end before it."""

_SINGLES_OF, _FOLLOWERS_OF, _RIGHTS_OF = itemgetter(SINGLES), itemgetter(FOLLOWERS), itemgetter(RIGHTS)


def note(
    row: list[Piece],
    begin: int,
    singles: dict[int, list[int]],
    pairs: dict[int, list[Span]],
    followers: dict[int, frozenset[int]],
    most: int,
) -> None:
    """Adds what stands in the row from `begin` on: slots → positions, keys of neighbours → `most` spans."""
    for at, slots in enumerate(map(_SINGLES_OF, islice(row, begin, None)), begin):
        for slot in slots:
            singles.setdefault(slot, []).append(at)
    befores, afters = islice(row, begin, None), islice(row, begin + 1, None)
    apart = map(frozenset.isdisjoint, map(_FOLLOWERS_OF, befores), map(_RIGHTS_OF, afters))
    for at in [at for at, is_apart in enumerate(apart, begin) if not is_apart]:
        note_neighbours(row[at], row[at + 1], (at, at + 2), pairs, followers, most)


def note_neighbours(
    before: Piece,
    after: Piece,
    span: Span,
    pairs: dict[int, list[Span]],
    followers: dict[int, frozenset[int]],
    most: int,
) -> None:
    """Adds the span of two pieces to each pair of their slots that phrases wait for."""
    for left in before[SLOTS]:
        waited = followers.get(left, NOTHING[FOLLOWERS])
        for right in after[RIGHTS]:
            if right in waited:
                spans = pairs.setdefault(neighbour_key(left, right), [])
                if len(spans) < most:
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
    """The numbers of the phrases whose two neighbours stand, with a third slot beside them where they have one.

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
