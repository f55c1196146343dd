"""Which mutations come when: single ones, together, to and fro, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, permutations

from tests.mutation import changes
from tests.mutation.changes import Mutation, flip_flop, from_poll, together
from tests.mutation.shown import SELECTIONS, Selection, everything

SINGLE: dict[str, Mutation] = {
    mutation.__name__: mutation
    for mutation in (
        changes.https, changes.guid_scheme, changes.fresh_guids, changes.host_move, changes.path_rewrite,
        changes.stamped_now, changes.stamped_later, changes.undated, changes.blank_guids, changes.one_guid,
        changes.doubled_guids, changes.headline_guid, changes.tracked, changes.slash_and_www,
    )
}  # fmt: skip
_IDENTITY = ("https", "guid_scheme", "host_move", "path_rewrite", "blank_guids", "one_guid", "doubled_guids", "tracked")
_DATES = ("stamped_now", "stamped_later", "undated")
_LITTLE_LEFT = tuple({"path_rewrite", other} for other in ("headline_guid", *_DATES))
"""`path_rewrite` changes id and link; the others the title, or what a date says."""


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    mutation: Mutation = changes.plain
    selection: Selection = everything


def single() -> Iterator[Scenario]:
    """One mutation: from the first poll, from the fourth, to and fro; or one selection."""
    for name, mutation in SINGLE.items():
        yield Scenario(f"{name}, from the first poll", mutation)
        yield Scenario(f"{name}, from the fourth poll", from_poll(3, mutation))
        yield Scenario(f"{name}, to and fro", flip_flop(mutation, changes.plain))
    for name, selection in SELECTIONS.items():
        yield Scenario(name, selection=selection)


def at_once() -> Iterator[Scenario]:
    """Two mutations at the same time, and names that change while the feed is empty."""
    pairs = [*combinations(_IDENTITY, 2)]
    pairs += [(one, date) for one in ("blank_guids", "one_guid", "tracked", "https") for date in _DATES]
    for one, other in pairs:
        both = together(SINGLE[one], SINGLE[other])
        yield Scenario(f"{one} + {other}, from the fourth poll", from_poll(3, both))
        yield Scenario(f"{one} + {other}, to and fro", flip_flop(both, changes.plain))
    for name in _IDENTITY:
        yield Scenario(f"{name}, behind an empty feed", from_poll(3, SINGLE[name]), SELECTIONS["nothing_for_a_while"])


def successive() -> Iterator[Scenario]:
    """One mutation from the fourth poll, then another one from the sixth: instead of the first, or as well."""
    for one, other in permutations(SINGLE, 2):
        if {one, other} not in _LITTLE_LEFT:
            yield from _in_turn(one, other)


def little_left() -> Iterator[Scenario]:
    """The pairs after which an entry without a text of its own has nothing left by which it could be known."""
    for pair in _LITTLE_LEFT:
        for one, other in permutations(sorted(pair)):
            yield from _in_turn(one, other)


def _in_turn(one: str, other: str) -> Iterator[Scenario]:
    first, second = SINGLE[one], SINGLE[other]
    yield Scenario(f"{one}, then {other} instead", _then(first, second))
    yield Scenario(f"{one}, then {other} too", _then(first, together(first, second)))


def _then(first: Mutation, second: Mutation) -> Mutation:
    return lambda entry, poll, now: (second if poll >= 5 else first if poll >= 3 else changes.plain)(entry, poll, now)
