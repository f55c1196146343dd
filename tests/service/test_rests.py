"""Rests of the daemon's stages: an idle daemon asks its store nothing, and is never late for that."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.harness import Harness, Item
from tests.harness.stores import counted
from tests.service.test_daemon import SOON, ticking_by_hand
from watcher.service.app import Application
from watcher.service.daemon import Daemon
from watcher.service.rests import LONGEST, Rests
from watcher.store.store import open_store

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("mark", "due", "asked_with", "asked_after", "goes_on"),
    [
        (1, None, 1, SECOND, True),
        (1, None, 1, LONGEST - SECOND, True),
        (1, None, 1, LONGEST, False),
        (1, None, 2, SECOND, False),
        (None, None, None, SECOND, False),
        (1, NOW + 2 * SECOND, 1, SECOND, True),
        (1, NOW + 2 * SECOND, 1, 2 * SECOND, False),
        (1, NOW - SECOND, 1, timedelta(0), False),
        (1, None, 1, -SECOND, False),
    ],
    ids=["at once", "for long", "too long", "changed", "unknown", "before due", "due", "overdue", "clock set back"],
)
def test_when_a_rest_goes_on(
    mark: int | None, due: datetime | None, asked_with: int | None, asked_after: timedelta, goes_on: bool
) -> None:
    rests = Rests()
    rests.begin("poll", mark, NOW, due)
    assert rests.goes_on("poll", asked_with, NOW + asked_after) is goes_on
    assert not rests.goes_on("send", mark, NOW)
    rests.end()
    assert not rests.goes_on("poll", mark, NOW)


async def tick_all(daemon: Daemon, app: Application) -> list[str]:
    """The statements of one tick of each stage, and of what they start."""
    with counted() as statements:
        await daemon.poll_tick()
        await app.polls.drained(timedelta(seconds=SOON))
        await daemon.flush_tick()
        await daemon.send_tick()
        await app.sends.drained(timedelta(seconds=SOON))
    return statements


async def come_to_rest(daemon: Daemon, app: Application) -> None:
    for _ in range(4):
        if not await tick_all(daemon, app):
            return
    pytest.fail("it never rests")


def test_a_daemon_with_nothing_to_do_asks_nothing_until_something_is_due_or_written(harness: Harness) -> None:
    harness.publish("/wire", [])

    async def work(app: Application, daemon: Daemon) -> None:
        await come_to_rest(daemon, app)
        harness.clock.advance(LONGEST - SECOND)
        assert await tick_all(daemon, app) == []
        await app.node.beat()
        assert await tick_all(daemon, app) == []
        asked = len(harness.feeds.requests)
        other = open_store("sqlite:///watcher.db", base=harness.folder)
        (url,) = (feed.url for feed in app.config.settings.feeds)
        other.feeds.ask_for_poll(url, harness.clock.now())
        other.close()
        await tick_all(daemon, app)
        assert len(harness.feeds.requests) == asked + 1
        await come_to_rest(daemon, app)
        harness.clock.advance(LONGEST)
        assert await tick_all(daemon, app) != []

    ticking_by_hand(harness, work)


@pytest.mark.parametrize("wait", [1, 3, 30])
def test_an_alert_that_waits_leaves_with_the_tick_in_which_it_is_ripe(harness: Harness, wait: int) -> None:
    harness.route = f"\nreceiver: chat\ngroup_wait: {wait}s"
    harness.publish("/wire", [Item("1", "Detainees moved from prison", harness.clock.now())])

    async def work(app: Application, daemon: Daemon) -> None:
        await daemon.poll_tick()
        await app.polls.drained(timedelta(seconds=SOON))
        await daemon.flush_tick()
        for _ in range(wait - 1):
            harness.clock.advance(SECOND)
            await tick_all(daemon, app)
            assert harness.alerted_titles() == []
        harness.clock.advance(SECOND)
        await tick_all(daemon, app)
        await asyncio.to_thread(harness.chat.wait_for, 1, SOON)

    ticking_by_hand(harness, work)
    assert harness.alerted_titles() == ["Detainees moved from prison"]
