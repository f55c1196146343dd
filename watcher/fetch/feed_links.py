"""Where the feeds of a web page may be. Run as a worker of the sandbox, for HTML has bombs of its own.

The head of a job is the page's address, the answer JSON: `{"refresh": address or "", "candidates": [[url, title, sure,
is_comments], …]}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import astuple
from itertools import chain, islice
from urllib.parse import urljoin, urlsplit

from lxml import etree

from watcher.lazy_dataclass import dataclass
from watcher.sandbox.child import serve
from watcher.text.addresses import without_feed_scheme

_FEED_TYPE = re.compile(r"(?:application|text)/(?:x-)?(?:(?:rss|atom|rdf|feed)(?:\+?(?:xml|json))?|json|xml)")
"""The registered types, and what publishers write for them."""

_SURE_TYPES = {"application/rss+xml", "application/atom+xml", "application/feed+json"}
_COMMON_PATHS = ("feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json", "feeds/posts/default")
_LOOKS_LIKE_A_FEED = re.compile(r"rss|feed|atom|\.xml\b|\.rdf\b|\bjsonfeed|^feed:", re.IGNORECASE)
_ANCHOR_HINTS = ("class", "id", "title", "rel", "type", "aria-label", "data-type")
_COMMENTS = re.compile(
    r"comment|kommentar|comentari|commenti\b|reacties|yorum|коммент|комент|تعليق|دیدگاه|评论|評論|コメント",
    re.IGNORECASE,
)
_REFRESH = re.compile(r"^\s*(\d{1,4})(?:\.\d*)?\s*[;,]\s*(?:url\s*=\s*)?[\"']?([^\"']+)", re.IGNORECASE)
_LINK_HEADER = re.compile(r"<([^<>]{1,2000})>((?:\s*;\s*[\w*-]+\s*=\s*(?:\"[^\"]*\"|[^\s\",;]+))*)")
_LINK_PARAMETER = re.compile(r";\s*([\w-]+)\s*=\s*(?:\"([^\"]*)\"|([^\s\",;]+))")
_SLOWEST_REFRESH = 10
"""Seconds: a page that reloads itself later shows something of its own until then."""

_MANY = 50
_LONGEST_TITLE = 200
_LONGEST_ADDRESS = 2_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address that may be a feed. `sure`: the page itself calls it one. `is_comments`: it is a feed of comments."""

    url: str
    title: str
    sure: bool
    is_comments: bool = False


@dataclass(frozen=True, slots=True)
class PageLinks:
    """What a page names as its feeds, best first, and where it sends its readers on (`<meta http-equiv=refresh>`)."""

    candidates: tuple[Candidate, ...] = ()
    refresh: str = ""


def page_links(page: bytes, *, url: str) -> PageLinks:
    """`link rel=alternate` (WHATWG HTML §4.6.7.1) first, then links that look like a feed; feeds of comments last."""
    tree = _tree(page)
    if tree is None:
        return PageLinks()
    base = _base(tree, url)
    alternates = sorted(islice(_alternates(tree, base), _MANY), key=lambda candidate: not candidate.sure)
    return PageLinks(in_order(chain(alternates, islice(_anchors(tree, base), _MANY))), _refresh(tree, base))


def header_links(header: str, *, url: str) -> tuple[Candidate, ...]:
    """The feeds that a Link header names (RFC 8288)."""
    found = []
    for match in islice(_LINK_HEADER.finditer(header[: _LONGEST_ADDRESS * 10]), _MANY):
        parameters = {name.lower(): quoted or plain for name, quoted, plain in _LINK_PARAMETER.findall(match[2])}
        if (candidate := _alternate(parameters | {"href": match[1]}, url)) is not None:
            found.append(candidate)
    return in_order(found)


def common_addresses(url: str) -> list[Candidate]:
    """Where feeds usually are: beside the page, then at the root of its site."""
    beside = url if url.endswith("/") else url + "/"
    addresses = [urljoin(base, path) for base in (beside, urljoin(url, "/")) for path in _COMMON_PATHS]
    return [Candidate(address, "", sure=False) for address in dict.fromkeys(addresses)]


def in_order(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Each address once, in the order given, feeds of comments last."""
    first_of_each: dict[str, Candidate] = {}
    for candidate in candidates:
        first_of_each.setdefault(candidate.url, candidate)
    return tuple(sorted(first_of_each.values(), key=lambda candidate: candidate.is_comments))[:_MANY]


def is_of_comments(url: str, title: str) -> bool:
    """Whether a feed's address or title says that it is one of comments."""
    parts = urlsplit(url)
    return bool(_COMMENTS.search(title) or _COMMENTS.search(parts.path) or _COMMENTS.search(parts.query))


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
        attributes = {str(name).lower(): str(value) for name, value in element.attrib.items()}
        if (candidate := _alternate(attributes, base)) is not None:
            yield candidate


def _alternate(attributes: dict[str, str], base: str) -> Candidate | None:
    """A link to a feed; one without a type may be one, unless it is for another language or medium."""
    media_type = attributes.get("type", "").partition(";")[0].strip().lower()
    relations = attributes.get("rel", "").lower().split()
    if "feed" not in relations:
        is_other = media_type and not _FEED_TYPE.fullmatch(media_type)
        is_version = not media_type and (attributes.get("hreflang") or attributes.get("media"))
        if "alternate" not in relations or "stylesheet" in relations or is_other or is_version:
            return None
    address = _joined(base, attributes.get("href", ""))
    title = _title((attributes.get("title", ""),))
    return _candidate(address, title, sure=media_type in _SURE_TYPES) if address else None


def _anchors(tree: etree._Element, base: str) -> Iterator[Candidate]:
    for element in tree.iter("a"):
        href = element.get("href") or ""
        hints = (href[:_LONGEST_ADDRESS], *((element.get(name) or "")[:_LONGEST_TITLE] for name in _ANCHOR_HINTS))
        if any(_LOOKS_LIKE_A_FEED.search(hint) for hint in hints) and (address := _joined(base, href)):
            yield _candidate(address, _title(element.itertext()), sure=False)


def _candidate(url: str, title: str, *, sure: bool) -> Candidate:
    return Candidate(url, title, sure, is_of_comments(url, title))


def _refresh(tree: etree._Element, base: str) -> str:
    for element in islice(tree.iter("meta"), _MANY):
        if (element.get("http-equiv") or "").strip().lower() == "refresh":
            match = _REFRESH.match((element.get("content") or "")[:_LONGEST_ADDRESS])
            if match and int(match[1]) <= _SLOWEST_REFRESH:
                return _joined(base, match[2])
    return ""


def _title(texts: Iterable[str]) -> str:
    return " ".join("".join(islice(texts, _MANY)).split())[:_LONGEST_TITLE]


def _joined(base: str, href: str) -> str:
    if len(href) > _LONGEST_ADDRESS:
        return ""
    try:
        address = urljoin(base, without_feed_scheme(href.strip())).partition("#")[0]
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if href.strip() and parts.scheme in {"http", "https"} and parts.netloc else ""


def answer(url: bytes, page: bytes) -> list[bytes]:
    links = page_links(page, url=url.decode())
    return [json.dumps({"refresh": links.refresh, "candidates": [astuple(one) for one in links.candidates]}).encode()]


if __name__ == "__main__":
    serve(answer)
