"""Real feeds whose publishers change their names, dates and addresses: no repeated alert, no new entry lost.

A feed of the corpus is shown through a window that moves from its oldest entries to its newest, seven polls in all,
new entries coming in at the same polls at which the mutation works. Every entry that was not in the first document
must be new exactly once, every other one never.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import pytest
from corpus import Corpus
from mutating import changes as mutations
from mutating.changes import Mutation, flip_flop, from_poll, together
from mutating.polled_feed import PolledFeed

from watcher.model.entry import Entry
from watcher.parse.document import parse_document

POLLS = 7
LARGEST = 16
"""Entries of one feed that are shown, and below characters of their texts: enough to tell them apart, and quick."""
TEXT = 400
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

SINGLE = {
    name: getattr(mutations, name)
    for name in (
        "https", "guid_scheme", "fresh_guids", "host_move", "path_rewrite", "stamped_now", "stamped_later", "undated",
        "blank_guids", "one_guid", "doubled_guids", "headline_guid", "tracked", "slash_and_www",
    )
}  # fmt: skip
IDENTITY = ("https", "guid_scheme", "host_move", "path_rewrite", "blank_guids", "one_guid", "doubled_guids", "tracked")
PAIRS = {f"{one} + {other}": together(SINGLE[one], SINGLE[other]) for one, other in combinations(IDENTITY, 2)}
RE_DATED = {
    f"{one} + {date}": together(SINGLE[one], SINGLE[date])
    for one in ("blank_guids", "one_guid", "tracked", "https")
    for date in ("stamped_now", "stamped_later", "undated")
}


def scenarios() -> Iterator[tuple[str, Mutation]]:
    for name, mutation in SINGLE.items():
        yield f"{name}, from the first poll", mutation
    for name, mutation in (SINGLE | PAIRS | RE_DATED).items():
        yield f"{name}, from the fourth poll", from_poll(3, mutation)
        yield f"{name}, to and fro", flip_flop(mutation, mutations.plain)


@dataclass(frozen=True, slots=True)
class Watched:
    """How often each entry of a feed was new, by its place in the feed."""

    new: Counter[int]
    at_first: frozenset[int]
    shown: frozenset[int]

    @property
    def repeated(self) -> list[int]:
        return [place for place, times in self.new.items() if times > (place not in self.at_first)]

    @property
    def lost(self) -> list[int]:
        return [place for place in sorted(self.shown - self.at_first) if not self.new[place]]


def watch(entries: Sequence[Entry], mutation: Mutation) -> Watched:
    feed = PolledFeed()
    new: Counter[int] = Counter()
    windows = list(_windows(len(entries)))
    for poll, window in enumerate(windows):
        document = {place: mutation(entries[place], poll, feed.now) for place in reversed(window)}
        places = {id(entry): place for place, entry in document.items()}
        decision = feed.poll(list(document.values()))
        if poll:
            new.update(places[id(item.entry)] for item in decision.new)
    return Watched(new, frozenset(windows[0]), frozenset(place for window in windows for place in window))


def _windows(entries: int) -> Iterator[range]:
    first, width = entries // 2, max(3, entries * 7 // 10)
    for poll in range(POLLS):
        end = min(entries, first + (entries - first) * poll // (POLLS - 2))
        yield range(max(0, end - width), end)


@pytest.fixture(scope="module")
def feeds(corpus: Corpus) -> dict[str, list[Entry]]:
    """Entries of feeds of the corpus, oldest first."""
    found = {}
    for path in (*(path for path in corpus.feeds if path.stem in ODD), *corpus.feeds[::STEP]):
        parsed = parse_document(path.read_bytes(), url=f"https://example.org/{path.stem}", headers={})
        entries = _told_apart(parsed.entries[:LARGEST])
        if len(entries) >= 4:
            found[path.stem] = entries[::-1]
    assert len(found) >= len(ODD)
    return found


def _told_apart(entries: Sequence[Entry]) -> list[Entry]:
    """Entries that say something, and that a reader could tell apart without a date; real feeds list some twice."""
    short = [replace(entry, summary=entry.summary[:TEXT], content=entry.content[:TEXT]) for entry in entries]
    short = [entry for entry in short if entry.title or entry.summary or entry.content]
    return list({(entry.link, entry.title, entry.summary, entry.content): entry for entry in reversed(short)}.values())[
        ::-1
    ]


@pytest.mark.parametrize("mutation", [pytest.param(mutation, id=name) for name, mutation in scenarios()])
def test_nothing_is_repeated_and_nothing_lost(feeds: dict[str, list[Entry]], mutation: Mutation) -> None:
    outcomes = {name: watch(entries, mutation) for name, entries in feeds.items()}
    assert {name: outcome.repeated for name, outcome in outcomes.items() if outcome.repeated} == {}
    assert {name: outcome.lost for name, outcome in outcomes.items() if outcome.lost} == {}


@pytest.mark.parametrize("seed", range(3))
def test_entries_that_come_late_are_not_lost(feeds: dict[str, list[Entry]], seed: int) -> None:
    """The same in an order that has nothing to do with the dates."""
    for name, entries in feeds.items():
        shuffled = random.Random(seed).sample(entries, len(entries))
        for mutation in ("https", "guid_scheme", "tracked", "blank_guids", "one_guid"):
            outcome = watch(shuffled, from_poll(3, SINGLE[mutation]))
            assert (outcome.repeated, outcome.lost) == ([], []), f"{name}, {mutation}"
