"""Full texts of near misses: what is fetched, what may not be, and what becomes of it."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

import pytest

from tests.harness.harness import Harness
from tests.harness.servers import Answer, Document

pytest.importorskip("trafilatura")
pytest.importorskip("protego")

HTML = {"Content-Type": "text/html; charset=utf-8"}
NAVIGATION = "<nav>" + "<a href='/x'>Football and prisons</a>" * 20 + "</nav>"
WHOLE = "".join(
    f"<p>In paragraph {number} of the report both delegations confirm that the ceasefire in the north holds.</p>"
    for number in range(6)
)


def page(text: str) -> Document:
    return Document(f"<html><body>{NAVIGATION}<article><h1>News</h1>{text}</article></body></html>".encode(), HTML)


def publish(harness: Harness, items: dict[str, tuple[str, str]], full_text: str = "near_misses") -> None:
    """A feed with an entry for each link: title and teaser."""
    published = format_datetime(harness.clock.now() - timedelta(minutes=1))
    body = "".join(
        f"<item><guid>{escape(link)}</guid><title>{title}</title><link>{escape(link)}</link>"
        f"<description>{teaser}</description><pubDate>{published}</pubDate></item>"
        for link, (title, teaser) in items.items()
    )
    url = harness.feeds.put("/feed", f"<rss version='2.0'><channel><title>Feed</title>{body}</channel></rss>")
    harness.feed_urls = [{"url": url, "full_text": full_text}]  # type: ignore[list-item]


@pytest.mark.slow
def test_a_near_miss_is_scored_on_its_page_and_a_page_that_may_not_be_read_is_left_alone(harness: Harness) -> None:
    feeds = harness.feeds
    feeds.put("/robots.txt", Document(b"User-agent: *\nDisallow: /private/\n", {"Content-Type": "text/plain"}))
    near = feeds.put("/news/talks", page(WHOLE))
    forbidden = feeds.put("/private/talks", page(WHOLE))
    far = feeds.put("/news/weather", page(WHOLE))
    elsewhere = feeds.url("/news/other").replace("127.0.0.1", "localhost")
    feeds.put("/news/other", page(WHOLE))
    gone = feeds.url("/news/gone")
    publish(
        harness,
        {
            near: ("Talks resume", "Read the whole story on our site."),
            forbidden: ("Talks pause", "Read the whole story on our site."),
            far: ("Weather stays mild", "No clouds."),
            elsewhere: ("Talks elsewhere", "A private address on another domain."),
            gone: ("More talks", "The page is not there."),
        },
    )
    harness.once()
    assert harness.alerted_titles() == ["Talks resume"]
    (message,) = harness.messages()
    (alert,) = message["data"]["alerts"]  # type: ignore[index]
    assert (alert["level"], alert["full_text"]) == ("focus", True)
    assert feeds.paths().count("/robots.txt") == 1
    assert {path for path in feeds.paths() if "/" in path[1:]} == {"/news/talks", "/news/gone"}
    pages = [request for request in feeds.requests if request.path == "/news/talks"]
    assert not {"authorization", "cookie", "referer"} & pages[0].headers.keys()
    explained = harness.command("explain", "--entry", near, "--topic", "ceasefires").stdout
    assert "focus" in explained
    assert "that of the entry's page" in explained
    stored = {record.entry.link: record.entry for record in harness.store().entries.since(harness.clock.now() - DAY)}
    assert "Football" not in stored[near].content
    assert [link for link, entry in stored.items() if entry.from_page] == [near]


DAY = timedelta(days=1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("robots", "full_text", "text", "paths"),
    [
        (Answer(500), "near_misses", WHOLE, ["/robots.txt"]),
        (Answer(404), "near_misses", "<p>Nothing of interest is on this page.</p>", ["/robots.txt", "/news/talks"]),
        (Answer(404), "never", WHOLE, []),
    ],
)
def test_without_a_better_text_the_teaser_counts(
    harness: Harness, robots: Answer, full_text: str, text: str, paths: list[str]
) -> None:
    harness.feeds.put("/robots.txt", robots)
    link = harness.feeds.put("/news/talks", page(text))
    publish(harness, {link: ("Talks resume", "Ceasefire")}, full_text)
    harness.topics = harness.topics.replace("focus: 5", "focus: 9", 1)
    harness.once()
    (message,) = harness.messages()
    (alert,) = message["data"]["alerts"]  # type: ignore[index]
    assert alert["level"] == "mention"
    assert "full_text" not in alert
    assert [path for path in harness.feeds.paths() if path != "/feed"] == paths


def test_a_page_whose_declared_charset_is_unknown_is_read_as_it_is() -> None:
    from watcher.parse.full_text import text_of_page

    body = page(WHOLE).body
    assert text_of_page(body, "") == text_of_page(body, "x-unknown") == text_of_page(body, "utf-8")


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        (b"", True),
        (b"User-agent: watcher\nDisallow: /", False),
        (b"User-agent: other\nDisallow: /", True),
        (b"User-agent: *\nDisallow: /news/\nAllow: /news/open", True),
        (b"User-agent: *\nDisallow: /news/*.html$", True),
        (b"\xff\xfe\x00garbage", True),
    ],
)
def test_robots(rules: bytes, allowed: bool) -> None:
    from watcher.parse.full_text import is_allowed

    assert is_allowed(rules, "https://example.org/news/open", "watcher") is allowed
