"""SQLite under stress: other processes, kills, full disks, damaged files, growing logs."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.harness.store_samples import (
    ASSIGNER,
    FEED,
    HOUR,
    NOW,
    acquire_one,
    alert,
    fold_copies,
    frozen,
    identified,
    kept,
    notify_all,
    poll,
    save_alerts,
)
from watcher.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull, UsageError
from watcher.model.alert import EarlierAlert
from watcher.model.entry import EntryDecision
from watcher.model.story import AlertDecision, Verdict
from watcher.store.sqlite import WAL_LIMIT
from watcher.store.store import Store, open_store

URLS = [f"https://feeds.example.org/{number}.xml" for number in range(200)]


def opened(folder: Path, **options: Any) -> Store:
    return open_store("sqlite:///watcher.db", base=folder, **options)


@pytest.fixture
def file(tmp_path: Path, sqlite_store: Store) -> Path:
    """The file of `sqlite_store`."""
    return tmp_path / "watcher.db"


@contextmanager
def locked(file: Path) -> Iterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def integrity(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


class TestOpening:
    def test_a_relative_path_is_beside_the_base(self, tmp_path: Path) -> None:
        store = open_store("sqlite:///deep.db", base=tmp_path)
        store.upgrade()
        store.close()
        assert (tmp_path / "deep.db").exists()

    def test_an_absolute_path_stays(self, tmp_path: Path) -> None:
        store = open_store(f"sqlite:///{tmp_path}/absolute.db", base=Path("/nowhere"))
        store.upgrade()
        store.close()
        assert (tmp_path / "absolute.db").exists()

    @pytest.mark.parametrize("url", ["sqlite:///:memory:", "sqlite:///", "sqlite://", "sqlite:///a.db?mode=memory"])
    def test_a_store_in_memory_is_refused(self, tmp_path: Path, url: str) -> None:
        with pytest.raises(UsageError, match="sqlite:///"):
            open_store(url, base=tmp_path)

    def test_the_message_about_a_strange_url_keeps_its_password(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError) as refused:
            open_store("mysql://user:secret@host/db", base=tmp_path)
        assert "secret" not in str(refused.value)
        assert "mysql" in str(refused.value)

    def test_a_file_that_is_no_database_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "watcher.db").write_text("this is a text about databases " * 100)
        store = opened(tmp_path)
        for use in (store.check_schema, store.upgrade):
            with pytest.raises(StoreCorrupt, match=r"watcher\.db"):
                use()

    def test_a_missing_directory_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="missing"):
            opened(tmp_path / "missing").check_schema()

    def test_a_damaged_page_is_corruption(self, file: Path, sqlite_store: Store) -> None:
        save_alerts(sqlite_store, *(alert(str(number)) for number in range(300)))
        sqlite_store.close()
        with file.open("r+b") as damaged:
            damaged.seek(4096)
            damaged.write(b"\xff" * (file.stat().st_size - 8192))
        with pytest.raises(StoreCorrupt):
            opened(file.parent).feeds.states()


class TestLocks:
    def test_writing_waits_no_longer_than_its_patience(self, file: Path) -> None:
        impatient = opened(file.parent, patience=timedelta(milliseconds=50))
        with locked(file), pytest.raises(StoreBusy):
            impatient.feeds.sync([FEED], NOW)
        impatient.feeds.sync([FEED], NOW)
        assert [state.url for state in impatient.feeds.states()] == [FEED]
        impatient.close()

    def test_reading_goes_on_while_another_writes(self, file: Path, sqlite_store: Store) -> None:
        with locked(file):
            assert sqlite_store.feeds.states() == []

    def test_a_failed_transaction_leaves_nothing_and_no_lock(self, sqlite_store: Store) -> None:
        def broken(_candidate: object, _before: object) -> AlertDecision:
            raise ZeroDivisionError

        feed = acquire_one(sqlite_store)
        record = poll(feed, decision=EntryDecision(new=(identified("1"),)), alerts=(alert("1"),))
        with pytest.raises(ZeroDivisionError):
            sqlite_store.polls.save("me", [record], NOW, broken, ASSIGNER)
        assert (sqlite_store.entries.since(NOW), sqlite_store.alerts.newest()) == ([], [])
        assert sqlite_store.polls.save("me", [record], NOW, notify_all, ASSIGNER)[0].saved


def poll_all(folder: Path, owner: str, start: Any, results: Any) -> None:
    """A process that polls feeds until none is due; all entries belong to one story."""
    store = opened(folder)
    start.wait()
    new = []
    while some := store.polls.acquire_due(owner, NOW, NOW + HOUR, 5):
        records = [
            poll(
                feed,
                decision=EntryDecision(new=(identified("1", url=feed.state.url),)),
                alerts=(alert("1", url=feed.state.url, story="one"),),
            )
            for feed in some
        ]
        new += [
            url for saved in store.polls.save(owner, records, NOW, fold_copies, ASSIGNER) for url in saved.alerts_new
        ]
    store.close()
    results.put(new)


class TestProcesses:
    def test_two_processes_share_the_work_and_the_story_alerts_once(self, file: Path, sqlite_store: Store) -> None:
        sqlite_store.feeds.sync(URLS, NOW)
        spawn = multiprocessing.get_context("spawn")
        start, results = spawn.Barrier(2), spawn.Queue()
        children = [
            spawn.Process(target=poll_all, args=(file.parent, owner, start, results)) for owner in ("one", "two")
        ]
        for child in children:
            child.start()
        new = [alert_id for _ in children for alert_id in results.get(timeout=60)]
        for child in children:
            child.join(60)
        assert [child.exitcode for child in children] == [0, 0]
        stats = sqlite_store.stats()
        assert (stats.entries, stats.alerts) == (len(URLS), {"folded": len(URLS) - 1, "unrouted": 1})
        assert new == [one.id for one in sqlite_store.routing.unrouted(9)]

    def test_a_process_killed_inside_a_transaction_leaves_all_or_nothing(self, file: Path, sqlite_store: Store) -> None:
        sqlite_store.feeds.sync(URLS, NOW)
        program = (
            "import sys; sys.path.insert(0, sys.argv[2]); import test_sqlite; test_sqlite.die_while_saving(sys.argv[1])"
        )
        here = str(Path(__file__).parent)
        child = subprocess.run([sys.executable, "-c", program, str(file.parent), here], check=False)
        assert child.returncode == -signal.SIGKILL
        assert integrity(file) == "ok"
        stats = sqlite_store.stats()
        assert (stats.entries, stats.seen, stats.alerts) == (1, 1, {"unrouted": 1})
        polled = [state.url for state in sqlite_store.feeds.states() if state.last_polled_at]
        assert polled == [sorted(URLS)[0]]
        assert len(sqlite_store.polls.acquire_due("heir", NOW + HOUR, NOW + 2 * HOUR, 999)) == len(URLS)


def die_while_saving(folder: str) -> None:
    """Saves one poll, then is killed by the judge inside the transaction that saves fifty more."""
    store = opened(Path(folder))
    feeds = store.polls.acquire_due("doomed", NOW, NOW + HOUR, 51)
    calls = iter(range(30))

    def judge(_candidate: object, _before: list[EarlierAlert]) -> AlertDecision:
        if next(calls, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return AlertDecision(Verdict.NOTIFY)

    records = [
        poll(
            feed,
            decision=EntryDecision(new=(identified("1", url=feed.state.url, text="t" * 90_000),)),
            alerts=(alert("1", url=feed.state.url),),
        )
        for feed in feeds
    ]
    store.polls.save("doomed", records[:1], NOW, judge, ASSIGNER)
    store.polls.save("doomed", records[1:], NOW, judge, ASSIGNER)


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """Every write of this process beyond `size` bytes of a file fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


class TestFullDisk:
    def test_nothing_is_half_written_and_work_goes_on_when_there_is_space(
        self, file: Path, sqlite_store: Store
    ) -> None:
        feed = acquire_one(sqlite_store)
        new = tuple(identified(str(number), text="t" * 90_000) for number in range(50))
        record = poll(feed, decision=EntryDecision(new=new), alerts=(alert("1"),))
        with no_file_beyond(file.stat().st_size + 500_000), pytest.raises(StoreFull):
            sqlite_store.polls.save("me", [record], NOW, notify_all, ASSIGNER)
        assert (sqlite_store.entries.since(NOW), sqlite_store.alerts.newest()) == ([], [])
        assert integrity(file) == "ok"
        assert sqlite_store.polls.save("me", [record], NOW, notify_all, ASSIGNER)[0].saved
        assert len(sqlite_store.entries.since(NOW)) == 50


class TestGrowth:
    def test_the_write_ahead_log_does_not_grow_with_the_work(self, file: Path, sqlite_store: Store) -> None:
        log = file.with_name(file.name + "-wal")
        done = threading.Event()

        def read_on() -> None:
            while not done.is_set():
                sqlite_store.entries.since(NOW - HOUR, limit=20)

        with ThreadPoolExecutor(2) as pool:
            reading = [pool.submit(read_on) for _ in range(2)]
            for round_ in range(50):
                now = NOW + 2 * round_ * HOUR
                new = tuple(identified(f"{round_}-{number}", text="t" * 60_000) for number in range(10))
                record = poll(acquire_one(sqlite_store, now=now), now, decision=EntryDecision(new=new))
                sqlite_store.polls.save("me", [record], now, notify_all, ASSIGNER)
            done.set()
            for one in reading:
                one.result()
        assert file.stat().st_size + log.stat().st_size > 50 * 10 * 60_000
        assert log.stat().st_size < WAL_LIMIT + 2_000_000
        gone = sqlite_store.purge(NOW + 9_999 * HOUR, kept(HOUR, seen=HOUR), 1_000)
        assert gone > 0
        assert log.stat().st_size == 0


class TestBackup:
    def test_a_backup_of_a_living_store_is_a_whole_store(self, tmp_path: Path, file: Path, sqlite_store: Store) -> None:
        notification = frozen(sqlite_store, alert("1"))
        with locked(file):
            sqlite_store.backup(tmp_path / "copy.db")
        copy = open_store("sqlite:///copy.db", base=tmp_path)
        copy.check_schema()
        assert copy.outbox.find(notification.key) == notification
        assert copy.stats().deliveries == sqlite_store.stats().deliveries
        copy.close()
        assert integrity(tmp_path / "copy.db") == "ok"

    def test_an_existing_file_is_not_overwritten(self, tmp_path: Path, sqlite_store: Store) -> None:
        (tmp_path / "precious").write_text("mine")
        with pytest.raises(StoreError, match="precious"):
            sqlite_store.backup(tmp_path / "precious")
        assert (tmp_path / "precious").read_text() == "mine"

    def test_a_backup_that_has_no_place_says_so(self, tmp_path: Path, sqlite_store: Store) -> None:
        with pytest.raises(StoreError, match=r"nowhere/copy\.db"):
            sqlite_store.backup(tmp_path / "nowhere" / "copy.db")

    def test_a_backup_that_fails_leaves_nothing(self, tmp_path: Path, file: Path, sqlite_store: Store) -> None:
        save_alerts(sqlite_store, *(alert(str(number)) for number in range(300)))
        with no_file_beyond(100_000), pytest.raises(StoreError):
            sqlite_store.backup(tmp_path / "copy.db")
        assert not list(tmp_path.glob("copy.db*"))


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_new_store_is_for_its_owner_only(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        store = open_store("sqlite:///watcher.db", base=tmp_path)
        store.upgrade()
    finally:
        os.umask(before)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    store.close()
    assert set(modes.values()) == {0o600}, modes
    assert {"watcher.db", "watcher.db-wal"} <= modes.keys()


def test_the_mode_of_a_store_that_exists_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "watcher.db").touch(0o640)
    (tmp_path / "watcher.db").chmod(0o640)
    store = open_store("sqlite:///watcher.db", base=tmp_path)
    store.upgrade()
    store.close()
    assert stat.S_IMODE((tmp_path / "watcher.db").stat().st_mode) == 0o640


def test_the_mark_changes_with_what_others_commit_and_with_nothing_else(tmp_path: Path) -> None:
    one, other = (open_store("sqlite:///watcher.db", base=tmp_path) for _ in range(2))
    one.upgrade()
    one.nodes.register("node", "n", NOW, timedelta(days=1))
    mark = one.mark()
    one.nodes.beat("node", NOW, timedelta(days=1))
    one.feeds.states()
    assert one.polls.acquire_due("node", NOW, NOW + timedelta(days=1), 10) == []
    assert one.mark() == mark
    for writer in (one, other):
        writer.facts.remember("weather", f"rain {writer is one}")
        assert one.mark() != mark
        mark = one.mark()
    one.close()
    other.facts.remember("weather", "sun")
    assert one.mark() != mark
    one.close()
    other.close()
