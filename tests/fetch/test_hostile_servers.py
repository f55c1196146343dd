"""Servers that mean harm: each ends with a named reason, soon, and others are not disturbed."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import random
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import brotli
import pytest

from tests.harness.servers import Answer, FeedServer
from watcher.errors import FetchError, PollReason
from watcher.fetch.client import Fetcher
from watcher.fetch.decoding import BodyCollector
from watcher.model.feed import Feed, Fetched, FetchFailed, FetchResult, Validators

try:
    from compression import zstd
except ImportError:
    from backports import zstd

MEGABYTE = 1_000_000
CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda data: brotli.compress(data, quality=1),
    "zstd": zstd.compress,
}


def coded(coding: str, body: bytes) -> Answer:
    return Answer(200, {"Content-Encoding": coding}, body)


@pytest.mark.parametrize("coding", CODINGS)
def test_what_is_compressed_is_read(coding: str, feed_server: FeedServer, fetch: Any) -> None:
    text = b"<rss>" + b"word " * 50_000
    fetched = fetch(feed_server.put("/f", coded(coding, CODINGS[coding](text))))
    assert isinstance(fetched, Fetched)
    assert fetched.body == text


@pytest.mark.parametrize("coding", CODINGS)
def test_a_compression_bomb_is_too_large(coding: str, feed_server: FeedServer, fetch: Any) -> None:
    bomb = CODINGS[coding](b"\0" * (60 * MEGABYTE))
    failed = fetch(feed_server.put("/f", coded(coding, bomb)), max_bytes=MEGABYTE)
    assert isinstance(failed, FetchFailed)
    assert failed.reason is PollReason.TOO_LARGE


@pytest.mark.parametrize("coding", CODINGS)
def test_a_bomb_is_never_decoded_beyond_the_cap(coding: str) -> None:
    collector = BodyCollector(coding, MEGABYTE)
    with pytest.raises(FetchError) as refused:
        list(collector.take(CODINGS[coding](b"\0" * (20 * MEGABYTE))))
    assert refused.value.reason is PollReason.TOO_LARGE
    assert sum(map(len, collector._pieces)) <= MEGABYTE


@pytest.mark.parametrize("coding", CODINGS)
def test_a_compressed_body_that_is_damaged(coding: str, feed_server: FeedServer, fetch: Any) -> None:
    body = CODINGS[coding](bytes(range(256)) * 500)
    middle = len(body) // 2
    damaged = body[:middle] + bytes(byte ^ 0xFF for byte in body[middle : middle + 40]) + body[middle + 40 :]
    failed = fetch(feed_server.put("/f", coded(coding, damaged)))
    if isinstance(failed, Fetched):  # nothing in the stream contradicts the wrong bytes, or it ends there
        assert coding != "deflate"
    else:
        assert failed.reason is PollReason.BAD_ENCODING


@pytest.mark.parametrize("coding", CODINGS)
def test_a_compressed_body_that_is_cut_off_is_read_as_far_as_it_goes(
    coding: str, feed_server: FeedServer, fetch: Any
) -> None:
    text = random.Random(1).randbytes(400_000)
    answer = coded(coding, CODINGS[coding](text)[:-30_000])
    answer.headers["ETag"] = '"a"'
    fetched = fetch(feed_server.put("/f", answer))
    assert isinstance(fetched, Fetched)
    assert text.startswith(fetched.body)
    assert len(fetched.body) > 200_000
    assert (fetched.repairs, fetched.validators) == (("cut off",), Validators())
    nothing = fetch(feed_server.put("/g", coded("gzip", gzip.compress(text)[:9])))
    assert nothing.reason is PollReason.BAD_ENCODING


@pytest.mark.parametrize("size", [99, 16_384, 65_536, MEGABYTE])
@pytest.mark.parametrize("coding", CODINGS)
def test_what_is_read_of_a_body_that_is_cut_off_does_not_depend_on_its_packets(coding: str, size: int) -> None:
    sent = CODINGS[coding](random.Random(1).randbytes(400_000))[:-30_000]
    whole, packets = BodyCollector(coding, MEGABYTE), BodyCollector(coding, MEGABYTE)
    for at in range(0, len(sent), size):
        list(packets.take(sent[at : at + size]))
    for collector, rest in ((whole, sent), (packets, b"")):
        list(collector.take(rest))
        list(collector.end(cut_off=True))
    assert packets.body() == whole.body()
    assert len(whole.body()) > 200_000


def test_a_body_without_end(feed_server: FeedServer, fetch: Any) -> None:
    failed = fetch(feed_server.put("/f", lambda _: Answer(body=itertools.repeat(b"x" * 65536))), max_bytes=MEGABYTE)
    assert failed.reason is PollReason.TOO_LARGE


def test_a_length_that_is_too_large_is_not_waited_for(feed_server: FeedServer, fetch: Any) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
    assert fetch(feed_server.put("/f", Answer(body=head, raw=True))).reason is PollReason.TOO_LARGE


def test_headers_without_end(feed_server: FeedServer, fetch: Any) -> None:
    def endless() -> Any:
        yield b"HTTP/1.1 200 OK\r\n"
        for number in itertools.count():
            yield b"X-%d: %s\r\n" % (number, b"y" * 1000)

    failed = fetch(feed_server.put("/f", lambda _: Answer(body=endless(), raw=True)))
    assert failed.reason is PollReason.PROTOCOL


OK = b"HTTP/1.1 200 OK\r\n"
FLOODS: dict[str, tuple[bytes, bytes, PollReason]] = {
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000, PollReason.PROTOCOL),
    "early hints": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 500, PollReason.PROTOCOL),
    "one header": (OK + b"X: ", b"y" * 65_536, PollReason.PROTOCOL),
    "chunks of one byte": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 5_000, PollReason.PROTOCOL),
    "trailers": (OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", b"X: y\r\n" * 1_000, PollReason.PROTOCOL),
    "chunk extensions": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n",
        b"1;" + b"e" * 9_000 + b"\r\nx\r\n",
        PollReason.TOO_LARGE,
    ),
    "empty gzip members": (OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"") * 2_000, PollReason.BAD_ENCODING),
    "empty zstd frames": (OK + b"Content-Encoding: zstd\r\n\r\n", zstd.compress(b"") * 2_000, PollReason.BAD_ENCODING),
    "a gzip header": (
        OK + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x08" + b"\0" * 6,
        b"n" * 65_536,
        PollReason.BAD_ENCODING,
    ),
    "empty deflate blocks": (
        OK + b"Content-Encoding: deflate\r\n\r\n\x78\x9c",
        b"\x00\x00\x00\xff\xff" * 9_999,
        PollReason.TOO_LARGE,
    ),
    "garbage after deflate": (
        OK + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(b"<rss/>"),
        b"x" * 200,
        PollReason.TOO_LARGE,
    ),
    "garbage after gzip": (
        OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"<rss/>"),
        b"x" * 65_536,
        PollReason.TOO_LARGE,
    ),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_that_decodes_to_nothing_ends_long_before_the_deadline(
    flood: str, feed_server: FeedServer, fetch: Any
) -> None:
    start, piece, reason = FLOODS[flood]
    endless = feed_server.put("/f", lambda _: Answer(body=itertools.chain([start], itertools.repeat(piece)), raw=True))
    failed = fetch(endless, max_bytes=MEGABYTE, timeout=timedelta(seconds=60))
    assert (failed.reason, failed.status) == (reason, None)


def test_between_two_pieces_of_a_bomb_other_tasks_run(feed_server: FeedServer, with_fetcher: Any) -> None:
    feed_server.put("/bomb", coded("gzip", gzip.compress(b"\0" * (9 * MEGABYTE))))

    async def steps_while_reading(fetcher: Fetcher) -> int:
        reading = asyncio.create_task(fetcher.fetch(Feed(feed_server.url("/bomb")), Validators()))
        steps = 0
        while not reading.done():
            steps += 1
            await asyncio.sleep(0)
        assert len(reading.result().body) == 9 * MEGABYTE
        return steps

    assert with_fetcher(steps_while_reading) > 9 * MEGABYTE // (1 << 18)


def test_many_members_of_an_honest_gzip_are_read(feed_server: FeedServer, fetch: Any) -> None:
    body = b"".join(gzip.compress(b"word " * 1_000) for _ in range(500)) + b"\0" * 512
    assert fetch(feed_server.put("/f", coded("gzip", body))).body == b"word " * 500_000


@pytest.mark.parametrize(
    "head", [b"nonsense\r\n\r\n", b"HTTP/1.1 99 Low\r\n\r\n", b"\0" * 200, b"<rss version='2.0'/>"]
)
def test_what_is_not_http(head: bytes, feed_server: FeedServer, fetch: Any) -> None:
    assert fetch(feed_server.put("/f", Answer(body=head, raw=True))).reason is PollReason.PROTOCOL


def test_a_drip_ends_at_the_one_deadline(feed_server: FeedServer, fetch: Any) -> None:
    failed = fetch(feed_server.drip("/f", b"x" * 1000, 0.02), timeout=timedelta(milliseconds=300))
    assert failed.reason is PollReason.TIMEOUT


def test_redirects_share_the_deadline(feed_server: FeedServer, fetch: Any) -> None:
    feed_server.stall("/slow")
    failed = fetch(feed_server.redirect("/f", "/slow"), timeout=timedelta(milliseconds=300))
    assert failed.reason is PollReason.TIMEOUT


@pytest.mark.slow
def test_others_are_not_disturbed(feed_server: FeedServer, with_fetcher: Any) -> None:
    feed_server.stall("/stalled")
    feed_server.drip("/drip", b"x" * 1000, 0.02)
    feed_server.put("/bomb", coded("gzip", gzip.compress(b"\0" * (60 * MEGABYTE))))
    feed_server.put("/good", b"<rss/>")

    async def body(fetcher: Fetcher) -> Any:
        def ask(path: str, deadline: float) -> asyncio.Task[FetchResult]:
            feed = Feed(feed_server.url(path))
            return asyncio.create_task(fetcher.fetch(feed, Validators(), deadline=timedelta(seconds=deadline)))

        tasks = [ask(path, 60 if path == "/bomb" else 1) for path in ("/stalled", "/drip", "/bomb") * 2]
        good = [await fetcher.fetch(Feed(feed_server.url("/good")), Validators()) for _ in range(5)]
        return good, await asyncio.gather(*tasks)

    good, bad = with_fetcher(body)
    assert all(isinstance(result, Fetched) for result in good)
    assert {result.reason for result in bad} == {PollReason.TIMEOUT, PollReason.TOO_LARGE}
