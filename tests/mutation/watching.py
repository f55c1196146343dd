"""Watches a feed through a window that moves from its oldest entries to its newest, seven polls in all.

New entries come in at the same polls at which a mutation works. Every entry that was not in the first document must
be new exactly once, every other one never.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from tests.mutation.polled_feed import START, PolledFeed
from tests.mutation.scenarios import Scenario
from watcher.errors import ParseError
from watcher.model.entry import Entry
from watcher.parse.document import parse_document

POLLS = 7
FEWEST = 4
LARGEST = 16
"""Entries of one feed that are shown, and below characters of their texts: enough to tell them apart, and quick."""
TEXT = 400


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


def watch(entries: Sequence[Entry], scenario: Scenario) -> Watched:
    """`entries` are the oldest first."""
    feed = PolledFeed()
    new: Counter[int] = Counter()
    shown: set[int] = set()
    windows = list(_windows(len(entries)))
    for poll, window in enumerate(windows):
        chosen = scenario.selection(window[::-1], poll)
        document = {place: scenario.mutation(entries[place], poll, feed.now) for place in chosen}
        places = {id(entry): place for place, entry in document.items()}
        decision = feed.poll([document[place] for place in chosen])
        shown.update(chosen)
        if poll:
            new.update(places[id(item.entry)] for item in decision.new)
    return Watched(new, frozenset(windows[0]), frozenset(shown))


def _windows(entries: int) -> Iterator[range]:
    first, width = entries // 2, max(3, entries * 7 // 10)
    for poll in range(POLLS):
        end = min(entries, first + (entries - first) * poll // (POLLS - 2))
        yield range(max(0, end - width), end)


def on_time(entries: Sequence[Entry]) -> list[Entry]:
    """The same entries as if each had been published ten minutes before the poll that shows it first."""
    hours = {}
    for poll, window in reversed(list(enumerate(_windows(len(entries))))):
        hours |= dict.fromkeys(window, poll + 1)
    hours |= {place: place + 1 - len(entries) for place in next(_windows(len(entries)))}
    return [
        _published(entry, START + timedelta(hours=hours[place], minutes=-10)) for place, entry in enumerate(entries)
    ]


def _published(entry: Entry, moment: datetime) -> Entry:
    return replace(entry, published=moment if entry.published else None, updated=moment if entry.updated else None)


def entries_of(path: Path) -> list[Entry]:
    """The entries of a real feed that differ for a reader, oldest first; none when they are too few."""
    try:
        parsed = parse_document(path.read_bytes(), url=f"https://example.org/{path.stem}", headers={})
    except ParseError:
        return []
    entries = _distinct(parsed.entries[:LARGEST])
    return entries[::-1] if len(entries) >= FEWEST else []


def _distinct(entries: Sequence[Entry]) -> list[Entry]:
    """Entries that say something, and that differ for a reader without a date; real feeds list some twice."""
    short = [replace(entry, summary=entry.summary[:TEXT], content=entry.content[:TEXT]) for entry in entries]
    short = [entry for entry in short if entry.title or entry.summary or entry.content]
    return list({(entry.link, entry.title, entry.summary, entry.content): entry for entry in reversed(short)}.values())[
        ::-1
    ]
