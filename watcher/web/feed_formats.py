"""Outgoing feeds as Atom (RFC 4287) and JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/). Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from xml.etree import ElementTree

from watcher.lazy_dataclass import dataclass

ATOM = "http://www.w3.org/2005/Atom"
ATOM_TYPE = "application/atom+xml; charset=utf-8"
JSON_FEED_TYPE = "application/feed+json; charset=utf-8"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot contain (section 2.2)."""


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One entry of an outgoing feed. `link` is the publisher's page ("" without one), `page` is ours."""

    id: str
    title: str
    link: str
    page: str
    author: str
    published: datetime
    updated: datetime
    html: str
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OutgoingFeed:
    """A feed. `address` is its own, `home` the page that shows the same."""

    id: str
    title: str
    address: str
    home: str
    updated: datetime
    entries: tuple[FeedEntry, ...]


def atom(feed: OutgoingFeed) -> bytes:
    """The feed as Atom."""
    root = ElementTree.Element("feed", xmlns=ATOM)
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "updated", _time(feed.updated))
    _add(root, "link", rel="self", type="application/atom+xml", href=feed.address)
    _add(root, "link", rel="alternate", type="text/html", href=feed.home)
    _add(root, "generator", "watcher")
    for entry in feed.entries:
        element = _add(root, "entry")
        _add(element, "id", entry.id)
        _add(element, "title", entry.title, type="text")
        _add(element, "published", _time(entry.published))
        _add(element, "updated", _time(entry.updated))
        _add(_add(element, "author"), "name", entry.author or "unknown")
        _add(element, "link", rel="alternate", href=entry.link or entry.page)
        _add(element, "link", rel="related", href=entry.page)
        for category in entry.categories:
            _add(element, "category", term=category)
        _add(element, "content", entry.html, type="html")
    document: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return document


def json_feed(feed: OutgoingFeed) -> bytes:
    """The feed as JSON Feed."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": feed.address,
        "items": [
            {
                "id": entry.id,
                "url": entry.link or entry.page,
                "external_url": entry.page,
                "title": entry.title,
                "content_html": entry.html,
                "date_published": _time(entry.published),
                "date_modified": _time(entry.updated),
                "authors": [{"name": entry.author or "unknown"}],
                "tags": list(entry.categories),
            }
            for entry in feed.entries
        ],
    }
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")


FORMATS: Mapping[str, tuple[Callable[[OutgoingFeed], bytes], str]] = {
    "atom": (atom, ATOM_TYPE),
    "json": (json_feed, JSON_FEED_TYPE),
}
"""By the ending of the address: how the feed is written, and its media type."""


def _add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name)
    for attribute, value in attributes.items():
        element.set(attribute, _NOT_XML.sub("", value))
    if text:
        element.text = _NOT_XML.sub("", text)
    return element


def _time(moment: datetime) -> str:
    """RFC 3339, to the second."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
