"""Two nodes on one store are as polite to a host as one node is, also after a restart."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from tests.harness.harness import Harness, Item, rss
from tests.harness.servers import Answer, Request
from watcher.errors import PollReason
from watcher.service.app import Application

pytestmark = pytest.mark.anyio

SPACING = 1


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def asked(harness: Harness) -> dict[str, float]:
    """Feeds of one host, of which /busy answers 503; when each was asked. The first two are configured."""
    times: dict[str, float] = {}
    document = rss("wire", [Item("a", "Ceasefire agreed", harness.clock.now() - timedelta(minutes=1))])

    def answer(request: Request) -> Answer:
        times[request.path] = time.monotonic()
        if request.path == "/busy":
            return Answer(503, {"Retry-After": "600"})
        return Answer(200, {"Content-Type": "application/xml"}, document)

    harness.polling = f"polling: {{min: 0s, timeout: 60s, per_host: {{concurrency: 1, spacing: {SPACING}s}}}}"
    harness.feed_urls = [harness.feeds.put(path, answer) for path in ("/busy", "/other", "/third")][:2]
    return times


async def poll_one(app: Application) -> PollReason | None:
    await app.follow_configuration()
    (feed,) = await app.poller.acquire(1)
    return (await app.poller.poll(feed)).reason


async def test_a_pause_holds_for_other_nodes(harness: Harness, asked: dict[str, float]) -> None:
    async with harness.open() as first, harness.open() as second:
        assert await poll_one(first) is PollReason.HTTP_SERVER_ERROR
        assert await poll_one(second) is PollReason.HOST_BUSY
    assert asked.keys() == {"/busy"}


async def test_a_pause_holds_after_a_restart(harness: Harness, asked: dict[str, float]) -> None:
    async with harness.open() as before:
        await poll_one(before)
    async with harness.open() as after:
        assert await poll_one(after) is PollReason.HOST_BUSY
    assert asked.keys() == {"/busy"}


async def test_another_node_keeps_the_spacing(harness: Harness, asked: dict[str, float]) -> None:
    harness.feed_urls = [harness.feeds.url("/other"), harness.feeds.url("/third")]
    async with harness.open() as first, harness.open() as second:
        assert await poll_one(first) is None
        assert await poll_one(second) is None
    assert asked["/third"] - asked["/other"] >= SPACING
