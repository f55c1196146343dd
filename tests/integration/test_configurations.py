"""Several nodes with different configurations: the newest one leads, and nobody undoes what it wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.harness.harness import Harness, Item
from watcher.errors import SchemaMismatch
from watcher.service.app import Application
from watcher.store import schema

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def feeds_of(harness: Harness, *names: str) -> None:
    """Writes a configuration with these feeds, each with one matching entry."""
    published = harness.clock.now() - MINUTE
    harness.feed_urls = []
    for name in names:
        harness.publish(f"/{name}", [Item(name, f"Ceasefire agreed in {name}", published)])
    harness.write()


@asynccontextmanager
async def node(harness: Harness) -> AsyncIterator[Application]:
    """A node with the configuration as it is written now."""
    async with harness.open() as app:
        await app.follow_configuration()
        yield app


async def round_of(app: Application) -> list[str]:
    """One poll tick, flush tick and beat, as the daemon has them; returns the feeds it polled, by their last part."""
    await app.node.beat()
    acquired = await app.poller.acquire(100)
    await asyncio.gather(*(app.poller.poll(feed) for feed in acquired))
    if await app.lead():
        await app.notifier.route_new()
        await app.notifier.freeze_ripe()
    return sorted(feed.state.url.rpartition("/")[2] for feed in acquired)


async def active(app: Application) -> list[str]:
    states = await app.pools.store(app.store.feeds.states)
    return sorted(state.url.rpartition("/")[2] for state in states)


async def test_a_restart_with_an_old_file_pauses_nothing(harness: Harness) -> None:
    feeds_of(harness, "east", "north")
    async with node(harness) as old:
        feeds_of(harness, "north", "west")
        async with node(harness) as new:
            assert await active(new) == ["north", "west"]
            feeds_of(harness, "east", "north")
            async with node(harness) as again:
                assert await active(again) == ["north", "west"]
                assert not again.node.leads
            await old.node.beat()
            assert (old.node.leads, new.node.leads) == (False, True)
            assert await round_of(old) == ["north"], "a node polls only what it knows"
            assert await round_of(new) == ["west"]


async def test_the_old_configuration_leads_again_when_the_newer_one_has_left(harness: Harness) -> None:
    feeds_of(harness, "east", "north")
    async with node(harness) as daemon:
        feeds_of(harness, "west")
        async with node(harness) as tried_out:
            await round_of(daemon)
            assert not daemon.is_in_line
            assert await active(tried_out) == ["west"]
        await round_of(daemon)
        assert daemon.is_in_line
        assert await active(daemon) == ["east", "north"]


async def test_a_reload_makes_an_old_configuration_the_newest(harness: Harness) -> None:
    feeds_of(harness, "east")
    async with node(harness) as first:
        config = first.config
        feeds_of(harness, "west")
        async with node(harness) as second:
            await first.node.beat()
            await first.apply(config)
            await second.node.beat()
            assert (first.node.leads, second.node.leads) == (True, False)
            assert await active(second) == ["east"]


async def test_a_node_that_is_long_behind_waits(harness: Harness) -> None:
    harness.timings = "old_configuration=0"
    feeds_of(harness, "east")
    async with node(harness) as old:
        feeds_of(harness, "west")
        async with node(harness) as new:
            await old.node.beat()
            await new.node.beat()
            assert (old.node.may_work, new.node.may_work) == (False, True)
        await old.node.beat()
        assert old.node.may_work


async def test_only_a_node_that_leads_reports_feeds(harness: Harness) -> None:
    feeds_of(harness, "east")
    async with node(harness) as old:
        await old.report_feeds()
        begun = await old.pools.store(old.store.feed_reports.last_daily)
        assert begun is not None
        feeds_of(harness, "west")
        async with node(harness) as new:
            await old.node.beat()
            harness.clock.advance(timedelta(days=2))
            await old.report_feeds()
            assert await new.pools.store(new.store.feed_reports.last_daily) == begun
            await new.report_feeds()
            assert await new.pools.store(new.store.feed_reports.last_daily) > begun


async def test_a_node_ends_when_the_schema_has_moved_on(harness: Harness) -> None:
    feeds_of(harness, "east")
    async with node(harness) as app:
        set_schema(app, "9999")
        try:
            with pytest.raises(SchemaMismatch):
                await app.node.beat()
            assert not app.node.is_trusted
            with pytest.raises(SchemaMismatch):
                await app.lead()
        finally:
            set_schema(app, schema.CURRENT)  # a PostgreSQL store serves several tests


def set_schema(app: Application, version: str) -> None:
    with app.store._database.write("test") as connection:
        connection.execute(update(schema.version_table).values(version_num=version, oldest_program=version))
