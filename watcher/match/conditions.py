"""Whether an entry satisfies a query, and which part of the query decided; pairs of words near each other."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from watcher.match.entry_index import IndexedEntry, Positions, Span
from watcher.match.expression import TEXT, And, Expression, Leaf, NearPair, Not, Or

Placed = tuple[int, int, str]
"""(first position, position after the last, the term as written)."""
Pair = tuple[Placed, Placed]

_MOST_PLACES = 200
"""Of one side; more than that is no sentence of a news text."""
_NEAREST = 8
"""Positions apart, at the first look; neighbours where both sides stand everywhere."""
_FEW, _MANY = 100, 1_000
"""Pairs: few are looked at all at once; of many only neighbours at first."""


def holds(expression: Expression, indexed: IndexedEntry) -> bool:
    """Whether the expression is true for the entry."""
    match expression:
        case Leaf():
            return _occurs(expression, indexed)
        case NearPair():
            stretches = _ranges(expression.left[0].field, indexed, expression.across)
            return any(pairs_in(expression, *found, most=1) for found in stretches)
        case And(parts):
            return all(holds(part, indexed) for part in parts)
        case Or(parts):
            return any(holds(part, indexed) for part in parts)
        case Not(part):
            return not holds(part, indexed)


def pairs_in(near: NearPair, words: Positions, begin: int, end: int, *, most: int) -> list[Pair]:
    """The pairs between two positions, nearest first."""
    one, other = near.sides
    left = places_between(words, one, begin, end)
    right = places_between(words, other, begin, end) if left else []
    pairs = nearest_pairs(left, right, near.within, most=most, breaks=() if near.across else words.breaks)
    return [(_placed(near.left, words, span), _placed(near.right, words, beside)) for span, beside in pairs]


def places_between(words: Positions, patterns: frozenset[int], begin: int, end: int) -> list[Span]:
    """Where any of the patterns occurs between two positions, in order."""
    places = words.places(patterns)
    if not places or places[0][0] >= end or places[-1][0] < begin:
        return []
    return places[bisect_left(places, (begin,)) : bisect_left(places, (end,))]


def _placed(side: Sequence[Leaf], words: Positions, span: Span) -> Placed:
    """A place of a side of a pair with the first of its leaves that is there."""
    return (*span, next(leaf.text for leaf in side if span in words.places(leaf.patterns)))


def text_ranges(indexed: IndexedEntry, across: bool = False) -> tuple[tuple[Positions, int, int], ...]:
    """Title and body: both words of a pair must be in the same one, unless the pair goes `across`."""
    words = indexed.words
    if across:
        return ((words, 0, words.end),)
    return (words, 0, indexed.body_start), (words, indexed.body_start, words.end)


def what_holds(expression: Expression, indexed: IndexedEntry) -> str:
    """The smallest alternative that makes a true expression true, as text."""
    if isinstance(expression, Or):
        return next(what_holds(part, indexed) for part in expression.parts if holds(part, indexed))
    return str(expression)


def what_is_missing(expression: Expression, indexed: IndexedEntry) -> str:
    """The conditions that make a false expression false, as text."""
    if isinstance(expression, And):
        missing = And(tuple(part for part in expression.parts if not holds(part, indexed)))
        return str(missing.parts[0]) if len(missing.parts) == 1 else str(missing)
    return str(expression)


def _ranges(field: str, indexed: IndexedEntry, across: bool) -> tuple[tuple[Positions, int, int], ...]:
    if field == TEXT:
        return text_ranges(indexed, across)
    words = indexed.field(field)
    return ((words, 0, words.end),)


def _occurs(leaf: Leaf, indexed: IndexedEntry) -> bool:
    if leaf.field == "lang":
        wanted = leaf.text.strip('"').lower()
        return indexed.language == wanted or indexed.language.startswith(f"{wanted}-")
    words = indexed.words if leaf.field == TEXT else indexed.field(leaf.field)
    return words.reached[leaf.patterns]


def nearest_pairs(
    left: Sequence[Span], right: Sequence[Span], within: int, *, most: int, breaks: Sequence[int] = ()
) -> list[tuple[Span, Span]]:
    """Disjoint pairs of one from each side at most `within` positions apart, none over a break, nearest first.

    The distance is from the end of the one to the beginning of the other; neighbours are 1 apart. The nearest are
    looked for first: texts that repeat both sides have thousands of pairs, and `most` of them are enough.
    """
    if not left or not right:
        return []
    left, right = left[:_MOST_PLACES], right[:_MOST_PLACES]
    pairs = len(left) * len(right)
    nearest = within if pairs < _FEW else min(_NEAREST if pairs < _MANY else 1, within)
    while True:
        near = _within(left, right, nearest)
        if breaks:
            near = [one for one in near if bisect_right(breaks, one[1][0]) == bisect_right(breaks, one[2][0])]
        chosen = _disjoint(sorted(near), most)
        if len(chosen) == most or nearest == within:
            return chosen
        nearest = min(2 * nearest, within)


def _disjoint(near: Sequence[tuple[int, Span, Span]], most: int) -> list[tuple[Span, Span]]:
    """The first pairs that share no position."""
    chosen: list[tuple[Span, Span]] = []
    used: set[int] = set()
    for _, one, other in near:
        places = {*range(one[0], one[1]), *range(other[0], other[1])}
        if used.isdisjoint(places):
            used |= places
            chosen.append((one, other))
            if len(chosen) == most:
                break
    return chosen


def _within(left: Sequence[Span], right: Sequence[Span], within: int) -> list[tuple[int, Span, Span]]:
    widest = max(stop - start for start, stop in right)
    begins = [start for start, _ in right]
    found: list[tuple[int, Span, Span]] = []
    for one in left:
        for at in range(bisect_left(begins, one[0] - within - widest), len(right)):
            other = right[at]
            if other[0] > one[1] + within - 1:
                break
            distance = other[0] - one[1] + 1 if other[0] >= one[1] else one[0] - other[1] + 1
            if 1 <= distance <= within:
                found.append((distance, one, other))
    return found
