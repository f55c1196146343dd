"""Turns per registrable domain."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from typing import Any

import pytest

from tests.harness.servers import Answer, FeedServer
from watcher.errors import PollReason
from watcher.fetch.client import Fetcher
from watcher.fetch.rate_limit import HostBusy, HostLimiter
from watcher.model.feed import Feed, Fetched, Validators
from watcher.model.settings import PerHost
from watcher.text.domains import registrable_domain

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("news.bbc.co.uk", "bbc.co.uk"),
        ("feeds.example.org", "example.org"),
        ("127.0.0.1", "127.0.0.1"),
        ("LOCALHOST", "localhost"),
        ("::1", "::1"),
        ("a.b.127", "a.b.127"),
        ("1.com", "1.com"),
        ("a.blog.github.io", "blog.github.io"),
        ("github.io", "github.io"),
        ("example.blogspot.com", "example.blogspot.com"),
    ],
)
def test_registrable_domains(host: str, domain: str) -> None:
    assert registrable_domain(host) == domain


def test_no_more_than_a_few_at_once_per_domain() -> None:
    async def body() -> int:
        limiter, running, most = HostLimiter(PerHost(2, timedelta())), 0, 0

        async def visit(host: str) -> None:
            nonlocal running, most
            async with limiter.slot(host, MINUTE):
                running += 1
                most = max(most, running)
                await asyncio.sleep(0)
                running -= 1

        await asyncio.gather(*(visit(f"{name}.example.org") for name in "abcdefgh"))
        return most

    assert asyncio.run(body()) == 2


def test_the_distance_counts_from_when_a_request_was_sent() -> None:
    """Connecting to a server takes long for the first request only: it would see the second one too soon."""

    async def body() -> float:
        limiter, loop = HostLimiter(PerHost(1, timedelta(milliseconds=30))), asyncio.get_running_loop()
        async with limiter.slot("a.example.org", MINUTE):
            await asyncio.sleep(0.05)
            limiter.sent("a.example.org")
            sent_at = loop.time()
        async with limiter.slot("b.example.org", MINUTE):
            return loop.time() - sent_at

    assert asyncio.run(body()) >= 0.03


def test_starts_keep_their_distance() -> None:
    async def body() -> list[float]:
        limiter, starts = HostLimiter(PerHost(5, timedelta(milliseconds=30))), []

        async def visit() -> None:
            async with limiter.slot("example.org", MINUTE):
                starts.append(asyncio.get_running_loop().time())

        await asyncio.gather(*(visit() for _ in range(4)))
        return starts

    starts = asyncio.run(body())
    assert all(later - earlier >= 0.029 for earlier, later in itertools.pairwise(starts))


def test_one_hosts_queue_does_not_hold_up_another() -> None:
    async def body() -> None:
        limiter = HostLimiter(PerHost(1, timedelta()))
        async with limiter.slot("slow.example", MINUTE):
            waiting = asyncio.create_task(_enter(limiter, "slow.example"))
            await asyncio.sleep(0)
            await _enter(limiter, "quick.example")
            assert not waiting.done()
        await waiting

    asyncio.run(body())


def test_who_gives_up_waiting_leaves_no_gap() -> None:
    async def body() -> None:
        limiter = HostLimiter(PerHost(1, timedelta()))
        async with limiter.slot("example.org", MINUTE):
            first, second = (asyncio.create_task(_enter(limiter, "example.org")) for _ in range(2))
            await asyncio.sleep(0)
            first.cancel()
        await second
        await _enter(limiter, "example.org")

    asyncio.run(body())


def test_patience_ends() -> None:
    async def body() -> None:
        limiter = HostLimiter(PerHost(1, timedelta()))
        async with limiter.slot("example.org", MINUTE):
            with pytest.raises(HostBusy):
                await _enter(limiter, "example.org", timedelta(milliseconds=20))
        limiter.pause("example.org", MINUTE)
        with pytest.raises(HostBusy) as busy:
            await _enter(limiter, "www.example.org", timedelta(seconds=30))
        assert timedelta(seconds=55) < busy.value.wait <= MINUTE

    asyncio.run(body())


@pytest.mark.parametrize("status", [429, 503])
def test_slow_down_pauses_every_feed_of_the_host(status: int, feed_server: FeedServer, with_fetcher: Any) -> None:
    busy = feed_server.put("/busy", Answer(status, {"Retry-After": "3600"}))
    other = feed_server.put("/other", b"<rss/>")
    with FeedServer("127.0.0.2") as elsewhere:
        free = elsewhere.put("/f", b"<rss/>")

        async def body(fetcher: Fetcher) -> Any:
            return [await fetcher.fetch(Feed(url), Validators()) for url in (busy, other, free)]

        first, second, third = with_fetcher(body)
    assert first.retry_after == timedelta(hours=1)
    assert second.reason is PollReason.HOST_BUSY
    assert timedelta(minutes=59) < second.retry_after <= timedelta(hours=1)
    assert feed_server.paths() == ["/busy"]
    assert isinstance(third, Fetched)


@pytest.mark.slow
def test_waiting_for_a_slot_does_not_use_up_the_deadline(feed_server: FeedServer, with_fetcher: Any) -> None:
    url = feed_server.put("/f", b"<rss/>")
    manners = PerHost(1, timedelta(milliseconds=800))

    async def body(fetcher: Fetcher) -> Any:
        return await asyncio.gather(*(fetcher.fetch(Feed(url), Validators()) for _ in range(4)))

    results = with_fetcher(body, per_host=manners, timeout=timedelta(seconds=2))
    assert all(isinstance(result, Fetched) for result in results)


async def _enter(limiter: HostLimiter, host: str, patience: timedelta = MINUTE) -> None:
    async with limiter.slot(host, patience):
        pass


@pytest.mark.parametrize("status", [429, 503])
def test_by_a_redirect_no_feed_pauses_another_host(status: int, feed_server: FeedServer, with_fetcher: Any) -> None:
    """The wait that is asked for holds for the feed that was redirected, not for the feeds of that host."""
    feed_server.put("/busy", Answer(status, {"Retry-After": "86400"}))
    honest = feed_server.put("/honest", b"<rss/>")
    with FeedServer("127.0.0.2") as hostile:
        hostile.redirect("/f", feed_server.url("/busy"), 301)
        own = hostile.put("/own", b"<rss/>")

        async def body(fetcher: Fetcher) -> Any:
            return [await fetcher.fetch(Feed(url), Validators()) for url in (hostile.url("/f"), honest, own)]

        first, second, third = with_fetcher(body)
    assert (first.status, first.retry_after) == (status, timedelta(days=1))
    assert isinstance(second, Fetched)
    assert isinstance(third, Fetched)


def test_a_feed_that_may_move_to_a_host_pauses_it(feed_server: FeedServer, with_fetcher: Any) -> None:
    feed_server.put("/busy", Answer(429, {"Retry-After": "3600"}))
    with FeedServer("127.0.0.2") as old:
        moved = Feed(old.redirect("/f", feed_server.url("/busy"), 301), moves_to=("127.0.0.1",))

        async def body(fetcher: Fetcher) -> Any:
            await fetcher.fetch(moved, Validators())
            return await fetcher.fetch(Feed(feed_server.url("/other")), Validators())

        assert with_fetcher(body).reason is PollReason.HOST_BUSY
