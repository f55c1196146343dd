"""A document to a feed: chooses the reader, names what is wrong with what no reader can use."""

from __future__ import annotations

import re
from collections.abc import Mapping

from watcher.errors import ParseError, PollReason
from watcher.model.entry import ParsedFeed
from watcher.parse.entry_builder import NeedsFeedparser
from watcher.parse.feedparser_reader import read_with_feedparser, shown_headers
from watcher.parse.jsonfeed import is_json, read_jsonfeed
from watcher.parse.lxml_reader import read_well_formed
from watcher.parse.normalise import normalise
from watcher.parse.raw import RawFeed

_HEAD = 4096
_HTML = re.compile(rb"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
_DECLARATIONS = 100_000
_GROWING_ENTITY = re.compile(rb"""<!ENTITY\s+%?\s*[^\s"'<>]+\s+["'](?:[^"'<>]{0,500}?[&%][A-Za-z]|[^"']{500})""")
_FEED_ROOT = re.compile(rb"<(?:[a-z0-9_.-]+:)?(?:rss|feed|rdf|channel)[\s>]", re.IGNORECASE)


def parse_document(body: bytes, *, url: str, headers: Mapping[str, str]) -> ParsedFeed:
    """Reads a feed of any common format.

    `body` is decoded content, `url` the address that answered (base of relative links), `headers` have lower-case
    names. Raises `ParseError` with the reason `empty`, `html`, `not_a_feed` or `malformed`.
    """
    if not body.strip(b"\x00\t\n\r "):
        raise ParseError(PollReason.EMPTY, "the server sent an empty document; look at the address in a browser")
    raw = _read(body, url=url, headers=headers)
    if raw is None:
        raise _unreadable(body)
    return normalise(raw, url=url)


def _read(body: bytes, *, url: str, headers: Mapping[str, str]) -> RawFeed | None:
    shown = shown_headers(headers, url)
    if is_json(body):
        return read_jsonfeed(body, headers=shown)
    _refuse_entity_bombs(body)
    try:
        return read_well_formed(body, url=url, headers=shown)
    except NeedsFeedparser:
        return read_with_feedparser(body, headers=shown)


def _refuse_entity_bombs(body: bytes) -> None:
    """Entities made of entities, or long ones: no feed needs them, and a thousand bytes of them become gigabytes."""
    start = body.find(b"<!ENTITY")
    if start >= 0 and _GROWING_ENTITY.search(body, start, start + _DECLARATIONS):
        raise ParseError(
            PollReason.MALFORMED, "the document declares entities that grow without bound; tell its publisher"
        )


def _unreadable(body: bytes) -> ParseError:
    head = body[:_HEAD]
    if _FEED_ROOT.search(head):
        return ParseError(
            PollReason.MALFORMED, "the document begins like a feed but is too damaged to read; tell its publisher"
        )
    if _HTML.search(head):
        return ParseError(
            PollReason.HTML, "the address answers with a web page, not a feed; try `watcher feeds discover` on it"
        )
    return ParseError(PollReason.NOT_A_FEED, "the document is no RSS, Atom, RDF or JSON feed; check the address")
