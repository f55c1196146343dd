"""Three nodes on one store: one dies with feeds and messages under lease, and the two others share its work."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from tests.harness.harness import Harness, Item, rss
from tests.harness.servers import Answer, FeedServer, Request, WebhookSink
from watcher.model.notification import AcquiredNotification
from watcher.notify.notifier import SendResult
from watcher.service.app import Application
from watcher.store.store import Store
from watcher.store.tables import notifications

pytestmark = pytest.mark.anyio

LIVES = timedelta(hours=2)
TIMINGS = "node_beat=3600,node_margin=60,node_lives=7200,poll_margin=86400,notification_lease=86400"
"""A node beats when the test says so, and no lease ends but by a node's death."""
SPACING = 1
JITTER = 0.1
"""Seconds by which a request may reach its host sooner than it was spaced."""
TITLES = {
    "127.77.1.1": ("Ceasefire agreed in Aleppo", "Truce talks resume at the harbour"),
    "127.77.1.2": ("Doctors welcome the ceasefire", "Ceasefire: buses leave the old town"),
    "127.77.1.3": ("Truce monitors reach the border", "Farmers ask whether the truce will last"),
}
"""Of each host, what its feeds publish. One entry a feed, each a story of its own."""


@dataclass
class Sink(WebhookSink):
    """A receiver that notes who had each message under lease when it came."""

    store: Store
    owners: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def _receive(self, request: Request) -> Answer:
        key = request.headers["webhook-id"]
        with self.store._database.read() as connection:
            owner = select(notifications.c.lease_owner).where(notifications.c.key == key)
            self.owners.append((key, str(connection.scalar(owner))))
        return Answer(204)


@dataclass
class Hosts:
    """Hosts with two feeds each, which note when they were asked."""

    harness: Harness
    asked: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def put(self, server: FeedServer, host: str, number: int, title: str) -> str:
        published = self.harness.clock.now() - timedelta(minutes=1)
        document = rss(f"wire-{number}", [Item(title, title, published, f"{title}, officials said on Monday.")])

        def answer(_: Request) -> Answer:
            self.asked[host].append(time.monotonic())
            return Answer(200, {"Content-Type": "application/xml"}, document)

        return server.put(f"/{number}", answer)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def hosts(harness: Harness) -> Iterator[Hosts]:
    harness.timings = TIMINGS
    harness.polling = f"polling: {{min: 12h, timeout: 30s, per_host: {{concurrency: 1, spacing: {SPACING}s}}}}"
    harness.route = "\nreceiver: chat\ngroup_by: [story]\ngroup_wait: 0s\ngroup_interval: 1s\n"
    hosts, servers = Hosts(harness), [FeedServer(host) for host in TITLES]
    for server, (host, titles) in zip(servers, TITLES.items(), strict=True):
        server.start()
        harness.feed_urls += [hosts.put(server, host, number, title) for number, title in enumerate(titles)]
    yield hosts
    for server in servers:
        server.stop()


@pytest.fixture
def sink(harness: Harness, hosts: Hosts) -> Iterator[Sink]:
    with closing(harness.store()) as store, Sink(store) as sink:
        harness.chat = sink
        yield sink


@asynccontextmanager
async def three_nodes(harness: Harness) -> AsyncIterator[list[Application]]:
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(harness.open()) for _ in range(3)]
        for node in nodes:
            await node.follow_configuration()
        yield nodes


async def poll(nodes: Sequence[Application], limit: int = 100) -> list[str]:
    """All of these nodes acquire feeds at once and poll them; which feeds."""
    acquired = await asyncio.gather(*(node.poller.acquire(limit) for node in nodes))
    polls = [node.poller.poll(feed) for node, feeds in zip(nodes, acquired, strict=True) for feed in feeds]
    return sorted(report.url for report in await asyncio.gather(*polls))


async def send(nodes: Sequence[Application], sent: dict[str, str]) -> None:
    """All of these nodes route, freeze, acquire messages at once and send them; `sent`: by whom, by their keys."""
    await asyncio.gather(*(node.notifier.route_new() for node in nodes))
    await asyncio.gather(*(node.notifier.freeze_ripe() for node in nodes))
    acquired = await asyncio.gather(*(node.notifier.acquire(100) for node in nodes))
    pairs = [(node, one) for node, some in zip(nodes, acquired, strict=True) for one in some]
    assert not sent.keys() & {one.notification.key for _, one in pairs}
    sent |= {one.notification.key: node.node.id for node, one in pairs}
    reports = await asyncio.gather(*(node.notifier.attempt(one) for node, one in pairs))
    assert {report.result for report in reports} <= {SendResult.DELIVERED}


async def test_two_nodes_share_the_work_of_one_that_died(harness: Harness, hosts: Hosts, sink: Sink) -> None:
    sent: dict[str, str] = {}
    async with three_nodes(harness) as (first, *others):
        held = await first.poller.acquire(1)
        left = {feed.state.url for feed in held}
        assert len(await poll(others)) == 4, "the host of what the first holds is left to it"
        messages = await taken(first, others)
        await send(others, sent)
        assert len(sink.owners) == 2
        assert await poll(others) == []

        harness.clock.advance(LIVES + timedelta(seconds=1))
        await asyncio.gather(*(node.node.beat() for node in others))
        polled = await poll(others)
        assert len(polled) == 2
        assert left < set(polled)
        await send(others, sent)

        late = await asyncio.gather(*(first.notifier.attempt(one) for one in messages))
        assert [report.result for report in late] == [SendResult.LEASE_LOST] * 2
        assert await first.poller.acquire(100) == []
    assert Counter(harness.alerted_titles()) == Counter(title for titles in TITLES.values() for title in titles)
    assert sorted(sink.owners) == sorted(sent.items()), "each message was sent once, by whoever had it under lease"
    for times in hosts.asked.values():
        assert len(times) == 2
        assert all(later - sooner >= SPACING - JITTER for sooner, later in pairwise(sorted(times)))
    assert sink.store.problems() == []


async def taken(node: Application, others: Sequence[Application]) -> list[AcquiredNotification]:
    """Two messages, out of all that there are, that a node acquires and does not send."""
    await others[0].notifier.route_new()
    assert len(await others[1].notifier.freeze_ripe()) == 4
    return await node.notifier.acquire(2)
