"""Does a poll cost more with more feeds, or with more stored entries? CPU time of the store, beside the smallest store.

    python bench/growth.py [--feeds 5000 20000 100000] [--entries 100000 1000000] [--folder DIRECTORY]

For each number of feeds with the fewest entries, then for each further number of entries with the second number of feeds,
it fills a SQLite store with rows in the order in which polls write them, opens it, and measures in batches of 64 polls:

* acquire: to lease a due feed;                     * unchanged: to save a poll that brought nothing;
* changed: to look up and save one new entry;       * entry: to save one of thirty new entries of a first reading.

Prints medians in microseconds of CPU time, and how many times the first row's they are. A straight line in the whole
means columns of 1. With --entries 10000000 it needs some 15 GB of disk.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.store import TEXT, entry, polled, tell
from watcher.model.entry import EntryDecision, SeenProbe
from watcher.model.feed import AcquiredFeed
from watcher.store.store import Store, open_store
from watcher.story.assign import StoryAssigner

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
BATCH, ROUNDS, FIRST_READING = 64, 15, 30
OPERATIONS = ("acquire", "unchanged", "changed", "entry")

FILL = """
PRAGMA cache_size = -1000000;
WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < {entries})
INSERT INTO entries (key, feed_id, first_seen, document) SELECT randomblob(16), 1 + n % {feeds}, n, '{document}' FROM number;
INSERT INTO seen (feed_id, key, link_hash, title_fingerprint, text_fingerprint, first_seen, last_seen)
    SELECT feed_id, key, randomblob(16), randomblob(16), randomblob(16), first_seen, first_seen FROM entries ORDER BY feed_id;
UPDATE feeds SET keys_refreshed_at = 9000000000000000;
"""


def filled(folder: Path, feeds: int, entries: int) -> None:
    store = open_store("sqlite:///bench.db", base=folder)
    store.upgrade()
    store.feeds.sync([f"https://host{number % (feeds // 5)}.example/{number}.xml" for number in range(feeds)], NOW)
    store.close()
    document = f'{{"id": "x", "link": "https://example.org/x", "title": "A ceasefire holds", "summary": "{TEXT}"}}'
    with closing(sqlite3.connect(folder / "bench.db")) as connection:
        connection.executescript(FILL.format(entries=entries, feeds=feeds, document=document))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class Measured:
    """One store and the microseconds that its operations take."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._assigner = StoryAssigner()
        self._round = 0
        self.taken: dict[str, list[float]] = {name: [] for name in OPERATIONS}

    def one_round(self) -> None:
        self._round += 1
        for name, make in (("unchanged", self._nothing), ("changed", self._one_new), ("entry", self._all_new)):
            begun = time.process_time()
            feeds = self._store.polls.acquire_due("bench", NOW, NOW + HOUR, BATCH)
            acquired = time.process_time()
            self._save(feeds, make)
            self.taken["acquire"].append((acquired - begun) / BATCH)
            saving = time.process_time() - acquired
            self.taken[name].append(saving / BATCH / (FIRST_READING if name == "entry" else 1))

    def _save(self, feeds: list[AcquiredFeed], make: Callable[[AcquiredFeed], EntryDecision]) -> None:
        records = [polled(feed, make(feed), NOW) for feed in feeds]
        assert len(records) == BATCH
        assert all(one.saved for one in self._store.polls.save("bench", records, NOW, tell, self._assigner))

    def _nothing(self, _: AcquiredFeed) -> EntryDecision:
        return EntryDecision(unchanged=FIRST_READING)

    def _one_new(self, feed: AcquiredFeed) -> EntryDecision:
        new = entry(feed.state.url, 1_000_000 + self._round)
        fingerprints = frozenset({new.title_fingerprint, new.text_fingerprint})
        probe = SeenProbe(frozenset({new.key}), frozenset({str(new.link_hash)}), fingerprints)
        assert not self._store.polls.seen(feed.state.url, probe)
        return EntryDecision(new=(new,), unchanged=FIRST_READING - 1)

    def _all_new(self, feed: AcquiredFeed) -> EntryDecision:
        first = 2_000_000 + self._round * FIRST_READING
        return EntryDecision(new=tuple(entry(feed.state.url, first + number) for number in range(FIRST_READING)))


def measure(folder: Path | None, feeds: int, entries: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(dir=folder) as name:
        filled(Path(name), feeds, entries)
        store = open_store("sqlite:///bench.db", base=Path(name))
        measured = Measured(store)
        for _ in range(ROUNDS):
            measured.one_round()
        store.close()
    return {name: statistics.median(taken) * 1e6 for name, taken in measured.taken.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, nargs="+", default=[5_000, 20_000, 100_000])
    parser.add_argument("--entries", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    sizes = [(feeds, options.entries[0]) for feeds in options.feeds]
    sizes += [(options.feeds[min(1, len(options.feeds) - 1)], entries) for entries in options.entries[1:]]
    print(f"{'feeds':>9}{'entries':>12}" + "".join(f"{name:>12} µs   ×" for name in OPERATIONS))
    first: dict[str, float] = {}
    for feeds, entries in sizes:
        figures = measure(options.folder, feeds, entries)
        first = first or figures
        columns = "".join(f"{figures[name]:>12.1f}{figures[name] / first[name]:>7.2f}" for name in OPERATIONS)
        print(f"{feeds:>9,}{entries:>12,}{columns}", flush=True)


if __name__ == "__main__":
    main()
