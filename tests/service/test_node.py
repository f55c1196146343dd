"""A process as a node: its heartbeat, the clock it keeps, and what it does when it was declared dead."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from structlog.testing import capture_logs

from tests.harness.harness import Harness, Item
from watcher.clock import DatabaseClock, stopwatch
from watcher.service.app import Application, open_application
from watcher.service.daemon import follow_when_free
from watcher.service.load import load_config
from watcher.store import store
from watcher.store.records import NodeRecord

QUICK = {"WATCHER_TIMINGS": "tick=0.05,node_beat=0.1,node_lives=2.0,node_margin=0.5"}
SOON = 60.0


def with_application(harness: Harness, work: Callable[[Application], object]) -> None:
    """Runs `work` on an application that beats every tenth of a second."""

    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now() - timedelta(minutes=1))])

    async def run() -> None:
        config = load_config(harness.write(), QUICK, secrets="require", must_run=True)
        async with asyncio.timeout(SOON), open_application(config, QUICK, clock=harness.clock) as app:
            await work(app)  # type: ignore[misc]

    asyncio.run(run())


def nodes(harness: Harness) -> list[NodeRecord]:
    return harness.store().nodes.all()


async def until(is_so: Callable[[], bool]) -> None:
    """Waits for what a heartbeat in another thread brings about."""
    while not is_so():  # noqa: ASYNC110 - the store has no event to wait for
        await asyncio.sleep(0.02)


def test_a_process_is_a_node_for_as_long_as_it_runs(harness: Harness) -> None:
    async def work(app: Application) -> None:
        (mine,) = nodes(harness)
        assert (mine.id, mine.died_at) == (app.node.id, None)
        assert app.poller.owner == app.notifier.owner == app.node.id
        await until(lambda: app.node.is_trusted)

    with_application(harness, work)
    (left,) = nodes(harness)
    assert left.died_at == harness.clock.now()


def test_a_heartbeat_moves_the_end_of_its_life(harness: Harness) -> None:
    async def work(app: Application) -> None:
        (before,) = nodes(harness)
        harness.clock.set(harness.clock.now() + timedelta(hours=1))
        await until(lambda: nodes(harness)[0].alive_until > before.alive_until + timedelta(minutes=59))

    with_application(harness, work)


def test_what_it_held_is_free_when_it_ends(harness: Harness) -> None:
    async def work(app: Application) -> None:
        await app.follow_configuration()
        assert len(await app.poller.acquire(10)) == 1
        assert harness.store().polls.acquire_due("other", app.clock.now(), app.clock.now(), 10) == []

    with_application(harness, work)
    now = harness.clock.now()
    assert len(harness.store().polls.acquire_due("other", now, now + timedelta(minutes=1), 10)) == 1


def test_a_node_that_was_declared_dead_drops_its_work_and_goes_on_under_another_id(harness: Harness) -> None:
    async def work(app: Application) -> None:
        await app.follow_configuration()
        (feed,) = await app.poller.acquire(10)
        old_id, old_poller = app.node.id, app.poller
        hanging = app.polls.start(asyncio.Event().wait())
        harness.store().nodes.leave(old_id, app.clock.now())
        await until(lambda: app.node.id != old_id and app.poller is not old_poller)
        assert hanging.cancelled()
        assert app.poller.owner == app.notifier.owner == app.node.id
        report = await old_poller.poll(feed)
        assert report.result.value == "unsaved"
        assert harness.store().alerts.newest() == []
        (again,) = await app.poller.acquire(10)
        assert (await app.poller.poll(again)).alerts == 1

    with capture_logs() as logs:
        with_application(harness, work)
    assert {"node.declared_dead", "node.work_dropped", "node.registered"} <= {line["event"] for line in logs}


def test_a_store_that_cannot_be_reached_ends_the_work_in_time(harness: Harness) -> None:
    async def work(app: Application) -> None:
        hanging = app.polls.start(asyncio.Event().wait())
        with closing(sqlite3.connect(harness.folder / "watcher.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await asyncio.wait({hanging})
            assert not app.node.is_trusted
            other.execute("ROLLBACK")
        await until(lambda: app.node.is_trusted and len([one for one in nodes(harness) if not one.died_at]) == 1)

    with capture_logs() as logs:
        with_application(harness, work)
    assert {"node.trust_lost", "node.work_dropped"} <= {line["event"] for line in logs}


def test_what_was_dropped_is_free_as_soon_as_the_store_answers_again(harness: Harness) -> None:
    async def work(app: Application) -> None:
        await app.follow_configuration()
        (feed,) = await app.poller.acquire(10)
        hanging, old_id = app.polls.start(asyncio.Event().wait()), app.node.id
        with closing(sqlite3.connect(harness.folder / "watcher.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await asyncio.wait({hanging})
            other.execute("ROLLBACK")
        await until(lambda: app.node.id != old_id and len([one for one in nodes(harness) if not one.died_at]) == 1)
        (again,) = await app.poller.acquire(10)
        assert again.state.url == feed.state.url
        assert again.epoch == feed.epoch + 1

    with_application(harness, work)


class TestDatabaseClock:
    def test_it_goes_on_from_the_servers_time(self) -> None:
        noon = datetime(2026, 1, 24, 12, tzinfo=UTC)
        clock = DatabaseClock(noon)
        read_at = stopwatch() - 60
        clock.set(noon + timedelta(hours=1), read_at, read_at)
        assert timedelta(0) <= clock.now() - noon - timedelta(hours=1, minutes=1) < timedelta(seconds=30)

    def test_an_answer_that_took_long_does_not_set_it_ahead(self) -> None:
        """While a server was away, the answer to a question of half a minute ago once set the clock ahead so far that
        this node declared all others dead.
        """
        noon = datetime(2026, 1, 24, 12, tzinfo=UTC)
        clock = DatabaseClock(noon)
        clock.set(noon + timedelta(seconds=30), stopwatch() - 30, stopwatch())
        assert clock.now() - noon < timedelta(seconds=30)

    def test_it_never_goes_back(self) -> None:
        noon = datetime(2026, 1, 24, 12, tzinfo=UTC)
        clock = DatabaseClock(noon)
        first = clock.now()
        clock.set(noon - timedelta(hours=1), stopwatch(), stopwatch())
        assert clock.now() >= first


def test_a_node_that_starts_while_another_syncs_very_many_feeds_does_it_later(
    harness: Harness, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """100,000 new feeds take a server longer than anybody waits for a lock: the second of two nodes once ended."""
    impatient = partial(store.open_store, patience=timedelta(milliseconds=50))
    monkeypatch.setattr("watcher.store.store.open_store", impatient)
    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now() - timedelta(minutes=1))])
    harness.store_url = postgres_url

    async def run() -> None:
        async with harness.open() as app:
            database = app.store._database
            with capture_logs() as logs, database.write("test") as busy:
                database.serialise(busy, "feeds")
                await follow_when_free(app)
            assert "feeds.not_synced" in {line["event"] for line in logs}
            assert await app.poller.acquire(10) == []
            assert await app.lead()
            assert len(await app.poller.acquire(10)) == 1

    asyncio.run(run())
