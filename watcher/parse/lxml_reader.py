"""The swift reader: well-formed RSS, RDF and Atom through lxml; it gives what feedparser gives, or says that it cannot."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from watcher.parse.entry_builder import NeedsFeedparser
from watcher.parse.feedparser_rules import as_utf8, is_utf8_if_valid, without_doctype
from watcher.parse.handlers import HANDLERS
from watcher.parse.raw import RawFeed
from watcher.parse.repair import repaired
from watcher.parse.tree_walk import Element, TreeWalk

_PARSER = etree.XMLParser(
    encoding="utf-8",
    resolve_entities=False,
    load_dtd=False,
    no_network=True,
    remove_comments=True,
    remove_pis=True,
    collect_ids=False,
)


def read_well_formed(body: bytes, *, url: str, headers: Mapping[str, str]) -> RawFeed:
    """Reads a well-formed feed; raises `NeedsFeedparser` for everything that needs the tolerant reader.

    `headers` are those that feedparser would be shown.
    """
    document = body
    readable = is_utf8_if_valid(body, headers)
    root = _parse(body) if readable else None
    if root is None and not (readable and _is_utf8(body)):
        document = as_utf8(body, headers)
        root = _parse(document)
    is_sound = root is not None
    if root is None and (mended := repaired(document)) is not None:
        document = mended
        root = _parse(mended)
    if root is None:
        raise NeedsFeedparser("not well-formed, or with entities of its own")
    language = headers.get("content-language")
    return TreeWalk(root, HANDLERS, document=document, base=url, language=language, is_sound=is_sound).feed()


def _parse(document: bytes) -> Element | None:
    plain = without_doctype(document)
    if not plain:
        return None
    try:
        return etree.fromstring(plain, _PARSER)
    except etree.XMLSyntaxError:
        return None


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
