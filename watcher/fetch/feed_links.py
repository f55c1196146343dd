"""Where the feeds of a web page may be; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from urllib.parse import urljoin, urlsplit

from lxml import etree

_FEED_TYPES = {
    "application/rss+xml",
    "application/atom+xml",
    "application/rdf+xml",
    "application/feed+json",
    "application/json",
    "application/xml",
    "text/xml",
}
_SURE_TYPES = {"application/rss+xml", "application/atom+xml", "application/feed+json"}
_COMMON_PATHS = ("feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json", "feeds/posts/default")
_LOOKS_LIKE_A_FEED = ("rss", "feed", "atom", ".xml")
_MANY = 50
_LONGEST_TITLE = 200
_LONGEST_ADDRESS = 2_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address that may be a feed. `sure` says that the page itself calls it one."""

    url: str
    title: str
    sure: bool


def candidates(page: bytes, *, url: str) -> list[Candidate]:
    """What a page names as its feeds, best first: `link rel=alternate` (WHATWG HTML §4.6.7.1), then links that look like one."""
    tree = _tree(page)
    if tree is None:
        return []
    base = _base(tree, url)
    alternates = sorted(islice(_alternates(tree, base), _MANY), key=lambda candidate: not candidate.sure)
    first_of_each: dict[str, Candidate] = {}
    for candidate in chain(alternates, islice(_anchors(tree, base), _MANY)):
        first_of_each.setdefault(candidate.url, candidate)
    return list(first_of_each.values())[:_MANY]


def common_addresses(url: str) -> list[Candidate]:
    """Where feeds usually are: beside the page, then at the root of its site."""
    beside = url if url.endswith("/") else url + "/"
    addresses = [urljoin(base, path) for base in (beside, urljoin(url, "/")) for path in _COMMON_PATHS]
    return [Candidate(address, "", sure=False) for address in dict.fromkeys(addresses)]


def _tree(page: bytes) -> etree._Element | None:
    try:
        return etree.fromstring(page, etree.HTMLParser(no_network=True, recover=True))
    except (etree.XMLSyntaxError, ValueError):
        return None


def _base(tree: etree._Element, url: str) -> str:
    base = next((href for element in tree.iter("base") if (href := element.get("href"))), "")
    return _joined(url, base) or url


def _alternates(tree: etree._Element, base: str) -> Iterator[Candidate]:
    for element in tree.iter("link"):
        media_type = (element.get("type") or "").partition(";")[0].strip().lower()
        relations = (element.get("rel") or "").lower().split()
        is_feed = (media_type in _FEED_TYPES and "alternate" in relations) or "feed" in relations
        if is_feed and (address := _joined(base, element.get("href") or "")):
            yield Candidate(address, _title((element.get("title") or "",)), media_type in _SURE_TYPES)


def _anchors(tree: etree._Element, base: str) -> Iterator[Candidate]:
    for element in tree.iter("a"):
        href = element.get("href") or ""
        if any(part in href.lower() for part in _LOOKS_LIKE_A_FEED) and (address := _joined(base, href)):
            yield Candidate(address, _title(element.itertext()), sure=False)


def _title(texts: Iterable[str]) -> str:
    return " ".join("".join(islice(texts, _MANY)).split())[:_LONGEST_TITLE]


def _joined(base: str, href: str) -> str:
    if len(href) > _LONGEST_ADDRESS:
        return ""
    try:
        address = urljoin(base, href.strip()).partition("#")[0]
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if href.strip() and parts.scheme in {"http", "https"} and parts.netloc else ""
