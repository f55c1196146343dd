"""Who published an entry: the publisher is counted, not the feed that passes it on.

The RSS `<source>`, else the end of a Google-News style title, else the registrable domain of the link.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from watcher.model.entry import Entry
from watcher.text.domains import site_name
from watcher.text.fold import fold

_AGGREGATORS = frozenset(
    {"news.google.com", "feedproxy.google.com", "news.yahoo.com", "www.bing.com", "bing.com", "msn.com"}
)
_SUFFIX = re.compile(r"^(?P<headline>.{15,}\S)\s+[-–—|]\s+(?P<name>[^-–—|]{2,40})$", re.DOTALL)
_ARTICLES = re.compile(r"^(?:the|www)(?=\w{3})")
_NOT_NAMES = re.compile(r"[\W_]+")


def publisher_of(entry: Entry, feed_url: str = "") -> str:
    """A comparable name of the publisher ("bbc" for BBC News, bbc.co.uk and https://www.bbc.com/…); "" when unknown."""
    if entry.publisher:
        return comparable_publisher(entry.publisher)
    if _host(entry.link) in _AGGREGATORS or not entry.link:
        name = _split_title(entry.title)[1] if entry.link or _host(feed_url) in _AGGREGATORS else ""
        return comparable_publisher(name or feed_url)
    return comparable_publisher(entry.link)


def is_aggregator(feed_url: str) -> bool:
    """Whether a feed is known to pass on what others publish."""
    return _host(feed_url) in _AGGREGATORS


def headline_of(entry: Entry) -> str:
    """The title without the publisher that an aggregator appends to it."""
    headline, name = _split_title(entry.title)
    if not name:
        return entry.title
    known = comparable_publisher(entry.publisher or entry.link)
    is_appended = _host(entry.link) in _AGGREGATORS or comparable_publisher(name) == known
    return headline if is_appended else entry.title


@lru_cache(maxsize=4096)
def comparable_publisher(name_or_url: str) -> str:
    """One spelling for a name, a domain and a URL of the same publisher."""
    text = name_or_url.strip()
    if re.match(r"https?://", text, re.IGNORECASE) or re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", text):
        host = _host(text) or text
        text = site_name(host)
    name = _NOT_NAMES.sub("", fold(text))
    bare = _ARTICLES.sub("", name)
    return bare.removesuffix("news") or bare or name


def _split_title(title: str) -> tuple[str, str]:
    match = _SUFFIX.match(title)
    return (match["headline"], match["name"].strip()) if match else (title, "")


def _host(url: str) -> str:
    try:
        return (urlsplit(url.strip()).hostname or "").lower()
    except ValueError:  # brackets that hold no IPv6 address
        return ""
