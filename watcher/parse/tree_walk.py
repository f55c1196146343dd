"""The walk of the swift reader over a well-formed document.

feedparser is a machine of handlers, called at the start and the end of each element, whose state outlives them:
depths of titles, "has content", the base and language in scope. This walk runs the same machine for the handlers
that matter to us, and raises `NeedsFeedparser` where it would have to guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias
from xml.sax.saxutils import escape

from lxml import etree

from watcher.model.entry import ReaderName
from watcher.parse.entry_builder import EntryBuilder, NeedsFeedparser
from watcher.parse.feedparser_rules import looks_like_html, make_safe_base, mended, resolve
from watcher.parse.qnames import QNames
from watcher.parse.raw import RawEntry, RawFeed

Element: TypeAlias = etree._Element
Handler: TypeAlias = "Callable[[TreeWalk, Element, int], None]"

_ROOTS = {"rss", "rdf:rdf", "feed"}
PLAIN, HTML, XHTML = "text/plain", "text/html", "application/xhtml+xml"
MEDIA_TYPES = {"text": PLAIN, "plain": PLAIN, "html": HTML, "xhtml": XHTML}
MARKUP_TYPES = {HTML, XHTML}
_TEXT_TYPES = {PLAIN, HTML, XHTML}
_XHTML_TAG = "{http://www.w3.org/1999/xhtml}"
_SCOPE = frozenset({"base", "xml:base", "lang", "xml:lang"})
_NO_ATTRIBUTES: Mapping[str, str] = {}
_AMBIGUOUS = re.compile("[&<>\"']")
"""What feedparser's loose parser may leave escaped, outside of text constructs, in a document that is not well-formed."""

_TWICE_RESOLVED = re.compile("&(?:quot|apos|#x2f);", re.IGNORECASE)
_AMBIGUOUS_LINK = re.compile("[<>\"']|&[#\\w]+;|&(?!\\w)")
_AMBIGUOUS_NAME = re.compile("[<>]|&[#\\w]+;")


class TreeWalk:
    """One walk over one document, and the state that handlers share.

    `handlers` are called by feedparser's names of elements; `base` is the document's address, `language` comes from its
    headers; `is_sound` False means that it was mended. `attributes` are those of the element whose handler was just called: read them before going deeper.
    """

    def __init__(
        self,
        root: Element,
        handlers: Mapping[str, Handler],
        *,
        document: bytes,
        base: str,
        language: str | None,
        is_sound: bool = True,
    ) -> None:
        self.names = QNames(root.nsmap, document, is_sound=is_sound)
        self.base, self.lang = base, _language_tag(language)
        self.root = root
        self.is_sound = is_sound
        self.is_atom = False
        self.top = EntryBuilder(is_entry=False)
        self.entries: list[RawEntry] = []
        self.entry: EntryBuilder | None = None
        self.source: EntryBuilder | None = None
        self.context = self.top
        self.in_feed = False
        self.in_author = False
        self.title_depth = -1
        self.has_content = False
        self.attributes: Mapping[str, str] = _NO_ATTRIBUTES
        self._handlers = handlers
        self._by_tag: dict[object, Handler | None] = {}

    def feed(self) -> RawFeed:
        name = self.names.element(self.root)
        if name not in _ROOTS:
            raise NeedsFeedparser(f"the root is {name}")
        self.is_atom = self._version_is_atom(name)
        if self.lang:
            self.top.fields["language"] = self.lang
        self._visit(self.root, 1, self._learn(self.root), self.root.items())
        fields = self.top.fields
        return RawFeed(
            reader=ReaderName.LXML,
            title=self.top.text("title"),
            link=fields.get("link", ""),
            language=fields.get("language") or None,
            ttl=fields.get("ttl", ""),
            entries=self.entries,
        )

    def enter(self, *, entry: EntryBuilder | None, source: EntryBuilder | None = None) -> None:
        """What follows belongs to the source, else to the entry, else to the feed."""
        self.entry, self.source = entry, source
        self.context = source or entry or self.top

    def value(self, element: Element) -> str:
        """The text of an element that has nothing but text."""
        text = self.text(element)
        return text if self.is_sound else self.certain(text)

    def certain(self, text: str) -> str:
        """The text, if a damaged document leaves no doubt about its references."""
        if not self.is_sound and _AMBIGUOUS.search(text):
            raise NeedsFeedparser(f"a reference in a damaged document: {text[:80]!r}")
        return text

    def certain_link(self, text: str) -> str:
        """The same for links, where a lone ampersand is one in either case."""
        if not self.is_sound and _AMBIGUOUS_LINK.search(text):
            raise NeedsFeedparser(f"a reference in a damaged document: {text[:80]!r}")
        return text

    def certain_name(self, element_text: str) -> str:
        """The same for names and categories, whose references are resolved in any case."""
        if not self.is_sound and _AMBIGUOUS_NAME.search(element_text):
            raise NeedsFeedparser(f"a reference in a damaged document: {element_text[:80]!r}")
        return element_text

    def text(self, element: Element) -> str:
        if len(element):
            raise NeedsFeedparser(f"elements inside {element.tag}")
        text = element.text
        if not text:
            return ""
        text = text.strip()
        return text if text.isascii() else mended(text)

    def store(self, name: str, value: str, depth: int) -> None:
        if self.in_feed or self.context is not self.top:
            self.context.store(name, value, depth)

    def children(self, element: Element, depth: int) -> None:
        """Runs the handlers of all children, each with the base and language of its scope."""
        depth += 1
        by_tag = self._by_tag
        for child in element:
            try:
                handler = by_tag[child.tag]
            except KeyError:
                handler = self._learn(child)
            if handler is None:
                if len(child):
                    self._visit(child, depth, None, child.items())
            elif items := child.items():
                self._visit(child, depth, handler, items)
            else:
                self.attributes = _NO_ATTRIBUTES
                handler(self, child, depth)

    def construct(self, element: Element, default_type: str) -> tuple[str, bool]:
        """A text construct (RFC 4287 §3.1), and whether it is markup."""
        media_type = self._media_type(default_type) if self.attributes else default_type
        if media_type == XHTML:
            if not self.is_sound:
                raise NeedsFeedparser("XHTML in a damaged document")
            value = self._inline(element)
        else:
            value = self.text(element)
        if media_type in MARKUP_TYPES:
            return value, True
        if not self.is_sound and _TWICE_RESOLVED.search(value):
            raise NeedsFeedparser(f"a reference in a damaged document: {value[:80]!r}")
        return value, not self.is_atom and ("&" in value or "</" in value) and bool(looks_like_html(value))

    def _media_type(self, default_type: str) -> str:
        media_type = self.attributes.get("type", default_type).lower()
        media_type = MEDIA_TYPES.get(media_type, media_type)
        if media_type not in _TEXT_TYPES or self.attributes.get("mode") == "base64":
            raise NeedsFeedparser(f"text of type {media_type}")
        return media_type

    def _inline(self, element: Element) -> str:
        """XHTML inside an element, as source."""
        for descendant in element.iterdescendants():
            if not str(descendant.tag).startswith(_XHTML_TAG):
                name = self.names.element(descendant)
                if name in self._handlers or ":" in name:
                    raise NeedsFeedparser(f"{name} inside a text")
            elif descendant.tag == _XHTML_TAG + "body":
                raise NeedsFeedparser("a body inside a text")
        parts = [escape(element.text or "")]
        parts += [etree.tostring(child, encoding="unicode") for child in element]
        return mended("".join(parts).strip())

    def _visit(self, element: Element, depth: int, handler: Handler | None, items: list[tuple[str, str]]) -> None:
        self.attributes = attributes = self.names.attributes(items)
        if handler is None:
            handler = TreeWalk.children
        elif not self.is_sound:
            self.certain("".join(attributes.values()))
        if _SCOPE.isdisjoint(attributes):
            handler(self, element, depth)
            return
        base, lang = self.base, self.lang
        self._enter_scope(attributes, element)
        handler(self, element, depth)
        self.base, self.lang = base, lang

    def handles(self, name: str) -> bool:
        """Whether an element of this name shows in our fields."""
        return name in self._handlers

    def _learn(self, element: Element) -> Handler | None:
        self._by_tag[element.tag] = handler = self._handlers.get(self.names.element(element))
        return handler

    def _enter_scope(self, attributes: Mapping[str, str], element: Element) -> None:
        base = attributes.get("xml:base", attributes.get("base"))
        if base:
            self.base = make_safe_base(self.base, base) or self.base if self.base else resolve("", base)
        lang = attributes.get("xml:lang", attributes.get("lang"))
        if lang is None:
            return
        self.lang = _language_tag(lang)
        if self.lang and self.names.element(element) in {"feed", "rss"}:
            self.top.fields["language"] = self.lang

    def _version_is_atom(self, root: str) -> bool:
        """Whether feedparser takes the document for Atom, where plain text is never guessed to be HTML."""
        if root == "rss":
            return False
        for prefix, uri in self.root.nsmap.items():
            lower = uri.lower()
            if lower == "http://purl.org/rss/1.0/" or (
                prefix is None and lower == "http://my.netscape.com/rdf/simple/0.9/"
            ):
                return False
            if lower == "http://www.w3.org/2005/atom":
                return True
        return root == "feed"


def _language_tag(written: str | None) -> str | None:
    return written.replace("_", "-") if written else None
