"""What a query means: a tree of words and conditions, without the text it was written in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from watcher.lazy_dataclass import dataclass
from watcher.match.terms import Phrase
from watcher.model.topic import Points

FIELDS = ("title", "summary", "author", "category", "feed", "lang")
"""What may stand before a colon in a query."""

_IN_TEXT = ("", "title")
TEXT = ""
"""The field of a word without a colon: title and body."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A word, phrase, prefix or list. `text` is as written; `patterns` are known once it is indexed."""

    text: str
    phrases: tuple[Phrase, ...]
    field: str = TEXT
    weight: Points | None = None
    patterns: frozenset[int] = frozenset()

    def __str__(self) -> str:
        return f"{self.field}:{self.text}" if self.field else self.text


@dataclass(frozen=True, slots=True)
class NearPair:
    """NEAR: a leaf of `left` and one of `right` at most `within` positions apart, in either order and one sentence.

    `across` (ACROSS): also over the ends of sentences, and from the title into the text. `also`: one of these must be
    anywhere in the entry. `sides`: the patterns of all leaves of either side, known once they are indexed.
    """

    left: tuple[Leaf, ...]
    right: tuple[Leaf, ...]
    within: int
    across: bool = False
    also: tuple[Leaf, ...] = ()
    sides: tuple[frozenset[int], frozenset[int]] = (frozenset(), frozenset())

    def __str__(self) -> str:
        return f"{_group(self.left)} {'ACROSS' if self.across else 'NEAR'}/{self.within} {_group(self.right)}"


@dataclass(frozen=True, slots=True)
class And:
    """AND."""

    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        return " AND ".join(f"({part})" if isinstance(part, Or) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    """OR."""

    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        return " OR ".join(map(str, self.parts))


@dataclass(frozen=True, slots=True)
class Not:
    """NOT."""

    part: Expression

    def __str__(self) -> str:
        return f"NOT {self.part}" if isinstance(self.part, Leaf) else f"NOT ({self.part})"


Expression = Leaf | NearPair | And | Or | Not


def _group(leaves: tuple[Leaf, ...]) -> str:
    return str(leaves[0]) if len(leaves) == 1 else f"({' OR '.join(map(str, leaves))})"


def leaves(expression: Expression) -> Iterator[Leaf]:
    """Every leaf, from left to right."""
    match expression:
        case Leaf():
            yield expression
        case NearPair(left, right, also=also):
            yield from (*left, *right, *also)
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)


def positive_leaves(expression: Expression) -> Iterator[Leaf]:
    """Every leaf that is not under NOT."""
    match expression:
        case And(parts) | Or(parts):
            for part in parts:
                yield from positive_leaves(part)
        case Not():
            return
        case _:
            yield from leaves(expression)


def patterns_of(side: tuple[Leaf, ...]) -> frozenset[int]:
    """The patterns of all leaves of a side."""
    return frozenset().union(*[leaf.patterns for leaf in side])


def map_leaves(expression: Expression, change: Callable[[Leaf], Leaf]) -> Expression:
    """The same tree with every leaf changed."""
    match expression:
        case Leaf():
            return change(expression)
        case NearPair():
            left, right, also = (
                tuple(map(change, side)) for side in (expression.left, expression.right, expression.also)
            )
            return replace(expression, left=left, right=right, also=also, sides=(patterns_of(left), patterns_of(right)))
        case And(parts):
            return And(tuple(map_leaves(part, change) for part in parts))
        case Or(parts):
            return Or(tuple(map_leaves(part, change) for part in parts))
        case Not(part):
            return Not(map_leaves(part, change))


def needed_leaves(expression: Expression) -> tuple[Leaf, ...] | None:
    """Leaves of which at least one is in title or body of every entry that satisfies the expression; None if there
    are no such leaves: then the whole expression must be evaluated.

    Of several choices the one with the fewest leaves: they are what an index looks for.
    """
    match expression:
        case Leaf():
            return (expression,) if expression.field in _IN_TEXT else None
        case NearPair(left, right):
            return min((left, right), key=len) if left[0].field in _IN_TEXT else None
        case And(parts):
            choices = [needed for part in parts if (needed := needed_leaves(part)) is not None]
            return min(choices, key=len, default=None)
        case Or(parts):
            alternatives = [needed_leaves(part) for part in parts]
            if any(needed is None for needed in alternatives):
                return None
            return tuple(leaf for needed in alternatives for leaf in needed or ())
        case Not():
            return None


def is_true_of_nothing(expression: Expression) -> bool:
    """Whether an entry without any word satisfies the expression."""
    match expression:
        case And(parts):
            return all(map(is_true_of_nothing, parts))
        case Or(parts):
            return any(map(is_true_of_nothing, parts))
        case Not(part):
            return not is_true_of_nothing(part)
        case _:
            return False
