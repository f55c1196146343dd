"""Answers that break the rules of HTTP in ways that real servers do: read, or refused with a reason in plain words."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import brotli
import pytest

from tests.harness.servers import Answer, FeedServer, Request
from watcher.errors import FetchError, PollReason
from watcher.fetch.redirects import Chain, Hop, read_address
from watcher.model.feed import Feed, Fetched, FetchFailed, NotModified, Validators

try:
    from compression import zstd
except ImportError:
    from backports import zstd

FEED = (
    b"<rss version='2.0'><channel><title>Harbour news</title>"
    + b"<item><title>Ferry</title></item>" * 40
    + b"</channel></rss>"
)
CUT = ("cut off",)
CODING = ("Content-Encoding",)


def raw(*headers: bytes, body: bytes = FEED, status: bytes = b"HTTP/1.1 200 OK", length: bool = True) -> Answer:
    lines = [status, b"Content-Type: text/xml", *headers]
    lines += [b"Content-Length: %d" % len(body)] if length else []
    return Answer(body=b"\r\n".join([*lines, b"Connection: close", b"", body]), raw=True)


def chunked(body: bytes, *, complete: bool = True) -> bytes:
    return b"%x\r\n%s\r\n" % (len(body), body) + (b"0\r\n\r\n" if complete else b"")


def coded(coding: str, body: bytes) -> Answer:
    return raw(b"Content-Encoding: " + coding.encode(), body=body)


READ: dict[str, tuple[Answer, tuple[str, ...]]] = {
    "encoding names a character set": (coded("utf-8", FEED), CODING),
    "encoding is none": (coded("none", FEED), CODING),
    "encoding is binary": (coded("binary", FEED), CODING),
    "encoding is identity": (coded("identity", FEED), ()),
    "encoding is unknown": (coded("aws-chunked", FEED), CODING),
    "encoding is unknown before gzip": (coded("aws-chunked,gzip", gzip.compress(FEED)), CODING),
    "gzip behind an unknown one": (coded("gzip, utf-8", gzip.compress(FEED)), CODING),
    "gzip is not true": (coded("gzip", FEED), CODING),
    "deflate is not true": (coded("deflate", FEED), CODING),
    "brotli is not true": (coded("br", FEED), CODING),
    "brotli is not true of UTF-16": (coded("br", FEED.decode().encode("utf-16")), CODING),
    "zstd is not true": (coded("zstd", FEED), CODING),
    "gzip is called brotli": (coded("br", gzip.compress(FEED)), CODING),
    "zstd is called gzip": (coded("gzip", zstd.compress(FEED)), CODING),
    "gzip is said twice, done once": (
        raw(b"Content-Encoding: gzip", b"Content-Encoding: gzip", body=gzip.compress(FEED)),
        (),
    ),
    "gzip twice": (coded("gzip, gzip", gzip.compress(gzip.compress(FEED))), ()),
    "gzip within brotli": (coded("gzip, br", brotli.compress(gzip.compress(FEED))), ()),
    "gzip unsaid": (raw(body=gzip.compress(FEED)), CODING),
    "zstd unsaid": (raw(body=zstd.compress(FEED)), CODING),
    "gzip twice unsaid": (raw(body=gzip.compress(gzip.compress(FEED))), CODING),
    "deflate without its wrapper": (coded("deflate", zlib.compress(FEED)[2:-4]), ()),
    "gzip without its checksum": (coded("gzip", gzip.compress(FEED)[:-8]), ()),
    "gzip with a wrong checksum": (coded("gzip", gzip.compress(FEED)[:-8] + b"\0" * 8), ()),
    "gzip with a name, a comment and a header checksum": (
        coded("gzip", b"\x1f\x8b\x08\x1e" + b"\0" * 6 + b"\x03\0abcname\0comment\0\0\0" + gzip.compress(FEED)[10:]),
        (),
    ),
    "gzip with a comment behind it": (coded("gzip", gzip.compress(FEED) + b"\r\n<!-- cached -->"), ()),
    "an extra layer of quotes and case": (coded("GZIP", gzip.compress(FEED)), ()),
    "a length that is too long": (raw(b"Content-Length: %d" % (len(FEED) + 50), length=False), CUT),
    "the same length twice": (raw(b"Content-Length: %d" % len(FEED)), ()),
    "the same length twice in a line": (raw(b"Content-Length: %d, %d" % (len(FEED), len(FEED)), length=False), ()),
    "a length that is no number": (raw(b"Content-Length: unknown", length=False), ()),
    "no length": (raw(length=False), ()),
    "chunks": (raw(b"Transfer-Encoding: chunked", body=chunked(FEED), length=False), ()),
    "chunks and a length": (raw(b"Transfer-Encoding: chunked", body=chunked(FEED)), ()),
    "chunks without an end": (
        raw(b"Transfer-Encoding: chunked", body=chunked(FEED, complete=False), length=False),
        CUT,
    ),
    "chunks said twice": (
        raw(b"Transfer-Encoding: chunked", b"Transfer-Encoding: Chunked", body=chunked(FEED), length=False),
        (),
    ),
    "transfer encoding identity": (raw(b"Transfer-Encoding: identity"), ()),
    "no reason behind the status": (raw(status=b"HTTP/1.1 200"), ()),
    "a blank before the status": (raw(status=b"HTTP/1.1  200 OK"), ()),
    "an empty line before the status": (raw(status=b"\r\nHTTP/1.1 200 OK"), ()),
    "HTTP/1.0": (raw(status=b"HTTP/1.0 200 OK"), ()),
    "a version from the future": (raw(status=b"HTTP/2 200"), ()),
    "a radio server": (raw(status=b"ICY 200 OK"), ()),
    "blank before the colon": (raw(b"X-Cache : hit"), ()),
    "blank within a name": (raw(b"X Cache: hit"), ()),
    "a line without colon": (raw(b"PHP Warning"), ()),
    "a line without name": (raw(b": hit"), ()),
    "a header over two lines": (raw(b"X-A: b\r\n  c"), ()),
    "a header that begins with a blank": (raw(b" X-A: b"), ()),
    "a letter of latin-1": (raw(b"X-A: caf\xe9"), ()),
    "a letter in UTF-8": (raw("X-Ä: ü".encode()), ()),
    "NUL": (raw(b"X-A: a\0b"), ()),
    "a control character": (raw(b"X-A: a\x01b\x7f"), ()),
    "many cookies": (raw(*(b"Set-Cookie: a%d=%s" % (number, b"x" * 200) for number in range(60))), ()),
    "a long header": (raw(b"Content-Security-Policy: " + b"x" * 20_000), ()),
    "early hints": (raw(status=b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK"), ()),
    "odd early hints": (raw(status=b"HTTP/1.1 103\r\nbroken\r\nX Y: z\r\n\r\n\r\nHTTP/1.1 200 OK"), ()),
    "100 Continue": (raw(status=b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"), ()),
    "203": (raw(status=b"HTTP/1.1 203 Transformed"), ()),
    "206": (raw(status=b"HTTP/1.1 206 Partial Content"), ()),
    "226": (raw(status=b"HTTP/1.1 226 IM Used"), ()),
    "lines that end in LF": (
        Answer(body=b"HTTP/1.1 200 OK\nContent-Length: %d\nConnection: close\n\n" % len(FEED) + FEED, raw=True),
        (),
    ),
    "two types": (raw(b"Content-Type: text/html"), ()),
}


@pytest.mark.parametrize("name", READ)
def test_what_is_read_all_the_same(name: str, feed_server: FeedServer, fetch: Any) -> None:
    answer, repairs = READ[name]
    fetched = fetch(feed_server.put("/f", answer))
    assert isinstance(fetched, Fetched), fetched
    body = fetched.body.decode("utf-16").encode() if "UTF-16" in name else fetched.body
    assert (body, fetched.repairs) == (FEED, repairs)


REFUSED: dict[str, tuple[Answer, PollReason, str]] = {
    "two lengths": (raw(b"Content-Length: 5"), PollReason.PROTOCOL, "two different lengths"),
    "no head": (Answer(body=FEED, raw=True), PollReason.PROTOCOL, "does not answer in HTTP"),
    "another protocol": (Answer(body=b"SSH-2.0-OpenSSH_9.2\r\n", raw=True), PollReason.PROTOCOL, "not answer in HTTP"),
    "TLS": (Answer(body=b"\x15\x03\x01\0\x02\x02\x46", raw=True), PollReason.PROTOCOL, "at http or https"),
    "a status of letters": (raw(status=b"HTTP/1.1 OK"), PollReason.PROTOCOL, "no valid status line"),
    "a status of two digits": (raw(status=b"HTTP/1.1 20 OK"), PollReason.PROTOCOL, "no valid status line"),
    "nothing": (Answer(body=b"", raw=True), PollReason.PROTOCOL, "breaks the rules"),
    "half a head": (Answer(body=b"HTTP/1.1 200 OK\r\nX: y", raw=True), PollReason.PROTOCOL, "breaks the rules"),
    "a chunk without size": (
        raw(b"Transfer-Encoding: chunked", body=b"zz\r\nabc\r\n", length=False),
        PollReason.PROTOCOL,
        "breaks the rules",
    ),
    "three layers of gzip": (
        coded("gzip", gzip.compress(gzip.compress(gzip.compress(FEED)))),
        PollReason.BAD_ENCODING,
        "more than twice",
    ),
    "a transfer coding that is not offered": (
        raw(b"Transfer-Encoding: gzip, chunked", body=chunked(gzip.compress(FEED)), length=False),
        PollReason.PROTOCOL,
        "breaks the rules",
    ),
    "304 to a request without validators": (raw(status=b"HTTP/1.1 304 Not Modified"), PollReason.PROTOCOL, "304"),
    "a redirect without target": (raw(status=b"HTTP/1.1 302 Found"), PollReason.PROTOCOL, "without saying where to"),
    "a redirect to nothing": (
        raw(b"Location: ", status=b"HTTP/1.1 302 Found"),
        PollReason.PROTOCOL,
        "without saying where to",
    ),
    "a wall against robots": (
        raw(b"cf-mitigated: challenge", status=b"HTTP/1.1 403 Forbidden"),
        PollReason.HTTP_UNAUTHORIZED,
        "protection against robots",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_names_its_reason(name: str, feed_server: FeedServer, fetch: Any) -> None:
    answer, reason, words = REFUSED[name]
    failed = fetch(feed_server.put("/f", answer))
    assert isinstance(failed, FetchFailed), failed
    assert failed.reason is reason
    assert words in failed.detail


def redirect(location: bytes, status: bytes = b"302 Found") -> Answer:
    return raw(b"Location: " + location, body=b"", status=b"HTTP/1.1 " + status)


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/ziel/über/مرفأ.xml".encode(), "/ziel/%C3%BCber/%D9%85%D8%B1%D9%81%D8%A3.xml"),
        (b"/ziel/\xfcber.xml", "/ziel/%FCber.xml"),
        (b"/ziel/%FCber%20x.xml", "/ziel/%FCber%20x.xml"),
        (b"/a b.xml", "/a%20b.xml"),
        (b"end#_=_", "/end"),
        (b"/end\r\nLocation: /end", "/end"),
        (b"/end\r\nLocation: /other", "/end"),
        (b"?page=2", "/f?page=2"),
    ],
)
def test_where_a_redirect_leads(location: bytes, path: str, feed_server: FeedServer, fetch: Any) -> None:
    feed_server.put(path.partition("?")[0] if "?" not in path else path, FEED)
    feed_server.put("/f", redirect(location))
    fetched = fetch(feed_server.url("/f"))
    assert isinstance(fetched, Fetched), fetched
    assert feed_server.paths()[-1] == path
    assert fetched.url == feed_server.url(path)


@pytest.mark.parametrize("status", [b"300 Multiple Choices", b"303 See Other", b"307 Temporary", b"308 Permanent"])
def test_each_kind_of_redirect_is_followed(status: bytes, feed_server: FeedServer, fetch: Any) -> None:
    feed_server.put("/end", FEED)
    fetched = fetch(feed_server.put("/f", redirect(b"/end", status)))
    assert (fetched.url, fetched.permanent_url is None) == (feed_server.url("/end"), not status.startswith(b"308"))


@pytest.mark.parametrize(("hops", "is_read"), [(10, True), (11, False)])
def test_ten_redirects_are_followed(hops: int, is_read: bool, feed_server: FeedServer, fetch: Any) -> None:
    for number in range(hops):
        feed_server.put(f"/{number}", redirect(b"/%d" % (number + 1)))
    feed_server.put(f"/{hops}", FEED)
    result = fetch(feed_server.url("/0"))
    assert isinstance(result, Fetched) == is_read
    assert is_read or result.reason is PollReason.TOO_MANY_REDIRECTS


def test_cookies_are_kept_for_the_hops_of_one_chain(feed_server: FeedServer, fetch: Any) -> None:
    def consent(request: Request) -> Answer:
        if "ok=1" in request.headers.get("cookie", ""):
            return Answer(body=FEED)
        return Answer(302, {"Set-Cookie": "ok=1; Path=/; HttpOnly", "Location": "/consent"})

    feed_server.put("/f", consent)
    feed_server.put("/consent", redirect(b"/f"))
    url = feed_server.url("/f")
    assert isinstance(fetch(url), Fetched)
    assert isinstance(fetch(url), Fetched)
    assert [request.headers.get("cookie") for request in feed_server.requests] == [None, "ok=1", "ok=1"] * 2


def test_a_wall_that_wants_cookies_is_named(feed_server: FeedServer, fetch: Any) -> None:
    wall = Answer(302, {"Set-Cookie": "seen=1; Path=/elsewhere", "Location": "/f"})
    failed = fetch(feed_server.put("/f", wall))
    assert failed.reason is PollReason.TOO_MANY_REDIRECTS


@pytest.mark.parametrize("etag", [b'"abc"', b"abc", b'W/"abc"', '"ü"'.encode()])
def test_validators_go_back_as_they_came_also_when_said_twice(etag: bytes, feed_server: FeedServer, fetch: Any) -> None:
    date = b"Last-Modified: Sun, 29 Nov 2026 10:00:00 GMT"
    url = feed_server.put("/f", raw(b"ETag: " + etag, b"ETag: " + etag, date, date))
    validators = fetch(url).validators
    assert validators == Validators(etag.decode("latin-1"), "Sun, 29 Nov 2026 10:00:00 GMT")
    feed_server.put("/f", raw(status=b"HTTP/1.1 304 Not Modified", body=b"", length=False))
    assert isinstance(fetch(url, validators), NotModified)
    assert feed_server.requests[-1].headers["if-none-match"] == etag.decode("latin-1")


def test_https_never_falls_to_http() -> None:
    chain = Chain(Feed("https://example.org/f"), Validators(), "watcher/test")
    hop = Hop(read_address("https://example.org/f"))
    with pytest.raises(FetchError) as refused:
        chain.next_hop(hop, 301, "http://example.org/f")
    assert refused.value.reason is PollReason.SCHEME_REFUSED
    assert chain.next_hop(hop, 301, "https://www.example.org/f").permanent
