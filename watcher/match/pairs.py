"""Pairs of words that stand near each other."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

Placed = tuple[int, int, str]
"""(first position, position after the last, the term as written)."""
Pair = tuple[Placed, Placed]

_MOST_PLACES = 200
"""Of one side; more than that is no sentence of a news text."""
_NEAREST = 8
"""Positions apart, at the first look; neighbours where both sides stand everywhere."""
_MANY = 1_000


def pairs(left: Sequence[Placed], right: Sequence[Placed], within: int, *, most: int) -> list[Pair]:
    """Disjoint pairs of one from each side at most `within` positions apart, nearest first.

    The distance is from the end of the one to the beginning of the other; neighbours are 1 apart. The nearest are
    looked for first: texts that repeat both sides have thousands of pairs, and `most` of them are enough.
    """
    if not left or not right:
        return []
    left, right = left[:_MOST_PLACES], right[:_MOST_PLACES]
    nearest = min(_NEAREST if len(left) * len(right) < _MANY else 1, within)
    while True:
        chosen = _disjoint(sorted(_within(left, right, nearest)), most)
        if len(chosen) == most or nearest == within:
            return chosen
        nearest = min(2 * nearest, within)


def _disjoint(near: Sequence[tuple[int, Placed, Placed]], most: int) -> list[Pair]:
    """The first pairs that share no position."""
    chosen: list[Pair] = []
    used: set[int] = set()
    for _, one, other in near:
        places = {*range(one[0], one[1]), *range(other[0], other[1])}
        if used.isdisjoint(places):
            used |= places
            chosen.append((one, other))
            if len(chosen) == most:
                break
    return chosen


def _within(left: Sequence[Placed], right: Sequence[Placed], within: int) -> list[tuple[int, Placed, Placed]]:
    widest = max(stop - start for start, stop, _ in right)
    begins = [start for start, _, _ in right]
    found: list[tuple[int, Placed, Placed]] = []
    for one in left:
        for at in range(bisect_left(begins, one[0] - within - widest), len(right)):
            other = right[at]
            if other[0] > one[1] + within - 1:
                break
            distance = other[0] - one[1] + 1 if other[0] >= one[1] else one[0] - other[1] + 1
            if 1 <= distance <= within:
                found.append((distance, one, other))
    return found
