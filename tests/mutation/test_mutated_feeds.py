"""Real feeds whose publishers change names, dates, addresses and order: no repeated alert, no new entry lost.

`make mutation` does the same with every feed of the corpus; here are those that made earlier rules fail, and some.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from tests.harness.corpus import Corpus
from tests.mutation.changes import from_poll
from tests.mutation.scenarios import SINGLE, Scenario, at_once, little_left, single, successive
from tests.mutation.watching import entries_of, on_time, watch
from watcher.model.entry import Entry

ODD = {
    "03db8affb53e2a2f": "short titles, no texts",
    "5532f16828c3b094": "equal titles, and one text for many",
    "6ca5c4168c5b374f": "no titles, texts that repeat the title",
    "995fa12531de4aa0": "pages among the entries, texts of five words",
    "c2a4afd1f4ddcada": "equal titles, entries that say nothing",
    "cc314ce5dfbb3adc": "neither ids nor links",
    "72d1083fa3130282": "entries listed twice",
}
"""Feeds that made earlier rules fail; beside them every so manieth of the others."""
STEP = 15
PAIRS = 8
"""Every so manieth pair of successive mutations, each on the odd feeds only."""

Feeds = dict[str, Sequence[Entry]]


@pytest.fixture(scope="module")
def feeds(corpus: Corpus) -> Feeds:
    """Entries of feeds of the corpus, oldest first; those with even numbers as if published when they are shown first."""
    chosen = [*(path for path in corpus.feeds if path.stem in ODD), *corpus.feeds[::STEP]]
    found = {path.stem: entries for path in chosen if (entries := entries_of(path))}
    assert len(found) >= len(ODD)
    return {name: on_time(entries) if number % 2 else entries for number, (name, entries) in enumerate(found.items())}


@pytest.mark.parametrize("scenario", [pytest.param(one, id=one.name) for one in (*single(), *at_once())])
def test_nothing_is_repeated_and_nothing_lost(feeds: Feeds, scenario: Scenario) -> None:
    outcomes = {name: watch(entries, scenario) for name, entries in feeds.items()}
    assert {name: outcome.repeated for name, outcome in outcomes.items() if outcome.repeated} == {}
    assert {name: outcome.lost for name, outcome in outcomes.items() if outcome.lost} == {}


def test_one_change_after_the_other(feeds: Feeds) -> None:
    for scenario in list(successive())[::PAIRS]:
        for name in ODD:
            outcome = watch(feeds[name], scenario)
            assert (outcome.repeated, outcome.lost) == ([], []), f"{scenario.name}, {name}"


def test_where_little_is_left_at_least_nothing_is_lost(feeds: Feeds) -> None:
    for scenario in little_left():
        for name in ODD:
            assert watch(feeds[name], scenario).lost == [], f"{scenario.name}, {name}"


@pytest.mark.parametrize("seed", range(3))
def test_entries_that_come_late_are_not_lost(feeds: Feeds, seed: int) -> None:
    """The same in an order that has nothing to do with the dates."""
    for name, entries in feeds.items():
        shuffled = random.Random(seed).sample(entries, len(entries))
        for mutation in ("https", "guid_scheme", "tracked", "blank_guids", "one_guid"):
            outcome = watch(shuffled, Scenario(mutation, from_poll(3, SINGLE[mutation])))
            assert (outcome.repeated, outcome.lost) == ([], []), f"{name}, {mutation}"
