"""From a page to its feeds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.children import work_here
from tests.harness.servers import Answer, Document, FeedServer
from watcher.errors import ParseError, PollReason
from watcher.fetch.client import Fetcher
from watcher.fetch.discover import Discovery, discover, find_links
from watcher.fetch.feed_links import common_addresses, header_links, page_links
from watcher.model.entry import ParsedFeed
from watcher.model.feed import Fetched, ParseFailed
from watcher.parse.document import parse_document
from watcher.sandbox.limits import Limits

FEED = b'<rss version="2.0"><channel><title>News</title><item><title>A</title></item></channel></rss>'
PAGE = b"""<!doctype html><html><head><base href="/blog/">
<link rel="stylesheet" type="text/css" href="x.css"><link rel="alternate" hreflang="de" href="/de">
<link rel="alternate" type="text/xml" href="maybe.xml"><link rel="alternate" type="application/rss+xml" title="All" href="all.xml">
<link rel="ALTERNATE" type="application/atom+xml; charset=utf-8" href="//other.example/atom"></head>
<body><a href="rss">Our RSS</a><a href="javascript:feed()">no</a><a href="/about">no</a>"""


def test_a_page_names_its_feeds_best_first() -> None:
    found = page_links(PAGE, url="https://example.org/page").candidates
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
    assert all(
        candidate.url.startswith("http") for candidate in page_links(page, url="https://example.org/").candidates
    )


BOMBS: dict[str, Callable[[], bytes]] = {
    "attributes": lambda: b"<div " + b" ".join(b"a%d=x" % number for number in range(800_000)) + b">",
    "200,000 deep": lambda: b"<div>" * 200_000,
    "anchors in anchors": lambda: b"<a href=/feed>x" * 600_000,
    "400,000 anchors": lambda: b"".join(b"<a href=/feed/%d>a</a>" % number for number in range(400_000)),
    "an address of 9 MB": lambda: b'<a href="/feed' + b"x" * 9_000_000 + b'">x</a>',
    "scripts": lambda: b"<script>" * 1_000_000,
}


one_second = partial(Limits, cpu_seconds=1)


@pytest.mark.parametrize("bomb", BOMBS)
def test_what_a_page_may_cost_is_bounded(bomb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.fetch.discover.Limits", one_second)
    before = getrusage(RUSAGE_CHILDREN)
    found = asyncio.run(find_links(BOMBS[bomb](), url="https://example.org/"))
    after = getrusage(RUSAGE_CHILDREN)
    if isinstance(found, ParseFailed):
        assert found.reason is PollReason.PARSE_TIMEOUT
    else:
        assert len(found.candidates) <= 50
        assert all(len(candidate.url) + len(candidate.title) < 3_000 for candidate in found.candidates)
    # The kernel ends the child after a second beyond its start, which is rounded up to whole seconds.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1 + 2


def test_a_page_that_kills_its_reader_is_named_where_nothing_else_is_found(
    feed_server: FeedServer, with_fetcher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watcher.fetch.discover.Limits", one_second)
    page = feed_server.put("/page", html(BOMBS["attributes"]()))
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


LINK = '<link rel="alternate" type="application/rss+xml" href="/feed">'
PAGES: dict[str, str] = {
    "the registered type": LINK,
    "a type in capitals": LINK.upper().replace("/FEED", "/feed"),
    "a type with a parameter": LINK.replace('xml"', 'xml; charset=utf-8"'),
    "an encoded plus sign": LINK.replace("+", "&#43;"),
    "text/xml": LINK.replace("application/rss+xml", "text/xml"),
    "text/rss+xml": LINK.replace("application/rss+xml", "text/rss+xml"),
    "application/x-rss+xml": LINK.replace("application/rss+xml", "application/x-rss+xml"),
    "application/rss": LINK.replace("application/rss+xml", "application/rss"),
    "application/atomxml": LINK.replace("application/rss+xml", "application/atomxml"),
    "no type": LINK.replace(' type="application/rss+xml"', ""),
    "rel=feed": '<link rel="feed" href="/feed">',
    "two relations": LINK.replace('"alternate"', '"alternate nofollow"'),
    "feed: address": LINK.replace("/feed", "feed://HOST/feed"),
    "feed:http: address": LINK.replace("/feed", "feed:http://HOST/feed"),
    "relative to the protocol": LINK.replace("/feed", "//HOST/feed"),
    "a raw ampersand": LINK.replace("/feed", "/feed?a=1&b=2&copy=3"),
    "white space": LINK.replace("/feed", "\n /feed \t"),
    "in the body": f"</head><body>{LINK}",
    "in noscript": f"<noscript>{LINK}</noscript>",
    "behind a commented one": '<!-- <link rel="alternate" type="application/rss+xml" href="/no"> -->' + LINK,
    "behind a dead one": LINK.replace("/feed", "/gone") + LINK,
    "behind other versions": '<link rel="alternate" hreflang="de" href="/de">' + LINK,
    "an anchor": '<a href="/feed">News</a>',
    "an anchor whose class says so": '<a class="rss-link" href="/feed?x">News</a>',
    "an anchor whose title says so": '<a title="Our RSS" href="/feed?x">News</a>',
    "an anchor with feed: address": '<a href="feed://HOST/feed">News</a>',
    "a reload": '<meta http-equiv="Refresh" content="0; url=/named">',
    "a reload in quotes": "<meta http-equiv=refresh content=\"2;URL='/named'\">",
}


@pytest.mark.parametrize("name", PAGES)
def test_how_pages_name_their_feed(
    name: str, feed_server: FeedServer, with_fetcher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_here(monkeypatch)
    host = f"127.0.0.1:{feed_server.port}"
    page = feed_server.put("/page", html(b"<!doctype html><head>" + PAGES[name].replace("HOST", host).encode()))
    feed_server.put("/named", html(LINK.encode()))
    for path in ("/feed", "/feed?x", "/feed?a=1&b=2&copy=3"):
        feed_server.put(path, FEED)
    (feed,) = found_from(page, with_fetcher).feeds
    assert feed.url.startswith(feed_server.url("/feed"))
    assert "/gone" in feed_server.paths() or "dead" not in name


def test_a_link_header_names_a_feed(feed_server: FeedServer, with_fetcher: Any) -> None:
    header = '</style.css>; rel=preload, </feed>; rel="alternate"; type="application/rss+xml"; title="a, b"'
    page = feed_server.put("/page", Document(b"<html></html>", {"Content-Type": "text/html", "Link": header}))
    feed_server.put("/feed", FEED)
    (feed,) = found_from(page, with_fetcher).feeds
    assert feed.url == feed_server.url("/feed")


@given(st.text(max_size=200) | st.text(alphabet='<>;=", reltyp', max_size=300))
def test_no_link_header_is_too_odd(header: str) -> None:
    assert all(one.url.startswith("http") for one in header_links(header, url="https://example.org/"))


def test_pages_that_send_on_for_ever_end(feed_server: FeedServer, with_fetcher: Any) -> None:
    page = feed_server.put("/page", html(b'<meta http-equiv="refresh" content="0; url=/page">'))
    assert found_from(page, with_fetcher) == Discovery()
    assert len(feed_server.requests) == 4


COMMENTS = FEED.replace(b"News", b"Comments on: News")


@pytest.mark.parametrize(
    ("title", "path", "document"),
    [("Comments", "/c", FEED), ("", "/comments/feed", FEED), ("", "/c", COMMENTS), ("Kommentare", "/c", FEED)],
)
def test_feeds_of_comments_come_last(
    title: str, path: str, document: bytes, feed_server: FeedServer, with_fetcher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_here(monkeypatch)
    comments = LINK.replace("/feed", path).replace("<link", f'<link title="{title}"')
    page = feed_server.put("/page", html((comments + LINK).encode()))
    feed_server.put(path, document)
    feed_server.put("/feed", FEED)
    found = found_from(page, with_fetcher).feeds
    assert [feed.url for feed in found] == [feed_server.url("/feed"), feed_server.url(path)]


def test_an_address_without_scheme_is_also_tried_without_encryption(feed_server: FeedServer, with_fetcher: Any) -> None:
    feed_server.put("/f", FEED)
    (feed,) = found_from(f"127.0.0.1:{feed_server.port}/f", with_fetcher).feeds
    assert feed.url == feed_server.url("/f")


def test_nothing_there(feed_server: FeedServer, with_fetcher: Any) -> None:
    assert found_from(feed_server.put("/", html(b"<html></html>")), with_fetcher) == Discovery()
    failed = found_from(feed_server.put("/gone", Answer(410)), with_fetcher).failed
    assert failed is not None
    assert failed.status == 410
