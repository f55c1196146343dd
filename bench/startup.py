"""How long a start takes after a crash with a large store: `python bench/startup.py`.

Makes a store with a million entries, their seen keys, and ten thousand pending messages under the leases of a process
that died; kills a daemon while it works on it; then measures from the start of `watcher run` until it says that it is
ready, and until the first pending message is sent, beside a start on the small
store from which it grew. The last line is the summary; exit code 1 when ready takes 5 s.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.crash.daemon_process import Deployment, Run
from tests.crash.driver import until
from tests.crash.ledger import Ledger
from tests.crash.published_log import Author
from tests.crash.publisher import Publisher
from tests.crash.sinks import Mood, open_sinks
from tests.crash.stores import MICROSECONDS, SqliteStore

READY_WITHIN = 5.0
FEEDS = 2_000
SEEDED = 200
"""Entries that the program itself polls and freezes, as patterns for the rest."""


async def seed(deployment: Deployment, store: SqliteStore, publisher: Publisher) -> None:
    """Lets the program make some of everything, and dies before it sends."""
    config = deployment.write("seed")
    await (await deployment.start(config, "db", "upgrade")).end()
    publisher.publish(SEEDED)
    run = await deployment.start(config, "run", failpoint="attempt.before:3")
    await run.end()


def grow(store: SqliteStore, entries: int, pending: int) -> None:
    """Copies the rows that are there until there are as many as wanted, each with keys of its own."""
    with closing(sqlite3.connect(store.file, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous=OFF")
        db.execute("BEGIN IMMEDIATE")
        _copy(db, "feeds", FEEDS, url=lambda number: f"http://127.0.0.1:9/gone/{number}.xml", paused=lambda _: 1)
        feeds = [row[0] for row in db.execute("SELECT id FROM feeds")]
        now = int(time.time() * MICROSECONDS)
        keys = [secrets.token_bytes(16) for _ in range(entries)]
        document = db.execute("SELECT document FROM entries LIMIT 1").fetchone()[0]
        db.executemany(
            "INSERT INTO seen (feed_id, key, first_seen, last_seen) VALUES (?, ?, ?, ?)",
            ((feeds[number % len(feeds)], key, now, now) for number, key in enumerate(keys)),
        )
        db.executemany(
            "INSERT INTO entries (key, feed_id, first_seen, document) VALUES (?, ?, ?, ?)",
            ((key, feeds[number % len(feeds)], now, document) for number, key in enumerate(keys)),
        )
        _copy(db, "delivery_groups", pending, key=_fresh)
        groups = iter(
            row[0]
            for row in db.execute("SELECT id FROM delivery_groups ORDER BY id DESC LIMIT ?", (pending,)).fetchall()
        )
        _copy(db, "notifications", pending, key=_fresh, group_id=lambda _: next(groups))
        db.execute("COMMIT")


def _fresh(_: int) -> bytes:
    return secrets.token_bytes(16)


def _copy(db: sqlite3.Connection, table: str, count: int, **changed: object) -> None:
    """`count` more rows like the last one of a table, with some columns made anew for each."""
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[1] != "id"]
    pattern = dict(
        zip(columns, db.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY id DESC").fetchone(), strict=True)
    )

    def rows() -> Iterator[list[object]]:
        for number in range(count):
            made = {name: make(number) for name, make in changed.items() if callable(make)}
            yield [made.get(name, pattern[name]) for name in columns]

    marks = ", ".join("?" * len(columns))
    db.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows())


async def measure(deployment: Deployment, name: str, tries: Ledger) -> tuple[float, float, Run]:
    """Seconds until it is ready and until a sink has heard of it, and the daemon, which still runs."""
    started, before = time.monotonic(), tries.lines
    run = await deployment.start(deployment.write(name), "run")
    await asyncio.wait_for(run.ready.wait(), 300)
    ready = time.monotonic() - started
    await until(lambda: tries.lines > before, 300)
    return ready, time.monotonic() - started, run


async def _kill(run: Run) -> None:
    run.process.kill()
    await run.end()


async def bench(folder: Path, entries: int, pending: int, starts: int) -> int:
    store = SqliteStore(folder / "watcher.db")
    publisher = Publisher(folder, Author(1, 20), 20, 10**6)
    hook, mail, tries = open_sinks(folder, Mood(1, 0.0, 0.0), lambda _: {})
    for part in (publisher, hook, mail):
        await part.start()
    deployment = Deployment(folder, store.url, publisher, hook, mail, interval="60s", timings={})
    await seed(Deployment(folder, store.url, publisher, hook, mail, interval="60s"), store, publisher)
    small, _, run = await measure(deployment, "small", tries)
    await _kill(run)
    grow(store, entries, pending)
    sizes = {
        "entries": store.number("SELECT count(*) FROM entries"),
        "pending": store.number("SELECT count(*) FROM notifications WHERE finished_at IS NULL"),
        "mib": store.number("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size") // 2**20,
    }
    print(json.dumps(sizes), flush=True)
    readies = []
    for number in range(starts):
        ready, first, run = await measure(deployment, f"start-{number}", tries)
        print(f"start {number + 1}: ready after {ready:.2f} s, first message after {first:.2f} s", flush=True)
        readies.append(ready)
        await _kill(run)
    for part in (publisher, hook, mail):
        part.stop()
    tries.close()
    print(
        json.dumps(
            {
                **sizes,
                "ready_small_s": round(small, 2),
                "ready_s": [round(value, 2) for value in readies],
                "bar_s": READY_WITHIN,
            }
        )
    )
    return 0 if max(readies) < READY_WITHIN else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--pending", type=int, default=10_000)
    parser.add_argument("--starts", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="watcher-startup-") as folder:
        return asyncio.run(bench(Path(folder), given.entries, given.pending, given.starts))


if __name__ == "__main__":
    sys.exit(main())
