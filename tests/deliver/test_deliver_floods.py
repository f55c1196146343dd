"""Receivers that answer without end, in tiny pieces, or with what is slow to understand: bounded, with a reason."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

import pytest

from tests.harness.factories import NOW, alert, notification
from tests.harness.servers import Answer, FakeClock, WebhookSink
from watcher.deliver.http_answers import Answer as Answered
from watcher.deliver.http_clients import HttpClients, Via
from watcher.deliver.http_post import ANSWER_BYTES
from watcher.deliver.webhook import Webhook, WebhookChannel
from watcher.errors import AttemptReason
from watcher.model.notification import Delivered, Outcome, TryAgain
from watcher.model.secret import Secret
from watcher.net.bounded import HEAD_BYTES
from watcher.render.message import render_message

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LONG, SHORT = timedelta(seconds=60), timedelta(seconds=0.5)


def endless(start: bytes, piece: bytes) -> Callable[[], Iterable[bytes]]:
    return lambda: itertools.chain([start], itertools.repeat(piece))


def slowly(*pieces: bytes) -> Callable[[], Iterator[bytes]]:
    def written() -> Iterator[bytes]:
        for piece in itertools.chain(pieces, itertools.repeat(b"x", 200)):
            time.sleep(0.02)  # the server's thread: it is what is slow
            yield piece

    return written


FLOODS: dict[str, tuple[Callable[[], Iterable[bytes]], AttemptReason | None]] = {
    "interim answers": (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000), AttemptReason.PROTOCOL),
    "early hints": (
        endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" * 500),
        AttemptReason.PROTOCOL,
    ),
    "processing": (endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n"), AttemptReason.PROTOCOL),
    "headers": (endless(OK, b"X-Header: y\r\n" * 1_000), AttemptReason.PROTOCOL),
    "one header": (endless(OK + b"X: ", b"y" * 65_536), AttemptReason.PROTOCOL),
    "a status line": (endless(b"HTTP/1.1 200 ", b"y" * 65_536), AttemptReason.PROTOCOL),
    "blank lines": (endless(b"", b"\r\n" * 30_000), AttemptReason.PROTOCOL),
    "cookies": (lambda: [OK, b"Set-Cookie: a=b\r\n" * 1_500, b"Content-Length: 0\r\n\r\n"], None),
    "a body": (endless(OK + b"\r\n", b"x" * 65_536), None),
    "chunks of one byte": (endless(CHUNKED, b"1\r\nx\r\n" * 10_000), None),
    "extensions of chunks": (endless(CHUNKED, b"1;" + b"e" * 9_000 + b"\r\nx\r\n"), None),
    "trailers": (endless(CHUNKED + b"1\r\nx\r\n0\r\n", b"X-Trailer: y\r\n" * 1_000), AttemptReason.PROTOCOL),
    "a chunk of 2^63 bytes": (endless(CHUNKED + b"7fffffffffffffff\r\n", b"x" * 65_536), None),
    "a switch of protocols": (
        endless(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", b"x" * 9_999),
        AttemptReason.PROTOCOL,
    ),
}
"""What is written until we hang up, and the reason of the attempt; None where the receiver has taken the message."""


async def send(clients: HttpClients, url: str, deadline: timedelta) -> Outcome:
    sent = notification(alert())
    channel = WebhookChannel(Webhook(Secret("env HOOK", url), None), lambda: clients.client(Via()), FakeClock(NOW))
    return await channel.send(sent, render_message(sent, zone="UTC"), deadline)


def sent(url: str, deadline: timedelta, times: int = 1) -> list[Outcome]:
    async def run() -> list[Outcome]:
        async with HttpClients() as clients:
            return [await send(clients, url, deadline) for _ in range(times)]

    return asyncio.run(run())


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_ends_by_its_size_and_not_by_the_deadline(webhook_sink: WebhookSink, name: str) -> None:
    write, reason = FLOODS[name]
    webhook_sink.script = [Answer(200, {}, write(), raw=True)]
    (outcome,) = sent(webhook_sink.url("/hook"), LONG)
    if reason is None:
        assert isinstance(outcome, Delivered)
        assert len(outcome.detail) < 1_000
    else:
        assert (type(outcome), outcome.reason) == (TryAgain, reason)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "pieces",
    [[], [OK], [OK, b"X-Header: "], [OK + b"\r\n"], [CHUNKED, b"ffff\r\n"], [b"HTTP/1.1 100 Continue\r\n\r\n"]],
)
def test_slow_bytes_end_at_the_deadline(webhook_sink: WebhookSink, pieces: list[bytes]) -> None:
    webhook_sink.script = [Answer(200, {}, slowly(*pieces)(), raw=True)]
    (outcome,) = sent(webhook_sink.url("/hook"), SHORT)
    assert (type(outcome), outcome.reason) == (TryAgain, AttemptReason.TIMEOUT)  # type: ignore[union-attr]


def test_no_cookie_of_a_receiver_is_sent_to_anybody(webhook_sink: WebhookSink) -> None:
    cookies = Answer(200, {"Set-Cookie": "a=b; Path=/; Max-Age=1000"}, b"")
    webhook_sink.script = [cookies, cookies]
    assert all(isinstance(one, Delivered) for one in sent(webhook_sink.url("/hook"), LONG, times=2))
    assert all("cookie" not in request.headers for request in webhook_sink.requests)


def test_after_a_flood_the_receiver_is_asked_over_another_connection(webhook_sink: WebhookSink) -> None:
    flood = Answer(200, {}, FLOODS["interim answers"][0](), raw=True)
    webhook_sink.script = [flood, Answer(200, {}, b"")]
    first, second = sent(webhook_sink.url("/hook"), LONG, times=2)
    assert isinstance(first, TryAgain)
    assert isinstance(second, Delivered)


def test_an_answer_that_came_before_the_message_does_not_count() -> None:
    taken, refused = b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
    answers = [taken + taken, refused]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split()[0]))
                writer.write(answers.pop(0))
        writer.close()

    async def run() -> list[Outcome]:
        async with HttpClients() as clients, await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            return [await send(clients, url, LONG) for _ in range(2)]

    first, second = asyncio.run(run())
    assert isinstance(first, Delivered)
    assert (type(second), second.reason) == (TryAgain, AttemptReason.PROTOCOL)  # type: ignore[union-attr]


BODIES = {
    "comments in a row": "<!---->" * 30_000 + "x",
    "comments that do not end": "<!--" * 60_000,
    "declarations in a row": "<?xml ?>" * 30_000,
    "spaces": "<!---->" + " " * 200_000 + "x",
    "brackets": "[" * 200_000,
    "numbers": '{"retry_after": ' + "9" * 200_000 + "}",
    "limits": "error code 1015" * 15_000,
}
"""Beginnings of answers on which a pattern or a parser might work for hours."""


@pytest.mark.parametrize("name", BODIES)
def test_no_answer_takes_long_to_understand(name: str) -> None:
    answer = Answered(500, {}, BODIES[name][:ANSWER_BYTES])
    assert answer.is_page is False
    assert answer.json() == {}


def test_the_limits_have_space_for_what_receivers_really_answer() -> None:
    assert HEAD_BYTES >= 16_384
    assert ANSWER_BYTES >= 100_000
