"""Whether an entry satisfies a query, and which part of the query decided."""

from __future__ import annotations

from bisect import bisect_left

from watcher.match.entry_index import IndexedEntry, Positions
from watcher.match.expression import TEXT, Either, Every, Expression, Leaf, Together, Without
from watcher.match.pairs import Placed, pairs
from watcher.match.scan import Span


def holds(expression: Expression, reading: IndexedEntry) -> bool:
    """Whether the expression is true for the entry."""
    match expression:
        case Leaf():
            return _stands(expression, reading)
        case Together(left, right, within):
            return any(
                pairs(placed(left, words, begin, end), placed(right, words, begin, end), within, most=1)
                for words, begin, end in _stretches(left[0].field, reading)
            )
        case Every(parts):
            return all(holds(part, reading) for part in parts)
        case Either(parts):
            return any(holds(part, reading) for part in parts)
        case Without(part):
            return not holds(part, reading)


def placed(leaves: tuple[Leaf, ...], words: Positions, begin: int, end: int) -> list[Placed]:
    """Every occurrence of any of the leaves between two positions, with the leaf's text."""
    found: dict[Span, str] = {}
    for leaf in reversed(leaves):
        for pattern in leaf.patterns:
            places = words.occurrences(pattern)
            between = places[bisect_left(places, (begin,)) : bisect_left(places, (end,))]
            found.update(dict.fromkeys(between, leaf.text))
    return sorted([(start, stop, text) for (start, stop), text in found.items()])


def text_stretches(reading: IndexedEntry) -> tuple[tuple[Positions, int, int], ...]:
    """Title and body: a pair of words must stand in one of them."""
    words = reading.words
    return (words, 0, reading.body_start), (words, reading.body_start, words.end)


def what_holds(expression: Expression, reading: IndexedEntry) -> str:
    """The smallest alternative that makes a true expression true, as text."""
    if isinstance(expression, Either):
        return next(what_holds(part, reading) for part in expression.parts if holds(part, reading))
    return str(expression)


def what_is_missing(expression: Expression, reading: IndexedEntry) -> str:
    """The conditions that make a false expression false, as text."""
    if isinstance(expression, Every):
        missing = Every(tuple(part for part in expression.parts if not holds(part, reading)))
        return str(missing.parts[0]) if len(missing.parts) == 1 else str(missing)
    return str(expression)


def _stretches(field: str, reading: IndexedEntry) -> tuple[tuple[Positions, int, int], ...]:
    if field == TEXT:
        return text_stretches(reading)
    words = reading.field(field)
    return ((words, 0, words.end),)


def _stands(leaf: Leaf, reading: IndexedEntry) -> bool:
    if leaf.field == "lang":
        wanted = leaf.text.strip('"').lower()
        return reading.language == wanted or reading.language.startswith(f"{wanted}-")
    words = reading.words if leaf.field == TEXT else reading.field(leaf.field)
    return any(map(words.stands, leaf.patterns))
