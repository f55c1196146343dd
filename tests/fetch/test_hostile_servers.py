"""Servers that mean harm: each ends with a named reason, soon, and others are not disturbed."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import brotli
import pytest
from servers import Answer, FeedServer

from watcher.errors import PollReason
from watcher.fetch.client import Fetcher
from watcher.fetch.decoding import BodyCollector
from watcher.model.feed import Feed, Fetched, FetchFailed, Validators

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
    with pytest.raises(Exception, match="larger than"):
        collector.feed(CODINGS[coding](b"\0" * (20 * MEGABYTE)))
    assert sum(map(len, collector._pieces)) <= MEGABYTE


@pytest.mark.parametrize("coding", CODINGS)
def test_a_compressed_body_that_is_damaged_or_cut_off(coding: str, feed_server: FeedServer, fetch: Any) -> None:
    body = CODINGS[coding](bytes(range(256)) * 500)
    for damaged in (body[:-20], b"this is not compressed at all, whatever the header says"):
        failed = fetch(feed_server.put("/f", coded(coding, damaged)))
        assert isinstance(failed, FetchFailed)
        assert failed.reason is PollReason.BAD_ENCODING


@pytest.mark.parametrize("coding", ["gzip, gzip", "gzip, br", "compress", "x-unknown"])
def test_codings_that_are_not_read(coding: str, feed_server: FeedServer, fetch: Any) -> None:
    failed = fetch(feed_server.put("/f", coded(coding, gzip.compress(gzip.compress(b"<rss/>")))))
    assert isinstance(failed, FetchFailed)
    assert failed.reason is PollReason.BAD_ENCODING


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


@pytest.mark.parametrize(
    "head", [b"nonsense\r\n\r\n", b"HTTP/1.1 99 Low\r\n\r\n", b"\0" * 200, b"HTTP/1.1 200 OK\r\nA B: c\r\n\r\n"]
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


def test_others_are_not_disturbed(feed_server: FeedServer, with_fetcher: Any) -> None:
    feed_server.stall("/stalled")
    feed_server.drip("/drip", b"x" * 1000, 0.02)
    feed_server.put("/bomb", coded("gzip", gzip.compress(b"\0" * (60 * MEGABYTE))))
    feed_server.put("/good", b"<rss/>")

    async def body(fetcher: Fetcher) -> Any:
        bad = [feed_server.url(path) for path in ("/stalled", "/drip", "/bomb") * 2]
        tasks = [asyncio.create_task(fetcher.fetch(Feed(url), Validators())) for url in bad]
        good = [await fetcher.fetch(Feed(feed_server.url("/good")), Validators()) for _ in range(5)]
        return good, await asyncio.gather(*tasks)

    good, bad = with_fetcher(body, timeout=timedelta(milliseconds=800))
    assert all(isinstance(result, Fetched) for result in good)
    assert {result.reason for result in bad} == {PollReason.TIMEOUT, PollReason.TOO_LARGE}
