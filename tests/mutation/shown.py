"""What of a feed a document shows: everything, nothing, or in another order. Pure.

A selection takes the places of the entries that are due, newest first, and the number of the poll.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

Selection = Callable[[Sequence[int], int], Sequence[int]]


def everything(places: Sequence[int], poll: int) -> Sequence[int]:
    return places


def nothing_for_a_while(places: Sequence[int], poll: int) -> Sequence[int]:
    """The feed is empty at the third and the fourth poll, and returns."""
    return () if poll in {2, 3} else places


def one_for_a_while(places: Sequence[int], poll: int) -> Sequence[int]:
    return places[:1] if poll in {2, 3} else places


def reversed_order(places: Sequence[int], poll: int) -> Sequence[int]:
    return places[::-1] if poll >= 3 else places


def shuffled(places: Sequence[int], poll: int) -> Sequence[int]:
    """In an order of its own at every poll."""
    return random.Random(poll).sample(places, len(places))


def every_other(places: Sequence[int], poll: int) -> Sequence[int]:
    """Half of the entries are taken out and come back, the other half then: never one that was not shown before."""
    return [place for place in places if place % 2 == poll % 2] if poll in {3, 4} else places


def middle_gone(places: Sequence[int], poll: int) -> Sequence[int]:
    """Some old entries are removed for two polls."""
    third = len(places) // 3
    return [*places[:third], *places[2 * third :]] if poll in {2, 3} else places


def doubled(places: Sequence[int], poll: int) -> Sequence[int]:
    """Every entry is listed twice."""
    return [*places, *places] if poll >= 3 else places


SELECTIONS: dict[str, Selection] = {
    selection.__name__: selection
    for selection in (
        nothing_for_a_while, one_for_a_while, reversed_order, shuffled, every_other, middle_gone, doubled,
    )
}  # fmt: skip
