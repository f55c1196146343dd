"""From a page to its feeds."""

from __future__ import annotations

import asyncio
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.servers import Answer, Document, FeedServer
from watcher.errors import ParseError, PollReason
from watcher.fetch.client import Fetcher
from watcher.fetch.discover import Discovery, discover
from watcher.fetch.feed_links import candidates, common_addresses
from watcher.fetch.page import find_candidates
from watcher.model.entry import ParsedFeed
from watcher.model.feed import Fetched, ParseFailed
from watcher.parse.document import parse_document

FEED = b'<rss version="2.0"><channel><title>News</title><item><title>A</title></item></channel></rss>'
PAGE = b"""<!doctype html><html><head><base href="/blog/">
<link rel="stylesheet" type="text/css" href="x.css"><link rel="alternate" hreflang="de" href="/de">
<link rel="alternate" type="text/xml" href="maybe.xml"><link rel="alternate" type="application/rss+xml" title="All" href="all.xml">
<link rel="ALTERNATE" type="application/atom+xml; charset=utf-8" href="//other.example/atom"></head>
<body><a href="rss">Our RSS</a><a href="javascript:feed()">no</a><a href="/about">no</a>"""


def test_a_page_names_its_feeds_best_first() -> None:
    found = candidates(PAGE, url="https://example.org/page")
    assert [(candidate.url, candidate.sure) for candidate in found] == [
        ("https://example.org/blog/all.xml", True),
        ("https://other.example/atom", True),
        ("https://example.org/blog/maybe.xml", False),
        ("https://example.org/blog/rss", False),
    ]
    assert found[0].title == "All"


def test_common_places_are_beside_the_page_and_at_the_root() -> None:
    addresses = [candidate.url for candidate in common_addresses("https://example.org/blog")]
    assert "https://example.org/blog/feed" in addresses
    assert "https://example.org/rss.xml" in addresses


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_no_page_is_too_odd(page: bytes) -> None:
    assert all(candidate.url.startswith("http") for candidate in candidates(page, url="https://example.org/"))


BOMBS = {
    "attributes": b"<div " + b" ".join(b"a%d=x" % number for number in range(800_000)) + b">",
    "200,000 deep": b"<div>" * 200_000,
    "anchors in anchors": b"<a href=/feed>x" * 600_000,
    "400,000 anchors": b"".join(b"<a href=/feed/%d>a</a>" % number for number in range(400_000)),
    "an address of 9 MB": b'<a href="/feed' + b"x" * 9_000_000 + b'">x</a>',
    "scripts": b"<script>" * 1_000_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_what_a_page_may_cost_is_bounded(bomb: str) -> None:
    before = getrusage(RUSAGE_CHILDREN)
    found = asyncio.run(find_candidates(BOMBS[bomb], url="https://example.org/"))
    after = getrusage(RUSAGE_CHILDREN)
    if isinstance(found, ParseFailed):
        assert found.reason is PollReason.PARSE_TIMEOUT
    else:
        assert len(found) <= 50
        assert all(len(candidate.url) + len(candidate.title) < 3_000 for candidate in found)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 3


def test_a_page_that_kills_its_reader_is_named_where_nothing_else_is_found(
    feed_server: FeedServer, with_fetcher: Any
) -> None:
    page = feed_server.put("/page", html(BOMBS["attributes"]))
    discovery = found_from(page, with_fetcher)
    assert discovery.failed is not None
    assert discovery.failed.reason is PollReason.PARSE_TIMEOUT
    assert "address of the feed itself" in discovery.failed.detail
    feed_server.put("/rss.xml", FEED)
    assert [feed.url for feed in found_from(page, with_fetcher).feeds] == [feed_server.url("/rss.xml")]


def found_from(url: str, with_fetcher: Any) -> Discovery:
    async def parse(document: Fetched) -> ParsedFeed | ParseFailed:
        if document.headers.get("content-type") == "text/html":
            return ParseFailed(PollReason.HTML, "a page")
        try:
            return parse_document(document.body, url=document.url, headers=document.headers)
        except ParseError as error:
            return ParseFailed(error.reason, error.detail)

    async def body(fetcher: Fetcher) -> Discovery:
        return await discover(url, fetcher, parse)

    result: Discovery = with_fetcher(body)
    return result


def html(body: bytes) -> Document:
    return Document(body, {"Content-Type": "text/html"})


def test_an_address_that_is_a_feed(feed_server: FeedServer, with_fetcher: Any) -> None:
    url = feed_server.put("/f", FEED)
    (feed,) = found_from(url, with_fetcher).feeds
    assert (feed.url, feed.title, feed.entries) == (url, "News", 1)


def test_only_what_answers_with_a_feed_is_found(feed_server: FeedServer, with_fetcher: Any) -> None:
    link = b'<link rel="alternate" type="application/rss+xml" href="%s">'
    page = feed_server.put("/", html(b"<html>" + link % b"/good" + link % b"/page" + link % b"/missing"))
    feed_server.put("/good", FEED)
    feed_server.put("/page", html(b"<html></html>"))
    assert [feed.url for feed in found_from(page, with_fetcher).feeds] == [feed_server.url("/good")]


def test_common_places_are_tried_last(feed_server: FeedServer, with_fetcher: Any) -> None:
    page = feed_server.put("/blog", html(b"<html>nothing named</html>"))
    feed_server.put("/rss.xml", FEED)
    assert [feed.url for feed in found_from(page, with_fetcher).feeds] == [feed_server.url("/rss.xml")]


def test_nothing_there(feed_server: FeedServer, with_fetcher: Any) -> None:
    assert found_from(feed_server.put("/", html(b"<html></html>")), with_fetcher) == Discovery()
    failed = found_from(feed_server.put("/gone", Answer(410)), with_fetcher).failed
    assert failed is not None
    assert failed.status == 410
