"""Hostile feeds beside honest ones, a hostile receiver beside honest ones: each harms nobody but itself."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import timedelta
from xml.sax.saxutils import escape

import pytest

from tests.harness.harness import Harness, Item
from tests.harness.harness import rss as honest_rss
from tests.harness.servers import Answer, Document, FeedServer, WebhookSink
from watcher.model.alert import stable_hash
from watcher.model.route import Matcher
from watcher.model.silence import Silence
from watcher.notify.flusher import Early

MINUTE = timedelta(minutes=1)
HONEST = {
    "agency": (
        "Ceasefire agreed in Aleppo",
        "The truce begins at dawn on Monday and covers the old city, mediators said.",
    ),
    "wire": (
        "Ceasefire talks resume in Doha",
        "Delegations of both governments met again after a break of three weeks.",
    ),
    "daily": (
        "Truce collapses in Hodeidah",
        "Shelling was heard near the harbour two hours after the truce had begun.",
    ),
}
EVERYTHING_AT_ONCE = """
receiver: desk
digest: {at: ["18:00"], zone: Pacific/Kiritimati}
routes:
  - {receiver: chat, group_by: [topic], group_wait: 30s, group_interval: 5m, continue: true}
  - {receiver: evil, group_by: [topic], group_wait: 30s, group_interval: 5m, continue: true}
  - {receiver: desk}
"""


def rss(*items: str, title: str = "Hostile") -> bytes:
    body = "".join(f"<item>{item}</item>" for item in items)
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>{title}</title>{body}</channel></rss>".encode()


def item(guid: str, title: str, date: str = "", text: str = "") -> str:
    dated = f"<pubDate>{date}</pubDate>" if date else ""
    return (
        f"<guid isPermaLink='false'>{guid}</guid><title>{escape(title)}</title>{dated}"
        f"<link>https://hostile.example/{guid}</link><description>{escape(text)}</description>"
    )


def hostile_feeds(harness: Harness, honest: FeedServer) -> Iterator[tuple[str, Document | Answer]]:
    """Each kind with its name; what an honest feed publishes is used as bait."""
    now = (harness.clock.now() - MINUTE).strftime("%a, %d %b %Y %H:%M:%S GMT")
    early = (harness.clock.now() - 30 * MINUTE).strftime("%a, %d %b %Y %H:%M:%S GMT")
    xml = {"Content-Type": "application/rss+xml"}
    for year in ("0001", "9999"):
        yield f"year-{year}", Document(rss(item("y", "Ceasefire at no time", f"{year}-12-31T23:59:59Z")))
    yield "bait", Document(rss(*(item(f"b{n}", title, early) for n, (title, _) in enumerate(HONEST.values()))))
    yield (
        "mirror",
        Document(rss(*(item(f"m{n}", t, early, text) for n, (t, text) in enumerate(HONEST.values())), title="mirror")),
    )
    yield "flood", Document(rss(*(item(f"f{n}", f"Ceasefire number {n} of truce {n}", now) for n in range(600))))
    yield "size", Document(rss(item("s", "Ceasefire " * 50_000, now, "truce " * 100_000)))
    yield "nesting", Document(rss("<title>Ceasefire</title><description>" + "<b>" * 50_000 + "</description>"))
    yield "escapes", Document(rss(item("e", "=?utf-8?b?4oCuQ2Vhc2VmaXJl?= Ceasefire \u202e\u009b31m", now)))
    yield "nul", Document(rss(item("n", "Ceasefire", now)).replace(b"Ceasefire", b"Cease\x00fire &#0; ceasefire"))
    yield "numbers", Document(rss(item("&#99999999999;", "Ceasefire &#xD83D;&#xDE00;", "99 Foo 99999 99:99:99 +9999")))
    yield "name", Document(rss(item("t", "Ceasefire claimed", now), title="agency"))
    yield "charset", Document(rss(item("c", "Ceasefire", now)), {"Content-Type": "application/xml; charset=\x7f%00"})
    squeezed = zlib.compress(rss(item("z", "Ceasefire", now))) + b"\x00" * 2_000_000
    yield "deflate", Document(squeezed, xml | {"Content-Encoding": "deflate"}, etag=None)
    yield "bomb", Document(zlib.compress(b" " * 20_000_000), xml | {"Content-Encoding": "deflate"}, etag=None)
    yield "redirect", Answer(302, {"Location": honest.put("/busy", Answer(429, {"Retry-After": "86400"}))})
    yield "binary", Document(bytes(range(256)) * 4_000)


@pytest.fixture
def honest() -> Iterator[FeedServer]:
    """The server of the honest feeds, on another host than the hostile ones."""
    with FeedServer("127.0.0.2") as server:
        yield server


@pytest.fixture
def evil() -> Iterator[WebhookSink]:
    with WebhookSink() as sink:
        sink.script = [
            step
            for _ in range(20)
            for step in (
                Answer(410, {}, b"Your mailbox is full. Log in at https://evil.example/"),
                Answer(302, {"Location": "https://evil.example/"}),
                Answer(200, {"Set-Cookie": "a=b"}, b"<html>log in</html>"),
                Answer(429, {"Retry-After": "Mon, 01 Jan 99999999999 00:00:00 GMT"}, b"[" * 4_000),
            )
        ]
        yield sink


def silence_the_mirror(harness: Harness) -> None:
    """What it copies from others before they publish it must not be silent with it."""
    now, matcher = harness.clock.now(), Matcher("feed", "=~", ".*mirror")
    store = harness.store()
    store.silences.add(
        Silence(stable_hash("s"), (matcher,), "Ada", "mirrors others", now, now + timedelta(days=9), now)
    )
    store.close()


def test_every_honest_alert_arrives_in_its_normal_time(harness: Harness, honest: FeedServer, evil: WebhookSink) -> None:
    harness.route = EVERYTHING_AT_ONCE
    harness.more_receivers = [f'  - {{name: evil, webhook: {{url: "{evil.url("/hook")}"}}}}']
    hostile = list(hostile_feeds(harness, honest))
    before = [Item("0", "A recipe for bread", harness.clock.now() - MINUTE)]
    harness.feed_urls = [harness.feeds.put(f"/{name}", honest_rss(name, before)) for name, _ in hostile]
    harness.feed_urls += [honest.put(f"/{name}", honest_rss(name, before)) for name in HONEST]
    harness.once()
    silence_the_mirror(harness)

    harness.clock.advance(10 * MINUTE)
    for name, script in hostile:
        harness.feeds.put(f"/{name}", script)
    harness.once()  # the hostile feeds are first
    harness.clock.advance(10 * MINUTE)
    for name, (title, text) in HONEST.items():
        honest.put(f"/{name}", honest_rss(name, [Item("1", title, harness.clock.now() - MINUTE, text)]))
    harness.once()
    harness.clock.advance(6 * MINUTE)
    harness.once()

    sent = [alert["entry"] for message in harness.messages() for alert in message["data"]["alerts"]]  # type: ignore[index]
    arrived = {entry["title"] for entry in sent if "127.0.0.2" in entry["feed"]["url"]}
    assert arrived == {title for title, _ in HONEST.values()}

    harness.clock.set(harness.clock.now().replace(hour=4, minute=1) + timedelta(days=1))
    harness.once(early=Early.NOTHING)
    listed = "\n".join(mail.text for mail in harness.mail.mails)
    assert {title for title, _ in HONEST.values() if title in listed} == arrived
    assert "evil.example" not in listed
