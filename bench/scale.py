"""What polls cost a PostgreSQL store that several nodes share.

    python bench/scale.py [--feeds 1000000] [--clients 3] [--seconds 20] [--turnovers 1.8] [--folder DIRECTORY] [--alone]

A private server (fsync off, else as installed), real clients in processes of their own, no network to any feed. All
feeds are due. Each client acquires, makes the values that a poll would bring, and saves them in batches of 64, as the
daemon does:

* warm: nothing has changed (a 304);          * cold: a first document of 30 entries;
* changed: one of 30 entries is new;          * alerts: one new entry with an alert, whose story is looked for;
* again: nothing has changed, and the feed is due again at once, until each was polled `--turnovers` times. 1.8 is what an
  hour of 500 polls a second is for 1,000,000 feeds.

For each it prints polls a second, statements a poll, the server's CPU and WAL a poll, the clients' CPU a poll, and of
the tables of feeds the share of updates that wrote into no index (HOT) and how much they grew. A row of `feeds` or
`hosts` changes when it is due, which is in an index; a row of `feed_states` must not cost that. The promises are for a
quiet machine with four cores; `--alone` makes exit 1 of those that are broken. The others count anywhere.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text

from tests.harness.postgres import PrivateServer
from watcher.model.alert import Alert, Evidence, alert_id, stable_hash
from watcher.model.entry import Entry, EntryDecision, Identified, SeenProbe
from watcher.model.feed import AcquiredFeed, Feed, PollState
from watcher.model.topic import Level
from watcher.store import documents
from watcher.store.records import PollRecord
from watcher.store.store import Store, open_store
from watcher.story.assign import StoryAssigner, decide_alert
from watcher.story.sketch import sketch_of

HOUR = timedelta(hours=1)
AT_ONCE, BATCH, ENTRIES = 256, 64, 30
FEEDS_OF_A_HOST = 5
WORDS = [stable_hash(str(number))[:7] for number in range(5_000)]
ASSIGNER = StoryAssigner()
TABLES = ("feeds", "feed_states", "feed_leases", "hosts")


def identified(url: str, name: str, title: str) -> Identified:
    return Identified(
        key=stable_hash(url, name),
        entry=Entry(id=name, link=f"{url}#{name}", title=title, summary=title * 4, published=datetime.now(UTC)),
        link_hash=stable_hash("link", url, name),
        title_fingerprint=stable_hash("title", title),
        text_fingerprint=stable_hash("text", url, name),
    )


def warm(_store: Store, feed: AcquiredFeed) -> PollRecord:
    return record_of(feed)


def again(_store: Store, feed: AcquiredFeed) -> PollRecord:
    record = record_of(feed)
    return replace(record, state=replace(record.state, next_poll_at=datetime.now(UTC)))


def cold(_store: Store, feed: AcquiredFeed) -> PollRecord:
    url = feed.state.url
    quiet = tuple(identified(url, str(number), f"{url} {number}") for number in range(ENTRIES))
    return replace(record_of(feed), decision=EntryDecision(quiet=quiet, is_baseline=True), labels={})


def changed(store: Store, feed: AcquiredFeed) -> PollRecord:
    """As the daemon reads such a document: only what changed is looked up."""
    name = f"new {feed.epoch}"
    new = identified(feed.state.url, name, f"{feed.state.url} {name}")
    fingerprints = frozenset({new.title_fingerprint, new.text_fingerprint})
    assert not store.polls.seen(
        feed.state.url, SeenProbe(frozenset({new.key}), frozenset({str(new.link_hash)}), fingerprints)
    )
    return replace(record_of(feed), decision=EntryDecision(new=(new,), unchanged=ENTRIES - 1), labels={})


def alerting(_store: Store, feed: AcquiredFeed) -> PollRecord:
    url, name = feed.state.url, f"alert {feed.epoch}"
    new = identified(url, name, " ".join(random.choices(WORDS, k=12)))
    one = Alert(
        id=alert_id("ceasefires", new.key, Level.FOCUS),
        topic="ceasefires",
        topic_title="Ceasefires",
        level=Level.FOCUS,
        score=740,
        focus=500,
        evidence=(Evidence("ceasefire*", "title", 1, 740, "a ceasefire holds", ((2, 11),)),),
        entry_key=new.key,
        entry=new.entry,
        feed_url=url,
        feed_title=url,
        first_seen=datetime.now(UTC),
        story=stable_hash("story", new.key),
        labels={"topic": "ceasefires"},
    )
    sketches = {new.key: sketch_of(new, Feed(url))}
    return replace(record_of(feed), decision=EntryDecision(new=(new,)), alerts=(one,), sketches=sketches, labels={})


def record_of(feed: AcquiredFeed) -> PollRecord:
    now = datetime.now(UTC)
    state = replace(
        feed.state,
        next_poll_at=now + HOUR,
        last_polled_at=now,
        last_success_at=now,
        entry_hashes=feed.state.entry_hashes or "0123456789abcdef" * 2 * ENTRIES,
    )
    return PollRecord(feed.epoch, state, feed.state.url, issues_from=now + 1000 * HOUR)


MODES: dict[str, Callable[[Store, AcquiredFeed], PollRecord]] = {
    "warm": warm,
    "cold": cold,
    "changed": changed,
    "alerts": alerting,
    "again": again,
}


@dataclass(frozen=True, slots=True)
class Work:
    """What one client did."""

    polls: int
    statements: int
    cpu: float
    seconds: float


@contextmanager
def counted() -> Iterator[list[int]]:
    """Statements as the server executes them: one for many rows with values of each counts as many."""
    count = [0]

    def add(_connection: Any, _cursor: Any, _statement: str, given: Any, _context: Any, many: bool) -> None:
        count[0] += len(given) if many else 1

    event.listen(Engine, "before_cursor_execute", add)
    yield count
    event.remove(Engine, "before_cursor_execute", add)


def work(url: str, number: int, mode: str, seconds: float, most: int, barrier: Barrier) -> Work:
    """A client's life: it polls until the time is over, nothing is due, or it has polled so many feeds."""
    store, owner, polls = open_store(url, base=Path()), f"client {number}", 0
    store.polls.has_due(datetime.now(UTC))
    barrier.wait()
    with counted() as statements:
        begun, cpu = time.monotonic(), time.process_time()
        while time.monotonic() - begun < seconds and polls < most:
            now = datetime.now(UTC)
            acquired = store.polls.acquire_due(owner, now, now + HOUR, AT_ONCE)
            if not acquired:
                break
            records = [MODES[mode](store, feed) for feed in acquired]
            for start in range(0, len(records), BATCH):
                saved = store.polls.save(owner, records[start : start + BATCH], now, decide_alert, ASSIGNER)
                assert all(one.saved for one in saved)
            polls += len(acquired)
        done = Work(polls, statements[0], time.process_time() - cpu, time.monotonic() - begun)
    store.close()
    return done


class Server:
    """What the server says of itself, and what the kernel says of its CPU."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, isolation_level="AUTOCOMMIT")
        self._postmaster = int(self.value("SELECT pg_read_file('postmaster.pid')").split()[0])

    def value(self, query: str) -> Any:
        with self._engine.connect() as connection:
            return connection.execute(text(query)).scalar_one()

    def run(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(text(statement))

    def cpu(self) -> float:
        """Seconds of all its processes, those that ended too. Call it when the clients have left."""
        time.sleep(0.5)
        processes = [path.name for path in Path("/proc").iterdir() if path.name.isdigit()]
        living = [pid for pid in processes if _parent(pid) == self._postmaster]
        return _cpu(str(self._postmaster), ended=True) + sum(_cpu(pid, ended=False) for pid in living)

    def updates(self, table: str) -> tuple[int, int]:
        """All updates of a table, and those that wrote into no index."""
        self.run("SELECT pg_stat_force_next_flush()")
        counts = f"FROM pg_stat_user_tables WHERE relname = '{table}'"
        return self.value(f"SELECT n_tup_upd {counts}"), self.value(f"SELECT n_tup_hot_upd {counts}")

    def size(self, table: str) -> int:
        return int(self.value(f"SELECT pg_total_relation_size('{table}')"))


def _stat(pid: str) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _parent(pid: str) -> int:
    return int(stat[1]) if (stat := _stat(pid)) else 0


def _cpu(pid: str, *, ended: bool) -> float:
    ticks = _stat(pid)[11:15] or ["0"]
    return sum(map(int, ticks if ended else ticks[:2])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one mode, a poll."""

    polls_per_second: float
    statements: float
    server_ms: float
    client_ms: float
    hot: dict[str, float]
    growth: float


def measure(server: Server, url: str, mode: str, clients: int, seconds: float, most: int) -> Figures:
    server.run("CHECKPOINT")
    before = {table: (server.size(table), *server.updates(table)) for table in TABLES}
    wal, cpu = server.value("SELECT pg_current_wal_lsn()"), server.cpu()
    spawn = multiprocessing.get_context("spawn")
    with spawn.Manager() as manager, spawn.Pool(clients) as pool:
        barrier = manager.Barrier(clients)
        given = [(url, number, mode, seconds, most, barrier) for number in range(clients)]
        done: Sequence[Work] = pool.starmap(work, given)
    polls = max(1, sum(one.polls for one in done))
    after = {table: (server.size(table), *server.updates(table)) for table in TABLES}
    figures = Figures(
        sum(one.polls / one.seconds for one in done),
        sum(one.statements for one in done) / polls,
        (server.cpu() - cpu) / polls * 1000,
        sum(one.cpu for one in done) / polls * 1000,
        {table: (after[table][2] - before[table][2]) / max(1, after[table][1] - before[table][1]) for table in TABLES},
        sum(size for size, *_ in after.values()) / sum(size for size, *_ in before.values()),
    )
    written = int(server.value(f"SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '{wal}')")) / polls
    print(
        f"{mode:<8}{polls:>9,} polls {figures.polls_per_second:>8,.0f}/s  statements {figures.statements:6.2f}  "
        f"server {figures.server_ms:6.3f} ms  WAL {written:8,.0f} B  clients {figures.client_ms:6.3f} ms",
        flush=True,
    )
    for table, (size, updates, _hot) in after.items():
        old, earlier, _ = before[table]
        print(
            f"        {table:<12}{updates - earlier:>9,} updates, {figures.hot[table]:.0%} HOT, {size / old:.2f} × size"
        )
    return figures


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--feeds", type=int, default=1_000_000)
    arguments.add_argument("--clients", type=int, default=3)
    arguments.add_argument("--seconds", type=float, default=20.0)
    arguments.add_argument("--turnovers", type=float, default=1.8)
    arguments.add_argument("--folder", type=Path, default=None)
    arguments.add_argument("--alone", action="store_true", help="nothing else runs here: speed counts, too")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        Path(folder).chmod(0o755)
        private = PrivateServer(Path(folder) / "server")
        try:
            return 0 if judge(private.url(), options) else 1
        finally:
            private.stop()


def fill(server: Server) -> None:
    """Gives every feed the state of one that was polled for long, as after a year of work."""
    now = datetime.now(UTC)
    state = record_of(AcquiredFeed(PollState("https://host1.example/feed/1", now), 1, now)).state
    document = documents.write_poll_state(state).replace(":", chr(92) + ":")
    server.run(f"INSERT INTO feed_states SELECT id, '{document}' FROM feeds")
    server.run("VACUUM ANALYZE")


def judge(url: str, options: argparse.Namespace) -> bool:
    server = Server(url)
    store = open_store(url, base=Path(), patience=timedelta(minutes=5))
    store.upgrade()
    begun, cpu = time.monotonic(), server.cpu()
    hosts = max(1, options.feeds // FEEDS_OF_A_HOST)
    store.feeds.sync([f"https://host{n % hosts}.example/feed/{n}" for n in range(options.feeds)], datetime.now(UTC))
    took = time.monotonic() - begun
    print(f"sync of {options.feeds:,} new feeds: {took:.1f} s, server {server.cpu() - cpu:.1f} s CPU", flush=True)
    fill(server)
    share = options.feeds // options.clients // 4
    found = {}
    for mode in ("cold", "changed", "alerts", "warm"):
        if mode in {"changed", "alerts"}:
            store.feeds.sync([], datetime.now(UTC))  # all are due again when they return
            store.feeds.sync(
                [f"https://host{n % hosts}.example/feed/{n}" for n in range(options.feeds)], datetime.now(UTC)
            )
        found[mode] = measure(server, url, mode, options.clients, options.seconds, share)
    store.feeds.sync([], datetime.now(UTC))
    store.feeds.sync([f"https://host{n % hosts}.example/feed/{n}" for n in range(options.feeds)], datetime.now(UTC))
    store.close()
    turnover = int(options.turnovers * options.feeds / options.clients)
    found["again"] = measure(server, url, "again", options.clients, HOUR.total_seconds(), turnover)
    bars = [
        ("statements of a warm poll", found["warm"].statements, "≤", 0.2, True),
        ("statements of a cold poll", found["cold"].statements, "≤", 12, True),
        ("server's ms for a warm poll", found["warm"].server_ms, "≤", 0.12, True),
        ("server's ms for a changed document", found["changed"].server_ms, "≤", 3.4 / 3, True),
        ("share of updates of feed_states that are HOT", found["again"].hot["feed_states"], "≥", 0.9, True),
        ("size of the tables after an hour of polls", found["again"].growth, "≤", 2, True),
        ("warm polls a second", found["warm"].polls_per_second, "≥", 5_000, options.alone),
        ("alerts a second", found["alerts"].polls_per_second, "≥", 500, options.alone),
    ]
    fine = True
    for what, figure, relation, limit, counts in bars:
        met = figure <= limit if relation == "≤" else figure >= limit
        fine &= met or not counts
        print(
            f"{'met   ' if met else 'BROKEN' if counts else 'slower'}  {what}: {figure:,.3f} ({relation} {limit:,.3f})"
        )
    return fine


if __name__ == "__main__":
    sys.exit(main())
