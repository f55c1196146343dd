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
        ("a.blog.github.io", "blog.github.io"),
        ("github.io", "github.io"),
        ("example.blogspot.com", "example.blogspot.com"),
    ],
)
def test_registrable_domains(host: str, domain: str) -> None:
    assert registrable_domain(host) == domain


def test_no_more_than_a_few_at_once_per_domain() -> None:
    async def body() -> int:
        turns, running, most = HostLimiter(PerHost(2, timedelta())), 0, 0

        async def visit(host: str) -> None:
            nonlocal running, most
            async with turns.turn(host, MINUTE):
                running += 1
                most = max(most, running)
                await asyncio.sleep(0)
                running -= 1

        await asyncio.gather(*(visit(f"{name}.example.org") for name in "abcdefgh"))
        return most

    assert asyncio.run(body()) == 2


def test_starts_keep_their_distance() -> None:
    async def body() -> list[float]:
        turns, starts = HostLimiter(PerHost(5, timedelta(milliseconds=30))), []

        async def visit() -> None:
            async with turns.turn("example.org", MINUTE):
                starts.append(asyncio.get_running_loop().time())

        await asyncio.gather(*(visit() for _ in range(4)))
        return starts

    starts = asyncio.run(body())
    assert all(later - earlier >= 0.029 for earlier, later in itertools.pairwise(starts))


def test_one_hosts_queue_does_not_hold_up_another() -> None:
    async def body() -> None:
        turns = HostLimiter(PerHost(1, timedelta()))
        async with turns.turn("slow.example", MINUTE):
            waiting = asyncio.create_task(_enter(turns, "slow.example"))
            await asyncio.sleep(0)
            await _enter(turns, "quick.example")
            assert not waiting.done()
        await waiting

    asyncio.run(body())


def test_who_gives_up_waiting_leaves_no_gap() -> None:
    async def body() -> None:
        turns = HostLimiter(PerHost(1, timedelta()))
        async with turns.turn("example.org", MINUTE):
            first, second = (asyncio.create_task(_enter(turns, "example.org")) for _ in range(2))
            await asyncio.sleep(0)
            first.cancel()
        await second
        await _enter(turns, "example.org")

    asyncio.run(body())


def test_patience_ends() -> None:
    async def body() -> None:
        turns = HostLimiter(PerHost(1, timedelta()))
        async with turns.turn("example.org", MINUTE):
            with pytest.raises(HostBusy):
                await _enter(turns, "example.org", timedelta(milliseconds=20))
        turns.pause("example.org", MINUTE)
        with pytest.raises(HostBusy, match="asked us to wait") as busy:
            await _enter(turns, "www.example.org", timedelta(seconds=30))
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


def test_waiting_for_a_turn_does_not_use_up_the_deadline(feed_server: FeedServer, with_fetcher: Any) -> None:
    url = feed_server.put("/f", b"<rss/>")
    manners = PerHost(1, timedelta(milliseconds=150))

    async def body(fetcher: Fetcher) -> Any:
        return await asyncio.gather(*(fetcher.fetch(Feed(url), Validators()) for _ in range(4)))

    results = with_fetcher(body, per_host=manners, timeout=timedelta(milliseconds=250))
    assert all(isinstance(result, Fetched) for result in results)


async def _enter(turns: HostLimiter, host: str, patience: timedelta = MINUTE) -> None:
    async with turns.turn(host, patience):
        pass
