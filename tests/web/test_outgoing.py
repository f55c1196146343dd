"""Outgoing feeds: what they list, that readers can read them, and who may."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

import feedparser
import pytest

from tests.harness.store_samples import CHAT, DIGEST, NOW, alert, fold_copies, route_to, save_alerts
from tests.harness.web import Client
from watcher.errors import NotifyReason
from watcher.model.notification import Delivered
from watcher.model.topic import Level
from watcher.parse.document import parse_document
from watcher.store.store import Store
from watcher.web.identity import token_hash

MINUTE = timedelta(minutes=1)
TOKENS = f"""
web:
  url: https://watcher.example.org
  links: none
  proxy: {{header: Remote-User, from: [127.0.0.1/32], may: read}}
  tokens: [{{name: reader, hash: "sha256:{token_hash("wf_secret")}", may: feeds}}]
"""
ADDRESSES = ("/feeds/all.atom", "/feeds/all.json", "/topics/ceasefires.atom", "/topics/ceasefires.json")
HOSTILE = "<b>bold</b> & \x0b\ufffe <script>alert(1)</script>"

SHOWN = "<b>bold</b> & <script>alert(1)</script>"


@pytest.fixture
def listed(store: Store) -> Store:
    """A story with a copy, and a mention with a hostile title."""
    first = alert("first", story="one")
    save_alerts(store, first)
    hostile = alert("second", level=Level.MENTION)
    save_alerts(store, replace(hostile, entry=replace(hostile.entry, title=HOSTILE)), now=NOW + MINUTE)
    save_alerts(store, alert("copy", story="one", title="Other News"), now=NOW + 2 * MINUTE, decide=fold_copies)
    return store


@pytest.mark.parametrize("address", ADDRESSES)
def test_our_own_reader_and_feedparser_read_it(client: Client, listed: Store, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    read = parse_document(answer.content, url="https://watcher.example.org" + address, headers=answer.headers)
    assert len(read.entries) == 2
    assert [entry.link for entry in read.entries] == ["https://example.org/first", "https://example.org/second"]
    assert read.repairs == ()
    if address.endswith(".atom"):
        other = feedparser.parse(answer.content)
        assert not other.bozo
        assert [entry.title for entry in read.entries] == ["Title first", SHOWN]
        assert [entry.id for entry in other.entries] == [entry.id for entry in read.entries]
        assert "Also reported by Other News" in other.entries[0].content[0].value
    else:
        written = json.loads(answer.content)
        assert written["version"] == "https://jsonfeed.org/version/1.1"
        assert written["items"][0]["title"] == "Title first"
        assert "<script>" not in written["items"][1]["content_html"]


def test_a_story_is_one_entry_that_a_further_report_updates(client: Client, listed: Store) -> None:
    (first, _) = feedparser.parse(client.get("/feeds/all.atom").content).entries
    assert first.id == f"tag:watcher.invalid,2026:alert/{alert('first').id}"
    assert first.updated_parsed[4] == first.published_parsed[4] + 2


def test_only_the_level_that_is_asked_for(client: Client, listed: Store) -> None:
    assert len(json.loads(client.get("/feeds/all.json?level=focus").content)["items"]) == 1
    assert client.get("/feeds/all.json?level=loud").status_code == 400


def test_an_unknown_topic_or_route_is_no_feed(client: Client, listed: Store) -> None:
    for address in ("/topics/nothing.atom", "/routes/7.json", "/routes/x.atom"):
        assert client.get(address).status_code == 404


def test_a_reader_that_has_it_gets_304_until_something_is_new(client: Client, listed: Store) -> None:
    first = client.get("/topics/ceasefires.atom")
    again = client.get("/topics/ceasefires.atom", if_none_match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    since = first.headers["last-modified"]
    assert client.get("/topics/ceasefires.atom", if_modified_since=since).status_code == 304
    save_alerts(listed, alert("third"), now=NOW + 3 * MINUTE)
    assert client.get("/topics/ceasefires.atom", if_none_match=first.headers["etag"]).status_code == 200
    assert client.get("/topics/ceasefires.atom", if_modified_since=since).status_code == 200


def test_a_route_lists_what_it_has_sent_as_it_was_sent(client: Client, store: Store) -> None:
    alerts = [alert("sent"), alert("waiting")]
    save_alerts(store, *alerts)
    store.routing.save(route_to(DIGEST, alerts=alerts[:1]), NOW)
    frozen = store.groups.freeze(DIGEST, NotifyReason.DIGEST, NOW, 10)
    assert frozen is not None
    assert json.loads(client.get("/routes/root.json").content)["items"] == []
    (leased,) = store.outbox.acquire("me", NOW, NOW + MINUTE, 10, channels=[DIGEST.channel, CHAT])
    assert store.outbox.begin_attempt("me", frozen.key, leased.epoch, NOW)
    assert store.outbox.record("me", frozen.key, leased.epoch, Delivered(), NOW + MINUTE, None)
    (item,) = json.loads(client.get("/routes/root.json").content)["items"]
    assert item["title"] == "Title sent"
    assert item["date_modified"] == f"{NOW + MINUTE:%Y-%m-%dT%H:%M:%SZ}"


def test_a_feeds_token_in_the_address_opens_feeds_and_nothing_else(
    make_client: Callable[..., Client], listed: Store
) -> None:
    client = make_client(TOKENS, host="watcher.example.org")
    for address in ADDRESSES:
        assert client.get(address).status_code == 401
        answer = client.get(f"{address}?token=wf_secret")
        assert answer.status_code == 200
        assert b"wf_secret" not in answer.content
        assert client.get(f"{address}?token=wrong").status_code == 401
    for address in ("/", "/search", "/status", "/api/alerts"):
        assert client.get(f"{address}?token=wf_secret").status_code in (401, 404)
        assert client.get(address, authorization="Bearer wf_secret").status_code in (403, 404)


EMBEDDED = """
web:
  embed_in: [https://intranet.example.org, "http://localhost:3000"]
"""


def test_a_topic_is_framed_by_the_sites_that_are_listed(
    make_client: Callable[..., Client], client: Client, listed: Store
) -> None:
    assert client.get("/embed/topics/ceasefires").status_code == 404
    answer = make_client(EMBEDDED).get("/embed/topics/ceasefires")
    sites = "frame-ancestors https://intranet.example.org http://localhost:3000"
    assert sites in answer.headers["content-security-policy"].split("; ")
    assert "x-frame-options" not in answer.headers
    assert "<article" in answer.text
    assert not any(part in answer.text for part in ("<form", "<button", "<nav", "<script"))


def test_a_badge_counts_the_stories_of_a_week(client: Client, listed: Store) -> None:
    answer = client.get("/topics/ceasefires.svg")
    picture = ElementTree.fromstring(answer.content)
    assert picture.attrib["aria-label"] == "Ceasefires: 2 in 7 days"
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert client.get("/topics/ceasefires.svg", if_none_match=answer.headers["etag"]).status_code == 304
    assert client.get("/topics/nothing.svg").status_code == 404
