"""How fast the store is beside raw sqlite3, in one run on one disk.

    python bench/store.py [--entries 1000000] [--feeds 100000] [--folder DIRECTORY]

Fills a store, then measures with everything in it: saving polls (30 new entries each, batches of 32), saving polls
that bring nothing new, acquiring due feeds, looking up seen keys, opening. The peer writes the same rows (keys, texts,
the same indexes) through `sqlite3.executemany` in transactions of the same size, with the same pragmas, turn about
with ours.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from watcher.model.alert import Alert, EarlierAlert, stable_hash
from watcher.model.entry import Entry, EntryDecision, Identified, SeenProbe
from watcher.model.feed import AcquiredFeed
from watcher.model.story import AlertDecision, Verdict
from watcher.store.records import PollRecord
from watcher.store.store import Store, open_store
from watcher.story.assign import StoryAssigner

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
PER_POLL = 30
BATCH = 32
ROUNDS = 50
TEXT = "Negotiators said on Monday that the ceasefire holds in most places. " * 8


def tell(_alert: Alert, _before: Sequence[EarlierAlert]) -> AlertDecision:
    return AlertDecision(Verdict.NOTIFY)


def entry(url: str, number: int) -> Identified:
    name = f"{url}#{number}"
    return Identified(
        key=stable_hash("key", name),
        entry=Entry(id=name, link=name, title=f"Ceasefire holds, day {number}", summary=TEXT, published=NOW),
        link_hash=stable_hash("link", name),
        title_fingerprint=stable_hash("title", name),
        text_fingerprint=stable_hash("text", name),
    )


def polled(feed: AcquiredFeed, decision: EntryDecision, now: datetime) -> PollRecord:
    state = replace(feed.state, next_poll_at=now + HOUR, last_polled_at=now, last_success_at=now)
    return PollRecord(feed.epoch, state, "Example News", {"region": "mena"}, decision)


def batches(store: Store, now: datetime, first: int, count: int, *, known: bool) -> Iterator[list[PollRecord]]:
    """Polls of due feeds, `count` batches: entries numbered from `first`, new or known."""
    for _ in range(count):
        records = []
        for feed in store.polls.acquire_due("bench", now, now + HOUR, BATCH):
            these = tuple(entry(feed.state.url, first + number) for number in range(PER_POLL))
            decision = EntryDecision(known=tuple(one.key for one in these)) if known else EntryDecision(new=these)
            records.append(polled(feed, decision, now))
        yield records


def seconds_saving(store: Store, now: datetime, first: int, *, known: bool) -> float:
    """Seconds that `save_polls` takes for one batch; making the values is not counted."""
    records = next(batches(store, now, first, 1, known=known))
    begun = time.perf_counter()
    assert all(saved.saved for saved in store.polls.save("bench", records, now, tell, StoryAssigner()))
    return time.perf_counter() - begun


def per_second(seconds: Sequence[float]) -> float:
    """Entries a second, from what each batch took."""
    return len(seconds) * BATCH * PER_POLL / sum(seconds)


def fill(store: Store, entries: int) -> None:
    """Brings `entries` entries into the store, by polls of every feed in turn."""
    rounds = entries // (BATCH * PER_POLL)
    for number, records in enumerate(batches(store, NOW, 0, rounds, known=False)):
        store.polls.save("bench", records, NOW, tell, StoryAssigner())
        if number % 200 == 0:
            print(f"  filled {number * BATCH * PER_POLL:>9,} entries", flush=True)


PEER = """
CREATE TABLE seen (feed_id INTEGER NOT NULL, key BLOB NOT NULL, link BLOB, title BLOB, text BLOB, first INTEGER,
                   last INTEGER, PRIMARY KEY (feed_id, key)) WITHOUT ROWID;
CREATE INDEX seen_link ON seen (feed_id, link); CREATE INDEX seen_title ON seen (feed_id, title);
CREATE INDEX seen_text ON seen (feed_id, text); CREATE INDEX seen_last ON seen (last);
CREATE TABLE entries (id INTEGER PRIMARY KEY, key BLOB UNIQUE, feed_id INTEGER, first INTEGER, document TEXT);
CREATE INDEX entries_first ON entries (first, key);
"""


def peer_rows(batch: int) -> list[tuple[int, Identified]]:
    feeds = range(batch * BATCH, (batch + 1) * BATCH)
    return [(feed, entry(f"https://peer.example/{feed}", number)) for feed in feeds for number in range(PER_POLL)]


def opened_peer(file: Path, filled: int) -> sqlite3.Connection:
    """Plain sqlite3 with `filled` entries in it."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA cache_size=-16384")
    connection.executescript(PEER)
    for batch in range(filled // (BATCH * PER_POLL)):
        peer_write(connection, peer_rows(batch))
    return connection


def seconds_of_peer(connection: sqlite3.Connection, batch: int) -> float:
    rows = peer_rows(batch)
    begun = time.perf_counter()
    peer_write(connection, rows)
    return time.perf_counter() - begun


def peer_write(connection: sqlite3.Connection, rows: list[tuple[int, Identified]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        "INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?, ?, 1, 1)",
        [
            (feed, *map(bytes.fromhex, (one.key, str(one.link_hash), one.title_fingerprint, one.text_fingerprint)))
            for feed, one in rows
        ],
    )
    connection.executemany(
        "INSERT INTO entries (key, feed_id, first, document) VALUES (?, ?, 1, ?)",
        [
            (bytes.fromhex(one.key), feed, json.dumps({"title": one.entry.title, "summary": one.entry.summary}))
            for feed, one in rows
        ],
    )
    connection.execute("COMMIT")


def milliseconds(times: int, question: object) -> float:
    """The median of several calls."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        question()  # type: ignore[operator]
        taken.append((time.perf_counter() - begun) * 1000)
    return sorted(taken)[times // 2]


POLLS = 1_000
"""Saved in one round."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--entries", type=int, default=1_000_000)
    arguments.add_argument("--feeds", type=int, default=100_000)
    arguments.add_argument("--folder", type=Path, default=None)
    options = arguments.parse_args()
    if options.feeds < POLLS:
        arguments.error(f"--feeds: a round saves {POLLS:,} polls, so name at least as many feeds")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        measure(Path(folder), options.entries, options.feeds)


def measure(folder: Path, entries: int, feeds: int) -> None:
    store = open_store("sqlite:///bench.db", base=folder)
    store.upgrade()
    urls = [f"https://feeds.example.org/{number}/rss.xml" for number in range(feeds)]
    synced = milliseconds(1, lambda: store.feeds.sync(urls, NOW))
    again = milliseconds(3, lambda: store.feeds.sync(urls, NOW))
    print(f"sync {feeds:,} feeds: first {synced:,.0f} ms, unchanged {again:,.0f} ms", flush=True)
    fill(store, entries)
    with closing(opened_peer(folder / "peer.db", entries)) as peer:
        first_batch = entries // (BATCH * PER_POLL)
        pairs = [
            (seconds_saving(store, NOW + 2 * HOUR, POLLS, known=False), seconds_of_peer(peer, first_batch + number))
            for number in range(ROUNDS)
        ]
    ours, raw = (per_second(seconds) for seconds in zip(*pairs, strict=True))
    refreshed = per_second([seconds_saving(store, NOW + 4 * HOUR, POLLS, known=True) for _ in range(ROUNDS)])
    known = per_second([seconds_saving(store, NOW + 6 * HOUR, POLLS, known=True) for _ in range(ROUNDS)])
    due = milliseconds(20, lambda: store.polls.acquire_due("bench", NOW + 8 * HOUR, NOW + 9 * HOUR, 100))
    url = urls[0]
    names = [entry(url, number) for number in range(PER_POLL)]
    probe = SeenProbe(
        frozenset(one.key for one in names),
        frozenset(str(one.link_hash) for one in names),
        frozenset(name for one in names for name in (one.title_fingerprint, one.text_fingerprint)),
    )
    seen = milliseconds(50, lambda: store.polls.seen(url, probe))
    first_pages = milliseconds(5, lambda: (store.routing.unrouted(100), store.groups.waiting()))
    stats = store.stats()
    store.close()
    reopened = milliseconds(5, lambda: open_store("sqlite:///bench.db", base=folder).check_schema())
    print(f"{stats.entries:,} entries, {stats.bytes / 1e6:,.0f} MB")
    print(f"save_polls, new entries:        {ours:>10,.0f} entries/s  ({ours / raw:.2f} of raw sqlite3: {raw:,.0f})")
    print(f"save_polls, known, first time:  {refreshed:>10,.0f} entries/s")
    print(f"save_polls, known:              {known:>10,.0f} entries/s")
    print(f"acquire 100 of {feeds:,} due feeds: {due:>7.1f} ms  (limit 50)")
    print(f"seen, probe of {PER_POLL} entries:      {seen:>9.2f} ms")
    print(f"first questions of a tick:      {first_pages:>10.2f} ms")
    print(f"open and check the schema:      {reopened:>10.2f} ms")


if __name__ == "__main__":
    main()
