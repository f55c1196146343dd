"""Servers that mean harm, by name: what each writes to a connection after it took a request.

Bytes are written until the client hangs up. `HERE` stands for the server's own address.
"""

from __future__ import annotations

import gzip
import itertools
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache

import brotli

try:
    from compression import zstd
except ImportError:
    from backports import zstd

HERE = b"{here}"
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
MEGABYTE = 1_000_000
FEED = b'<rss version="2.0"><channel><title>t</title><item><title>a</title></item></channel></rss>'

Writer = Callable[[], Iterable[bytes]]


def hostile_servers() -> Iterator[tuple[str, Writer]]:
    yield from _of_heads()
    yield from _of_bodies()
    yield from _of_codings()
    yield from _of_redirects()


def _of_heads() -> Iterator[tuple[str, Writer]]:
    yield "says nothing", lambda: _slowly([], 0.5)
    yield "drips its headers", lambda: _slowly([b"%c" % byte for byte in OK + b"X: " + b"y" * 10_000], 0.02)
    yield "headers without end", lambda: _endless(OK, b"X-Header: " + b"y" * 1_000 + b"\r\n")
    yield "one header without end", lambda: _endless(OK + b"X: ", b"y" * 65_536)
    yield "short headers without end", lambda: _endless(OK, b"a:b\r\n" * 10_000)
    yield "20,000 headers of one name", lambda: [OK + b"a:b\r\n" * 12_000 + b"\r\n" + FEED]
    yield "interim answers without end", lambda: _endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000)
    yield "early hints without end", lambda: _endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 1_000)
    yield (
        "switches protocols",
        lambda: _endless(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", b"x" * 9_999),
    )
    yield "HTTP/2 at once", lambda: [b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"\x00" * 18] * 9
    yield "two lengths", lambda: [OK + b"Content-Length: 5\r\nContent-Length: 9\r\n\r\n" + FEED]
    yield "a length of minus one", lambda: [OK + b"Content-Length: -1\r\n\r\n" + FEED]
    yield (
        "a length and chunks",
        lambda: [OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"],
    )
    yield "a folded header", lambda: [OK + b"X: a\r\n b\r\n" * 2_000 + b"Content-Length: 0\r\n\r\n"]


def _of_bodies() -> Iterator[tuple[str, Writer]]:
    yield "drips its document", lambda: _slowly([OK + b"\r\n", *[b"x"] * 10_000], 0.02)
    yield "a document without end", lambda: _endless(OK + b"\r\n", b"x" * 65_536)
    yield "promises more than it sends", lambda: [OK + b"Content-Length: 1000000\r\n\r\n" + FEED]
    yield "sends more than it promised", lambda: _endless(OK + b"Content-Length: %d\r\n\r\n" % len(FEED) + FEED, FEED)
    yield "chunks of one byte", lambda: _endless(CHUNKED, b"1\r\nx\r\n" * 10_000)
    yield "chunks with extensions", lambda: _endless(CHUNKED, b"1;" + b"e" * 16_000 + b"\r\nx\r\n")
    yield "a chunk of 2^63 bytes", lambda: _endless(CHUNKED + b"7fffffffffffffff\r\n", b"x" * 65_536)
    yield "a chunk of negative size", lambda: [CHUNKED + b"-1\r\nx\r\n"]
    yield "trailers without end", lambda: _endless(CHUNKED + b"1\r\nx\r\n0\r\n", b"X-Trailer: y\r\n" * 1_000)
    yield "chunked twice", lambda: [OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"]
    yield "transfer coding gzip", lambda: [OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"]


def _of_codings() -> Iterator[tuple[str, Writer]]:
    yield "gzip bomb", lambda: [_bomb("gzip")]
    yield "deflate bomb, bare", lambda: [_bomb("deflate")]
    yield "brotli bomb", lambda: [_bomb("br")]
    yield "zstd bomb", lambda: [_bomb("zstd")]
    yield "zstd with a window of 2 GB", lambda: [_coded(b"zstd", b"\x28\xb5\x2f\xfd\x00\xa8" + b"\x01\x00\x00" * 9)]
    yield "stacked codings", lambda: [_bomb("gzip, gzip")]
    yield "empty gzip members without end", lambda: _endless(_coded(b"gzip", b""), gzip.compress(b"") * 3_000)
    yield "a gzip header without end", lambda: _endless(_coded(b"gzip", b"\x1f\x8b\x08\x08" + b"\0" * 6), b"n" * 65_536)
    yield (
        "empty deflate blocks without end",
        lambda: _endless(_coded(b"deflate", b"\x78\x9c"), b"\x00\x00\x00\xff\xff" * 9_999),
    )
    yield "empty zstd frames without end", lambda: _endless(_coded(b"zstd", b""), zstd.compress(b"") * 5_000)
    yield (
        "skippable zstd frames without end",
        lambda: _endless(_coded(b"zstd", b""), b"\x50\x2a\x4d\x18\x00\x00\x00\x00" * 8_000),
    )
    yield "garbage after gzip without end", lambda: _endless(_coded(b"gzip", gzip.compress(FEED)), b"x" * 65_536)
    yield "garbage after brotli without end", lambda: _endless(_coded(b"br", brotli.compress(FEED)), b"x" * 65_536)


def _of_redirects() -> Iterator[tuple[str, Writer]]:
    for name, location in {
        "redirects to itself": HERE + b"redirects%20to%20itself",
        "redirects to a private address": b"http://169.254.169.254/latest/meta-data/",
        "redirects to loopback in octal": b"http://0177.0.0.2/",
        "redirects to loopback in one number": b"http://2130706434/",
        "redirects to a zone": b"http://[fe80::1%25lo]/",
        "redirects to mapped IPv4": b"http://[::ffff:10.0.0.1]/",
        "redirects to NAT64": b"http://[64:ff9b::a00:1]/",
        "redirects to a file": b"file:///etc/passwd",
        "redirects to data": b"data:text/xml,<rss/>",
        "redirects to FTP": b"ftp://127.0.0.1/",
        "redirects to no address": b"http://[::1",
        "redirects to 60,000 characters": b"/" + b"a" * 60_000,
        "redirects to control characters": b"http://exa\x01mple.org/",
    }.items():
        head = b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"
        yield name, lambda head=head: [head]  # type: ignore[misc]


BOMBS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "gzip, gzip": lambda data: gzip.compress(gzip.compress(data)),
    "deflate": lambda data: zlib.compress(data)[2:-4],
    "br": lambda data: brotli.compress(data, quality=1),
    "zstd": zstd.compress,
}


@cache
def _bomb(coding: str) -> bytes:
    return _coded(coding.encode(), BOMBS[coding](b"\0" * (60 * MEGABYTE)))


def prepare() -> None:
    """Makes the bombs, which takes seconds, before anybody asks for them."""
    for coding in BOMBS:
        _bomb(coding)


def _coded(coding: bytes, body: bytes) -> bytes:
    return OK + b"Content-Encoding: " + coding + b"\r\n\r\n" + body


def _endless(start: bytes, piece: bytes) -> Iterator[bytes]:
    yield start
    yield from itertools.repeat(piece)


def _slowly(pieces: Iterable[bytes], seconds: float) -> Iterator[bytes]:
    yield b""
    for piece in itertools.chain(pieces, itertools.repeat(b"")):
        time.sleep(seconds)
        yield piece
