"""Which connections are used again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from watcher.errors import PollReason
from watcher.fetch import kept_connections
from watcher.fetch.client import Fetcher
from watcher.model.feed import Feed, Fetched, FetchFailed, Validators

BODY = b"<rss/>"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n" + BODY
CUT_OFF = b"HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n" + BODY


class Publisher:
    """Answers each request of a connection; counts connections, those that are open and those that ended."""

    def __init__(self, *, answer: bytes = ANSWER, requests: int = 1_000) -> None:
        self.opened = self.open = 0
        self.ended = asyncio.Event()
        self.answer = answer
        self._requests = requests
        self._port = 0

    def url(self, number: int = 0) -> str:
        return f"http://127.0.0.1:{self._port}/{number}"

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Publisher]:
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0) as server:
            self._port = server.sockets[0].getsockname()[1]
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self.open += 1
        for _ in range(self._requests):
            try:
                await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                break
            writer.write(self.answer)
        writer.close()
        self.open -= 1
        self.ended.set()


async def fetch(fetcher: Fetcher, url: str) -> Fetched:
    result = await fetcher.fetch(Feed(url), Validators())
    assert isinstance(result, Fetched)
    assert result.body == BODY
    return result


def test_one_after_the_other_needs_one_connection(with_fetcher: Callable[..., Any]) -> None:
    async def run(fetcher: Fetcher) -> tuple[int, int]:
        async with Publisher().serving() as publisher:
            for number in range(5):
                await fetch(fetcher, publisher.url(number))
            alone = publisher.opened
            for _ in range(2):
                await asyncio.gather(*(fetch(fetcher, publisher.url(number)) for number in range(4)))
            return alone, publisher.opened

    assert with_fetcher(run) == (1, 4)


def test_a_connection_that_the_server_ended_is_not_used_again(with_fetcher: Callable[..., Any]) -> None:
    async def run(fetcher: Fetcher) -> int:
        async with Publisher(requests=1).serving() as publisher:
            for number in range(3):
                await fetch(fetcher, publisher.url(number))
                await publisher.ended.wait()
                publisher.ended.clear()
            return publisher.opened

    assert with_fetcher(run) == 3


def test_a_connection_whose_answer_was_not_read_to_its_end_is_closed(with_fetcher: Callable[..., Any]) -> None:
    async def run(fetcher: Fetcher) -> int:
        async with Publisher(answer=CUT_OFF).serving() as publisher:
            late = await fetcher.fetch(Feed(publisher.url()), Validators(), deadline=timedelta(seconds=0.3))
            assert isinstance(late, FetchFailed)
            assert late.reason is PollReason.TIMEOUT
            await publisher.ended.wait()
            publisher.answer = ANSWER
            await fetch(fetcher, publisher.url())
            return publisher.opened

    assert with_fetcher(run) == 2


def test_only_so_many_idle_ones_are_kept(with_fetcher: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_connections, "KEPT_OPEN", 2)

    async def run(fetcher: Fetcher) -> list[int]:
        async with Publisher().serving() as one, Publisher().serving() as two, Publisher().serving() as three:
            for publisher in (one, two, three):
                await fetch(fetcher, publisher.url())
            await one.ended.wait()
            opened = [publisher.open for publisher in (one, two, three)]
            await fetcher.aclose()
            await asyncio.gather(two.ended.wait(), three.ended.wait())
            return opened

    assert with_fetcher(run) == [0, 1, 1]


def test_old_idle_ones_are_closed_with_a_request_to_another_host(
    with_fetcher: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watcher.fetch.pools._KEPT_FOR", 0.0)

    async def run(fetcher: Fetcher) -> int:
        async with Publisher().serving() as one, Publisher().serving() as two:
            await fetch(fetcher, one.url())
            await fetch(fetcher, two.url())
            await one.ended.wait()
            return one.opened

    assert with_fetcher(run) == 1
