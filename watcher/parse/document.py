"""A document to a feed: what it is made of, top to bottom.

    to_utf8 ─▶ JSON?  read_jsonfeed ───────────────────────────────────▶ normalise
           └─▶ XML:   without_doctype ─▶ parse_xml ─▶ TreeWalk ─────────▶    ▲
                                           │ not well-formed  │ too odd      │
                                           ▼                  ▼              │
                                         repair ─▶ parse_xml  read_with_feedparser ◀─ still not well-formed

Whether all bytes are UTF-8 is checked on the way to the repair: lxml refuses a document with others. Every repair is
recorded on the feed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

from watcher.errors import ParseError, PollReason
from watcher.model.entry import DocumentRepair, ParsedFeed, RepairKind
from watcher.parse.elements import HANDLERS
from watcher.parse.encoding import is_utf8, to_utf8
from watcher.parse.entry_builder import NeedsFeedparser
from watcher.parse.jsonfeed import is_json, json_after_text, read_jsonfeed
from watcher.parse.lxml_reader import Element, TreeWalk, parse_xml
from watcher.parse.normalise import RawFeed, normalise
from watcher.parse.pieces import Pieces
from watcher.parse.repair import (
    Repaired,
    beginning_of,
    count_entry_starts,
    repair,
    with_balanced_entries,
    without_doctype,
)

MOST_ODD_TAGS, MOST_BROKEN_TAGS = 50_000, 40_000
"""Tags that feedparser is given of a well-formed and of a broken document: a second of work each."""

_HEAD = 4096
_HTML = re.compile(rb"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
_FEED_ROOT = re.compile(rb"<(?:[a-z0-9_.-]+:)?(?:rss|feed|rdf|channel)[\s>]", re.IGNORECASE)


class _NotUtf8(Exception):
    """A document that is neither UTF-8, whatever it says, nor well-formed: well-formed ones need no other check."""


def parse_document(
    body: bytes, *, url: str, headers: Mapping[str, str], known_hashes: Collection[str] | None = None
) -> ParsedFeed:
    """Reads a feed of any common format.

    `body` is decoded content, `url` the address that answered (base of relative links), `headers` have lower-case
    names, `known_hashes` are explained at `normalise`. Raises `ParseError` with the reason `empty`, `html`,
    `not_a_feed` or `malformed`.
    """
    if not body.strip(b"\x00\t\n\r "):
        raise ParseError(PollReason.EMPTY, "the server sent an empty document; look at the address in a browser")
    decoded, language = to_utf8(body, headers, check=False), headers.get("content-language")
    try:
        raw = _read(decoded.body, url, language, known_hashes)
    except _NotUtf8:
        decoded = to_utf8(body, headers)
        raw = _read(decoded.body, url, language, known_hashes)
    if raw is None:
        raise _not_a_feed(decoded.body)
    if decoded.repair:
        raw.repairs.insert(0, DocumentRepair(RepairKind.ENCODING, decoded.repair))
    return _with_count(normalise(raw, url=url, known_hashes=known_hashes))


def _read(body: bytes, url: str, language: str | None, known_hashes: Collection[str] | None) -> RawFeed | None:
    if is_json(body):
        _check(body)
        return read_jsonfeed(body, language=language)
    raw = _read_xml(body, url, language, known_hashes)
    if raw is None and (feed := json_after_text(body)):
        raw = read_jsonfeed(feed, language=language)
        raw.repairs.append(DocumentRepair(RepairKind.MARKUP, "text before the document removed"))
    return raw


def _check(body: bytes) -> None:
    if not is_utf8(body):
        raise _NotUtf8


def _read_xml(body: bytes, url: str, language: str | None, known_hashes: Collection[str] | None) -> RawFeed | None:
    document, entities = without_doctype(body)
    pieces = None
    if known_hashes is not None and not entities:
        pieces = Pieces.of(document, url=url, language=language)
        raw = None if pieces is None else pieces.read_others(known_hashes, url=url, language=language)
        if raw is not None:
            return raw
    fixed = Repaired(document)
    root = None if entities else parse_xml(document)
    if root is None:
        _check(body)
        pieces, fixed = None, repair(document, entities)
        root = parse_xml(fixed.document) if fixed.root is None else fixed.root
    raw = _read_tree(fixed, root, url, language, pieces)
    if raw is not None:
        raw.repairs += fixed.repairs
        if fixed.truncated:
            raw.repairs.append(DocumentRepair(RepairKind.TRUNCATED, ""))
    return raw


def _read_tree(
    fixed: Repaired, root: Element | None, url: str, language: str | None, pieces: Pieces | None = None
) -> RawFeed | None:
    if root is None:
        return _read_broken(fixed, url, language)
    try:
        walk = TreeWalk(root, HANDLERS, document=fixed.document, base=url, language=language)
        raw = walk.feed()
        if pieces is not None:
            pieces.give_hashes(raw, walk)
        return raw
    except NeedsFeedparser as odd:
        return _noted(_read_odd(fixed, url, language), RepairKind.FEEDPARSER, str(odd))


def _read_broken(fixed: Repaired, url: str, language: str | None) -> RawFeed | None:
    """Reads a document whose tags do not match: feedparser reads many, but may lose all that follows a bad place."""
    document = beginning_of(fixed.document, MOST_BROKEN_TAGS)
    fixed.truncated = fixed.truncated or document is not fixed.document
    raw = _read_with_feedparser(document, url, language)
    found = _count_entries(raw)
    if raw is None or found < count_entry_starts(document):
        document = with_balanced_entries(document)
        root = parse_xml(document)
        balanced = None if root is None else _read_tree(Repaired(document), root, url, language)
        if _count_entries(balanced) > found:
            return _noted(balanced, RepairKind.MARKUP, "tags that do not match")
    return _noted(raw, RepairKind.FEEDPARSER, "tags that do not match, or worse")


def _read_odd(fixed: Repaired, url: str, language: str | None) -> RawFeed | None:
    document = beginning_of(fixed.document, MOST_ODD_TAGS)
    fixed.truncated = fixed.truncated or document is not fixed.document
    return _read_with_feedparser(document, url, language, well_formed=True)


def _read_with_feedparser(
    document: bytes, url: str, language: str | None, *, well_formed: bool = False
) -> RawFeed | None:
    """feedparser is imported when a document needs it: that takes a quarter of the start of a child."""
    from watcher.parse.feedparser_reader import read_with_feedparser

    return read_with_feedparser(document, url=url, language=language, well_formed=well_formed)


def _count_entries(raw: RawFeed | None) -> int:
    return 0 if raw is None else sum(not entry.is_empty for entry in raw.entries)


def _noted(raw: RawFeed | None, kind: RepairKind, detail: str) -> RawFeed | None:
    if raw is not None:
        raw.repairs.append(DocumentRepair(kind, detail))
    return raw


def _with_count(feed: ParsedFeed) -> ParsedFeed:
    """The feed with the number of its entries in what is said of its truncation."""
    if not feed.truncated:
        return feed
    count = len(feed.entries) + len(feed.unchanged)
    said = f"{count} {'entry' if count == 1 else 'entries'} read"
    repairs = [replace(one, detail=said) if one.kind is RepairKind.TRUNCATED else one for one in feed.repairs]
    return replace(feed, repairs=tuple(repairs))


def _not_a_feed(body: bytes) -> ParseError:
    head = body[:_HEAD]
    if _FEED_ROOT.search(head):
        return ParseError(
            PollReason.MALFORMED,
            "the document begins like a feed but is too damaged to read; report it to its publisher",
        )
    if _HTML.search(head):
        return ParseError(
            PollReason.HTML, "the address answers with a web page, not a feed; try `watcher feeds discover` on it"
        )
    return ParseError(PollReason.NOT_A_FEED, "the document is no RSS, Atom, RDF or JSON feed; check the address")
