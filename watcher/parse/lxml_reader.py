"""Reads well-formed RSS, RDF and Atom through lxml, as feedparser reads them, or raises `NeedsFeedparser`.

feedparser is a state machine: handlers, called at the start and the end of each element, share state that outlives
them: depths of titles, "has content", the base and language in scope. `TreeWalk` is the same machine for the handlers
that matter to our fields (`elements`), and raises `NeedsFeedparser` where it would have to guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape, unescape
from html.entities import html5
from typing import TypeAlias
from urllib.parse import urljoin

from lxml import etree

from watcher.model.entry import ReaderName
from watcher.parse.entry_builder import EntryBuilder, NeedsFeedparser
from watcher.parse.normalise import RawEntry, RawFeed, RawText
from watcher.parse.plaintext import TextKind
from watcher.parse.xml_names import QNames

Element: TypeAlias = etree._Element
Handler: TypeAlias = "Callable[[TreeWalk, Element, int], None]"

PLAIN, HTML, XHTML = "text/plain", "text/html", "application/xhtml+xml"
MEDIA_TYPES = {"text": PLAIN, "plain": PLAIN, "html": HTML, "xhtml": XHTML}
MARKUP_TYPES = {HTML, XHTML}
_TEXT_TYPES = {PLAIN, HTML, XHTML}
_ROOTS = {"rss", "rdf:rdf", "feed"}
_XHTML_TAG = "{http://www.w3.org/1999/xhtml}"
_SCOPE = frozenset({"base", "xml:base", "lang", "xml:lang"})
_PERSONS = {"author", "contributor"}
_GATHERED = {"title", "subtitle", "rights", "summary", "content", "description", "category", "id", "guid"}
_WITHOUT_TEXT = {"media:group", "media:content", "enclosure", "cloud", "cc:license", "psc:chapters", "psc:chapter"}
_ADDRESSES = {"url", "uri", "homepage", "media:thumbnail"}
_SPACES = "".join(filter(str.isspace, map(chr, range(0x3001)))).replace("\x85", "")
"""All white space but U+0085, which is an ellipsis in windows-1252 and written as `&#133;`."""

_NO_ATTRIBUTES: Mapping[str, str] = {}
_PLAIN_ADDRESS = re.compile(
    r"(?:tag|urn|yt):[\w.~%+,=:@!$&'()*-][\w.~%/+,=:@!$&'()*-]*|https?://[a-z0-9.-]+(?::\d+)?"
    r"(?:/[\w.~%/+,=:@!$&'()*-]*)?(?:\?[\w.~%/+,=:@!$&'()*-]+)?(?:#[\w.~%/+,=:@!$&'()*-]+)?",
    re.ASCII,
)
_TOO_MANY_SLASHES = re.compile(r"^([A-Za-z][A-Za-z0-9+,.-]*://)/*")
_REFERENCE = re.compile(r"&(?:#[0-9]{1,9};?|#[xX][0-9a-fA-F]{1,8};?|[A-Za-z][A-Za-z0-9]{1,31}(?:;|(?![=;A-Za-z0-9])))")
_OPTIONS = {
    "encoding": "utf-8",
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "remove_comments": True,
    "remove_pis": True,
    "collect_ids": False,
}
_PARSER, _RECOVERING_PARSER = etree.XMLParser(**_OPTIONS), etree.XMLParser(**_OPTIONS, recover=True)


def parse_xml(document: bytes, *, recover: bool = False) -> Element | None:
    """The root of a well-formed document in UTF-8 without a document type; None for any other.

    With `recover`, also of one whose tags do not match: libxml2 closes what is open where something else ends.
    """
    try:
        return etree.fromstring(document, _RECOVERING_PARSER if recover else _PARSER)
    except etree.XMLSyntaxError:
        return None


def resolve(base: str, address: str) -> str:
    """An address against its base (RFC 3986 §5); most are absolute already and stay as they are."""
    if _PLAIN_ADDRESS.fullmatch(address):
        return address
    try:
        return urljoin(base, _TOO_MANY_SLASHES.sub(r"\1", address))
    except ValueError:  # brackets that hold no IPv6 address
        return ""


def _safe_base(base: str, address: str) -> str:
    """A base that an element sets: only of the kinds of addresses that feedparser accepts."""
    if (resolved := resolve(base, address)).startswith(("http://", "https://")):
        return resolved
    from feedparser.urls import make_safe_absolute_uri  # few documents need it, and it takes long to import

    return make_safe_absolute_uri(base, address) or base


def unescape_in_address(address: str) -> str:
    """Character references in an address as in an HTML attribute (HTML Living Standard §13.2.5.73).

    A name without a semicolon is none before `=` or a letter: `?a=1&copy=3` has a variable `copy`.
    """
    return _REFERENCE.sub(_unescaped, address) if "&" in address else address


def _unescaped(reference: re.Match[str]) -> str:
    written = reference.group()
    return unescape(written) if written[1] == "#" or written[1:] in html5 else written


def undo_double_utf8(text: str) -> str:
    """Undoes a common mistake: UTF-8 that was read as Latin-1 and written as UTF-8 again."""
    if text.isascii():
        return text
    try:
        return text.encode("iso-8859-1").decode("utf-8")
    except UnicodeError:
        return text


class TreeWalk:
    """One walk over one document, and the state that handlers share.

    `handlers` are called by feedparser's names of elements; `base` is the document's address, `language` comes from its
    headers. `attributes` are those of the element whose handler was just called: read them before going deeper.
    """

    def __init__(
        self, root: Element, handlers: Mapping[str, Handler], *, document: bytes, base: str, language: str | None
    ) -> None:
        self.names = QNames(root.nsmap, document)
        self.base, self.lang = base, _language_tag(language)
        self.root = root
        self.is_atom = False
        self.top = EntryBuilder(is_entry=False)
        self.skip_hours: list[str] = []
        self.skip_days: list[str] = []
        self.entries: list[RawEntry] = []
        self.entry_tags: set[tuple[str | None, str]] = set()
        """Prefixes and tags of the elements that are entries."""
        self.entries_depend = False
        """Whether an entry means another thing without what is around it, or something around it without the entry."""
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
            update_period=fields.get("update_period", ""),
            update_frequency=fields.get("update_frequency", ""),
            skip_hours=self.skip_hours,
            skip_days=self.skip_days,
            entries=self.entries,
        )

    def enter(self, *, entry: EntryBuilder | None, source: EntryBuilder | None = None) -> None:
        """What follows belongs to the source, else to the entry, else to the feed."""
        self.entry, self.source = entry, source
        self.context = source or entry or self.top

    def text(self, element: Element) -> str:
        """The text of an element that has nothing but text."""
        if len(element):
            raise NeedsFeedparser(f"elements inside {element.tag}")
        text = element.text
        if not text:
            return ""
        trimmed: str = text.strip(_SPACES) if "\x85" in text else text.strip()
        return trimmed if trimmed.isascii() else undo_double_utf8(trimmed)

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

    def construct(self, element: Element, default_type: str, *, is_title: bool = False) -> RawText:
        """A text construct (RFC 4287 §3.1)."""
        media_type = self._media_type(default_type) if self.attributes else default_type
        value = self._inline(element) if media_type == XHTML else self.text(element)
        if media_type in MARKUP_TYPES:
            return RawText(value, TextKind.HTML)
        if not self.is_atom:
            return RawText(value, TextKind.RSS_TITLE if is_title else TextKind.HTML)
        return RawText(value, TextKind.UNTYPED if is_title and "type" not in self.attributes else TextKind.PLAIN)

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
        parts = [escape(element.text or "", quote=False)]
        parts += [_without_prefixes(child) for child in element]
        return undo_double_utf8("".join(parts).strip())

    def entries_are_plain(self, name: str) -> bool:
        """Whether all entries are elements of this name without a prefix, and mean the same wherever they are."""
        return not self.entries_depend and all(
            prefix is None and tag.rpartition("}")[2] == name for prefix, tag in self.entry_tags
        )

    def handles(self, name: str) -> bool:
        """Whether an element of this name shows in our fields."""
        return name in self._handlers

    def _visit(self, element: Element, depth: int, handler: Handler | None, items: list[tuple[str, str]]) -> None:
        self.attributes = attributes = self.names.attributes(items)
        handler = handler or TreeWalk.children
        if _SCOPE.isdisjoint(attributes):
            handler(self, element, depth)
            return
        base, lang = self.base, self.lang
        self._enter_scope(attributes, element)
        handler(self, element, depth)
        self.base, self.lang = base, lang

    def _learn(self, element: Element) -> Handler | None:
        self._by_tag[element.tag] = handler = self._handlers.get(self.names.element(element))
        return handler

    def _enter_scope(self, attributes: Mapping[str, str], element: Element) -> None:
        base = attributes.get("xml:base", attributes.get("base"))
        if base:
            self.base = _safe_base(self.base, base) if self.base else resolve("", base)
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


def refuse_cdf(attributes: Mapping[str, str]) -> None:
    if "href" in attributes or "lastmod" in attributes:
        raise NeedsFeedparser("a Channel Definition Format document")


def refuse_stray_text(walk: TreeWalk, element: Element) -> None:
    """Elements that feedparser does not gather text for leave theirs to the element around them."""
    for child in element:
        name = walk.names.element(child)
        if len(child) and name not in _PERSONS:
            raise NeedsFeedparser(f"{name} with elements inside {element.tag}")
        if _leaves_its_text(child, name) or (child.text and name in _ADDRESSES):
            raise NeedsFeedparser(f"{name} with text inside {element.tag}")


def _leaves_its_text(element: Element, name: str) -> bool:
    """Whether feedparser gives the text of an element to the one around it."""
    return bool(element.text) and (name in _WITHOUT_TEXT or (bool(element.items()) and name not in _GATHERED))


def refuse_other_parts(walk: TreeWalk, element: Element, parts: set[str]) -> None:
    for child in element:
        name = walk.names.element(child)
        harmless = name in parts or (":" in name and not walk.handles(name) and not _leaves_its_text(child, name))
        if len(child) or not harmless:
            raise NeedsFeedparser(f"unusual elements inside {element.tag}")


def own_text(element: Element) -> str:
    return "".join([element.text or "", *(child.tail or "" for child in element)]).strip()


def refuse_elements(element: Element) -> None:
    if len(element):
        raise NeedsFeedparser(f"elements inside {element.tag}")


def _without_prefixes(element: Element) -> str:
    """An XHTML element as source with the names of HTML: `<h:br/>` is a line break, too."""
    source: str = etree.tostring(element, encoding="unicode")
    prefixes = [prefix for prefix, uri in element.nsmap.items() if prefix and f"{{{uri}}}" == _XHTML_TAG]
    for prefix in prefixes:
        source = source.replace(f"<{prefix}:", "<").replace(f"</{prefix}:", "</")
    return source


def _language_tag(written: str | None) -> str | None:
    return written.replace("_", "-") if written else None
