"""Where the compiled reader of entries comes in: with a compiler, and an lxml whose tree it knows."""

from __future__ import annotations

from collections.abc import Container, Mapping

from lxml import etree

from watcher.parse.feedparser_rules import looks_like_html, mended, resolve, resolve_written
from watcher.parse.names import Names
from watcher.parse.raw import NO_TEXT, RawEntry, RawText

try:
    from watcher.parse import _entries
except ImportError:
    _entries = None  # type: ignore[assignment]

_KNOWN_LXML = ((6, 1), (6, 99))
_KNOWN_LIBXML = ((2, 9), (2, 14))
"""From the first to the last whose structures are those of _entries_tree.h, both included."""

_NAMES_BY_KIND = {
    "TITLE": ("title", "dc:title"),
    "MEDIA_TITLE": ("media:title",),
    "DESCRIPTION": ("description", "dc:description", "media:description"),
    "ABSTRACT": ("abstract",),
    "SUMMARY": ("summary", "itunes:summary"),
    "CONTENT": ("content",),
    "CONTENT_ENCODED": ("content:encoded", "fullitem"),
    "OTHER_TEXT": ("subtitle", "tagline", "itunes:subtitle", "rights", "copyright", "dc:rights", "info"),
    "GUID": ("guid", "id"),
    "LINK": ("link",),
    "AUTHOR": ("author", "managingeditor", "dc:author", "dc:creator", "itunes:author"),
    "NAME": ("name",),
    "EMAIL": ("email",),
    "HOMEPAGE": ("url", "uri", "homepage"),
    "CATEGORY": ("category", "keywords", "dc:subject"),
    "MEDIA_CATEGORY": ("media:category",),
    "KEYWORDS": ("media:keywords", "itunes:keywords"),
    "PUBLISHED": ("published", "issued", "pubdate", "dcterms:issued"),
    "UPDATED": ("updated", "modified", "lastbuilddate", "dc:date", "dcterms:modified"),
    "LANGUAGE": ("language", "dc:language"),
    "SOURCE": ("source",),
    "IMAGE": ("image",),
}
"""What handlers.py handles by one handler each; what stands there and not here, the walk in Python has to read."""

_OTHER_KINDS = ("NOT_READ_HERE", "UNKNOWN", "UNKNOWN_QUALIFIED")
_KINDS: Mapping[str, int] = _entries.KINDS if _entries else {}
_KIND_BY_NAME = {name: _KINDS.get(kind, 0) for kind, names in _NAMES_BY_KIND.items() for name in names}


def is_known_lxml(lxml: tuple[int, ...], libxml: tuple[int, ...]) -> bool:
    """Whether the tree of these versions is laid out as the compiled reader believes."""
    return _KNOWN_LXML[0] <= lxml[:2] <= _KNOWN_LXML[1] and _KNOWN_LIBXML[0] <= libxml[:2] <= _KNOWN_LIBXML[1]


IS_COMPILED = _entries is not None and is_known_lxml(etree.LXML_VERSION, etree.LIBXML_VERSION)


def entry_reader(
    root: etree._Element, names: Names, handled: Container[str], *, is_atom: bool
) -> _entries.EntryReader | None:
    """A reader for the entries of one sound document; `handled` are the names that any handler is for."""
    if not IS_COMPILED:
        return None

    not_read_here, unknown, unknown_qualified = map(_KINDS.__getitem__, _OTHER_KINDS)

    def kind_of(tag: str, prefix: str | None) -> int:
        name = names.of_tag(tag, prefix)
        if name in handled:
            return _KIND_BY_NAME.get(name, not_read_here)
        return unknown_qualified if ":" in name else unknown

    return _entries.EntryReader(
        root, etree._Element, RawEntry, RawText, NO_TEXT, kind_of, resolve, resolve_written, mended, looks_like_html, is_atom
    )  # fmt: skip
