"""No kind of blocking work keeps another waiting for a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.harness.harness import Harness, Item
from tests.harness.servers import FeedServer
from watcher.service.app import Application
from watcher.service.executors import BLOCKING_SEND_THREADS, RENDER_THREADS, STORE_THREADS

SOON = 40.0
"""Seconds; far below what a hanging receiver takes, far above what a busy machine needs."""


def fill(app: Application, pool: str, hang: Callable[[], None]) -> list[asyncio.Future[None]]:
    """Gives every thread of a pool something that hangs."""
    loop = asyncio.get_running_loop()
    if pool == "send":
        return [loop.run_in_executor(None, hang) for _ in range(BLOCKING_SEND_THREADS)]
    busy = getattr(app.pools, pool)
    return [asyncio.ensure_future(busy(hang)) for _ in range(max(STORE_THREADS, RENDER_THREADS))]


@pytest.mark.parametrize("pool", ["send", "render", "cpu"])
def test_a_pool_that_hangs_does_not_keep_the_store_waiting(harness: Harness, pool: str) -> None:
    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now() - timedelta(minutes=1))])
    ended = threading.Event()

    async def run() -> None:
        async with harness.open() as app:
            await app.follow_configuration()
            hanging = fill(app, pool, lambda: ended.wait() and None)
            try:
                async with asyncio.timeout(SOON):
                    assert len(await app.poller.acquire(10)) == 1
                    await app.notifier.route_new()
                    await app.notifier.freeze_ripe()
                    assert await app.notifier.acquire(10) == []
            finally:
                ended.set()
                await asyncio.wait(hanging)

    asyncio.run(run())


def test_receivers_that_hang_in_apprise_delay_no_poll(harness: Harness) -> None:
    pytest.importorskip("apprise")
    with FeedServer() as hanging:
        hanging.stall("/x")
        address = hanging.url("/x").removeprefix("http://")
        names = [f"phone{number}" for number in range(4)]
        harness.more_receivers += [f'  - {{name: {name}, apprise: {{url: "json://{address}"}}}}' for name in names]
        branches = "".join(f"  - {{receiver: {name}, continue: true}}\n" for name in names)
        harness.route = f"\nreceiver: desk\ngroup_wait: 0s\ngroup_by: [story]\nroutes:\n{branches}"
        now = harness.clock.now()
        titles = [f"Ceasefire agreed in district {number} of the north" for number in range(3)]
        harness.publish("/wire", [Item(title, title, now - timedelta(minutes=1)) for title in titles])

        async def run() -> None:
            async with harness.open() as app:
                await app.follow_configuration()
                for feed in await app.poller.acquire(10):
                    await app.poller.poll(feed)
                await app.notifier.route_new()
                await app.notifier.freeze_ripe()
                acquired = await app.notifier.acquire(16)
                assert len(acquired) >= len(names)
                sends = [app.sends.start(app.notifier.attempt(one)) for one in acquired]
                await app.pools.cpu(hanging.wait_for, len(names), SOON)
                async with asyncio.timeout(SOON):
                    await app.poller.acquire(1)
                assert not all(send.done() for send in sends)

        try:
            asyncio.run(asyncio.wait_for(run(), 100))
        finally:
            hanging.stop()
