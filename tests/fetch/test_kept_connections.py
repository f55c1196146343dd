"""Which connections are used again."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from tests.harness.certificates import Certificate
from watcher.errors import PollReason
from watcher.fetch import kept_connections
from watcher.fetch.client import Fetcher
from watcher.model.feed import Feed, Fetched, FetchFailed, NotModified, Validators
from watcher.net.bounded import PIECE

BODY = b"<rss/>"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n" + BODY
NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\n\r\n"
CUT_OFF = b"HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n" + BODY


class Publisher:
    """Answers each request of a connection; counts connections, those that are open and those that ended.

    `first` is the answer to the first request of all.
    """

    def __init__(self, *, answer: bytes = ANSWER, requests: int = 1_000, first: bytes = b"") -> None:
        self.opened = self.open = 0
        self._first = first
        self._scheme = "http"
        self.ended = asyncio.Event()
        self.answer = answer
        self._requests = requests
        self._port = 0

    def url(self, number: int = 0) -> str:
        return f"{self._scheme}://127.0.0.1:{self._port}/{number}"

    @asynccontextmanager
    async def serving(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[Publisher]:
        self._scheme = "https" if tls else "http"
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls) as server:
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
            writer.write(self._first or self.answer)
            self._first = b""
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


def test_a_connection_that_the_server_ends_when_it_is_used_again_costs_no_poll(
    with_fetcher: Callable[..., Any],
) -> None:
    async def run(fetcher: Fetcher) -> list[int]:
        asked: list[int] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(0)
            place = len(asked) - 1
            for answer in (ANSWER, b""):  # the second request is read, and the connection ended
                await reader.readuntil(b"\r\n\r\n")
                asked[place] += 1
                writer.write(answer)
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            for _ in range(2):
                await fetch(fetcher, url)
        return asked

    assert with_fetcher(run) == [2, 1]


@pytest.mark.parametrize("answer", [b"", b"garbage\r\n\r\n"])
def test_a_server_that_does_not_answer_on_a_new_connection_is_asked_once(
    with_fetcher: Callable[..., Any], answer: bytes
) -> None:
    async def run(fetcher: Fetcher) -> int:
        async with Publisher(answer=answer, requests=1).serving() as publisher:
            failed = await fetcher.fetch(Feed(publisher.url()), Validators())
            assert isinstance(failed, FetchFailed)
            assert failed.reason is PollReason.PROTOCOL
            return publisher.opened

    assert with_fetcher(run) == 1


def test_feeds_that_have_not_changed_share_a_connection(with_fetcher: Callable[..., Any]) -> None:
    async def run(fetcher: Fetcher) -> int:
        async with Publisher(answer=NOT_MODIFIED).serving() as publisher:
            for number in range(3):
                assert isinstance(await fetcher.fetch(Feed(publisher.url(number)), Validators(etag='"1"')), NotModified)
            return publisher.opened

    assert with_fetcher(run) == 1


STRAY = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n<rss/>\r\n0\r\n\r\n"


def padded(answer: bytes, size: int) -> bytes:
    """The same answer in so many bytes."""
    line, _, rest = answer.partition(b"\r\n")
    name = b"\r\nX-Padding: "
    return line + name + b"x" * (size - len(answer) - len(name)) + b"\r\n" + rest


@pytest.mark.parametrize(
    "rest",
    [b"0\r\n\r\n", b"<html>Not modified</html>", STRAY, b"HTTP/1.1 200 OK\r\nX-Cut: ", STRAY * 900],
    ids=["the end of a body", "a page", "an answer", "half a head", "very many answers"],
)
@pytest.mark.parametrize(
    "answer",
    [
        ANSWER, padded(ANSWER, PIECE), CHUNKED, NOT_MODIFIED, padded(NOT_MODIFIED, PIECE),
        b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 301 Moved\r\nLocation: /2\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["200", "200 in one piece", "chunked", "304", "304 in one piece", "204", "301"],
)  # fmt: skip
def test_what_a_server_wrongly_sends_behind_an_answer_is_not_taken_for_the_next_one(
    with_fetcher: Callable[..., Any], answer: bytes, rest: bytes
) -> None:
    async def run(fetcher: Fetcher) -> int:
        async with Publisher(first=answer + rest).serving() as publisher:
            await fetcher.fetch(Feed(publisher.url()), Validators(etag='"1"'))
            await fetch(fetcher, publisher.url(1))
            return publisher.opened

    assert with_fetcher(run) == 2


def test_what_follows_in_a_record_of_its_own_is_not_taken_for_the_next_answer(
    with_fetcher: Callable[..., Any], certificate: Certificate
) -> None:
    record = 16_384  # bytes, the most in one: what follows arrives with it, and is not decrypted yet (RFC 8446 §5.1)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 16000\r\n\r\n"

    async def run(fetcher: Fetcher) -> list[int]:
        opened = []
        whole = padded(head + BODY.ljust(16_000), record)
        async with Publisher(first=whole + STRAY).serving(certificate.server()) as publisher:
            assert isinstance(await fetcher.fetch(Feed(publisher.url()), Validators()), Fetched)
            for number in range(2):
                await fetch(fetcher, publisher.url(number))
                opened.append(publisher.opened)
        return opened

    assert with_fetcher(run, ca_file=certificate.certificate) == [2, 2]


def test_a_connection_in_use_when_the_fetcher_is_closed_ends_with_its_request(with_fetcher: Callable[..., Any]) -> None:
    async def run(fetcher: Fetcher) -> None:
        asked, may_answer = asyncio.Event(), asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            asked.set()
            await may_answer.wait()
            writer.write(ANSWER)
            assert await reader.read() == b""
            writer.close()
            ended.set()

        ended = asyncio.Event()
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            request = asyncio.create_task(fetch(fetcher, url))
            await asked.wait()
            await fetcher.aclose()
            may_answer.set()
            await request
            await asyncio.wait_for(ended.wait(), 20)

    with_fetcher(run)


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
