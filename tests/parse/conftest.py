"""What the parse tests share."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from watcher.model.entry import ParsedFeed, ReaderName
from watcher.parse.elements import HANDLERS
from watcher.parse.encoding import to_utf8
from watcher.parse.entry_builder import NeedsFeedparser
from watcher.parse.feedparser_reader import read_with_feedparser
from watcher.parse.lxml_reader import TreeWalk, parse_xml
from watcher.parse.normalise import RawFeed, RawText, normalise
from watcher.parse.plaintext import TextKind
from watcher.parse.repair import without_doctype

URL = "https://example.org/feeds/feed.xml"
Read = Callable[[bytes], ParsedFeed | None]


@pytest.fixture(scope="session")
def by_feedparser() -> Read:
    """Reads with feedparser and our normalisation, whatever the lxml reader would do; None for no feed."""

    def read(body: bytes) -> ParsedFeed | None:
        document, _ = without_doctype(to_utf8(body, {}).body)
        return comparable(read_with_feedparser(document, url=URL, well_formed=parse_xml(document) is not None))

    return read


@pytest.fixture(scope="session")
def by_lxml() -> Read:
    """Reads with the lxml reader alone and without any repair; None where it leaves the document to others."""

    def read(body: bytes) -> ParsedFeed | None:
        document, entities = without_doctype(to_utf8(body, {}).body)
        root = None if entities else parse_xml(document)
        if root is None:
            return None
        try:
            return comparable(TreeWalk(root, HANDLERS, document=document, base=URL, language=None).feed())
        except NeedsFeedparser:
            return None

    return read


def comparable(raw: RawFeed | None) -> ParsedFeed | None:
    """Without what feedparser does not say: whether Atom's plain text has a type, some hints, references in links."""
    if raw is None:
        return None
    entries = [
        replace(entry, title=_plain(entry.title), link=_before_references(entry.link), id=_before_references(entry.id))
        for entry in raw.entries
    ]
    hints = {"skip_hours": (), "skip_days": (), "update_period": "", "update_frequency": ""}
    raw = replace(
        raw,
        reader=ReaderName.LXML,
        title=_plain(raw.title),
        link=_before_references(raw.link),
        entries=entries,
        repairs=[],
        **hints,
    )
    return normalise(raw, url=URL)


def _before_references(address: str) -> str:
    return re.split(r"[&<>]", address, maxsplit=1)[0]


def _plain(text: RawText) -> RawText:
    return RawText(text.value, TextKind.PLAIN) if text.kind is TextKind.UNTYPED else text
