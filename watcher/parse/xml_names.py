"""Names of elements and attributes as feedparser calls them.

`{http://purl.org/dc/elements/1.1/}creator` is `dc:creator`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache

from lxml import etree

from watcher.parse.entry_builder import NeedsFeedparser

_NAMESPACES: Mapping[str, str] = {
    "": "",
    "http://backend.userland.com/rss": "",
    "http://blogs.law.harvard.edu/tech/rss": "",
    "http://purl.org/rss/1.0/": "",
    "http://my.netscape.com/rdf/simple/0.9/": "",
    "http://example.com/newformat#": "",
    "http://example.com/necho": "",
    "http://purl.org/echo/": "",
    "uri/of/echo/namespace#": "",
    "http://purl.org/pie/": "",
    "http://purl.org/atom/ns#": "",
    "http://www.w3.org/2005/atom": "",
    "http://purl.org/rss/1.0/modules/rss091#": "",
    "http://webns.net/mvcb/": "admin",
    "http://purl.org/rss/1.0/modules/aggregation/": "ag",
    "http://purl.org/rss/1.0/modules/annotate/": "annotate",
    "http://media.tangent.org/rss/1.0/": "audio",
    "http://backend.userland.com/blogchannelmodule": "blogChannel",
    "http://creativecommons.org/ns#license": "cc",
    "http://web.resource.org/cc/": "cc",
    "http://cyber.law.harvard.edu/rss/creativecommonsrssmodule.html": "creativeCommons",
    "http://backend.userland.com/creativecommonsrssmodule": "creativeCommons",
    "http://purl.org/rss/1.0/modules/company": "co",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://my.theinfo.org/changed/1.0/rss/": "cp",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://purl.org/rss/1.0/modules/email/": "email",
    "http://purl.org/rss/1.0/modules/event/": "ev",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://freshmeat.net/rss/fm/": "fm",
    "http://xmlns.com/foaf/0.1/": "foaf",
    "http://www.w3.org/2003/01/geo/wgs84_pos#": "geo",
    "http://www.georss.org/georss": "georss",
    "http://www.opengis.net/gml": "gml",
    "http://postneo.com/icbm/": "icbm",
    "http://purl.org/rss/1.0/modules/image/": "image",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://example.com/dtds/podcast-1.0.dtd": "itunes",
    "http://purl.org/rss/1.0/modules/link/": "l",
    "http://search.yahoo.com/mrss": "media",
    "http://search.yahoo.com/mrss/": "media",
    "http://madskills.com/public/xml/rss/module/pingback/": "pingback",
    "http://prismstandard.org/namespaces/1.2/basic/": "prism",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://www.w3.org/2000/01/rdf-schema#": "rdfs",
    "http://purl.org/rss/1.0/modules/reference/": "ref",
    "http://purl.org/rss/1.0/modules/richequiv/": "reqv",
    "http://purl.org/rss/1.0/modules/search/": "search",
    "http://purl.org/rss/1.0/modules/slash/": "slash",
    "http://schemas.xmlsoap.org/soap/envelope/": "soap",
    "http://purl.org/rss/1.0/modules/servicestatus/": "ss",
    "http://hacks.benhammersley.com/rss/streaming/": "str",
    "http://purl.org/rss/1.0/modules/subscription/": "sub",
    "http://purl.org/rss/1.0/modules/syndication/": "sy",
    "http://schemas.pocketsoap.com/rss/mydescmodule/": "szf",
    "http://purl.org/rss/1.0/modules/taxonomy/": "taxo",
    "http://purl.org/rss/1.0/modules/threading/": "thr",
    "http://purl.org/rss/1.0/modules/textinput/": "ti",
    "http://madskills.com/public/xml/rss/module/trackback/": "trackback",
    "http://wellformedweb.org/commentapi/": "wfw",
    "http://purl.org/rss/1.0/modules/wiki/": "wiki",
    "http://www.w3.org/1999/xhtml": "xhtml",
    "http://www.w3.org/1999/xlink": "xlink",
    "http://www.w3.org/xml/1998/namespace": "xml",
    "http://podlove.org/simple-chapters": "psc",
}
"""Those of feedparser, in small letters and in its order. It is not imported for them: that is a quarter of the start
of a child, and most children never need it.
"""

_KNOWN_PREFIXES = frozenset(_NAMESPACES.values()) - {""}
_USERLAND = "backend.userland.com/rss"
_DECLARATION = re.compile(rb"""xmlns(?::([^\s=:]+))?\s*=\s*["']([^"'<]*)["']""")
_USUAL_TAG = 200
"""Characters of a tag whose name is remembered beyond its document: longer ones could fill the memory."""

_VERSION_NAMESPACES = {
    "http://my.netscape.com/rdf/simple/0.9/",
    "http://purl.org/rss/1.0/",
    "http://www.w3.org/2005/atom",
}


def known_prefix(uri: str) -> str | None:
    """feedparser's own prefix for a namespace, "" for those of feeds themselves, None for unknown ones."""
    lower = uri.lower()
    return "" if _USERLAND in lower else _NAMESPACES.get(lower)


def uri_of_prefix(prefix: str) -> str:
    """A namespace for a prefix that a document uses but does not declare."""
    return next((uri for uri, known in _NAMESPACES.items() if known == prefix), f"urn:undeclared:{prefix}")


class QNames:
    """The names of one document, by lxml's tags. `declared` are the namespaces of its root element.

    feedparser never forgets what a prefix stood for, wherever it was declared: what is declared further inside must
    not make a name depend on where it stands.
    """

    def __init__(self, declared: Mapping[str | None, str], document: bytes) -> None:
        for prefix, uri in declared.items():
            known = known_prefix(uri)
            _refuse_other_meanings(prefix or "", {known})
        _refuse_borrowed_prefixes({(prefix or "", uri) for prefix, uri in declared.items()})
        _refuse_confusing_declarations(_declarations(document), set(declared.values()))
        self._declared = declared
        self._elements: dict[str, str] = {}
        self._attributes: dict[str, str] = {}

    def element(self, element: etree._Element) -> str:
        tag = str(element.tag)
        return self._elements.get(tag) or self.of_tag(tag, element.prefix)

    def of_tag(self, tag: str, prefix: str | None) -> str:
        name = self._elements.get(tag)
        if name is None:
            self._elements[tag] = name = self._element_name(tag, prefix)
        return name

    def attributes(self, items: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Attributes by lower-case name; those of unknown namespaces go by their local name alone."""
        plain = {}
        qualified = {}
        for key, value in items:
            if key[0] == "{":
                qualified[self._attribute_name(key)] = value
            else:
                plain[key.lower()] = value
        return {**qualified, **plain} if qualified else plain

    def _element_name(self, tag: str, prefix: str | None) -> str:
        name = _known_name(tag) if len(tag) <= _USUAL_TAG else _known_name.__wrapped__(tag)
        if name is not None:
            return name
        uri, _, local = tag[1:].rpartition("}")
        known = self._unknown_prefix(uri, prefix)
        return f"{known}:{local}".lower() if known else local.lower()

    def _unknown_prefix(self, uri: str, prefix: str | None) -> str:
        """The first prefix that was declared for it, none for a default namespace."""
        for declared, declared_uri in self._declared.items():
            if declared_uri == uri and declared:
                return declared
        if prefix and prefix in self._declared:
            raise NeedsFeedparser(f"the prefix {prefix} changes its meaning")
        return prefix or ""

    def _attribute_name(self, key: str) -> str:
        name = self._attributes.get(key)
        if name is None:
            uri, _, local = key[1:].rpartition("}")
            known = known_prefix(uri)
            self._attributes[key] = name = f"{known}:{local}".lower() if known else local.lower()
        return name


@lru_cache(maxsize=1024)
def _known_name(tag: str) -> str | None:
    """The name of an element that has no namespace or one that feedparser knows; None for others."""
    uri, _, local = tag[1:].rpartition("}") if tag[0] == "{" else ("", "", tag)
    known = known_prefix(uri)
    if known is None:
        return None
    return f"{known}:{local}".lower() if known else local.lower()


def _declarations(document: bytes) -> set[tuple[str, str]]:
    """Prefixes and namespaces declared anywhere, also where markup is only quoted."""
    found = set()
    start = document.find(b"xmlns")
    while start >= 0:
        if declaration := _DECLARATION.match(document, start):
            found.add(declaration.groups(b""))
        start = document.find(b"xmlns", start + 5)
    return {(prefix.decode("utf-8", "replace"), uri.decode("utf-8", "replace")) for prefix, uri in found}


def _refuse_confusing_declarations(declarations: set[tuple[str, str]], outside: set[str]) -> None:
    """Raises when a prefix or a namespace means different things; `outside` are the namespaces of the root."""
    uris, prefixes = defaultdict(set), defaultdict(set)
    for prefix, uri in declarations:
        uris[prefix].add(uri)
        prefixes[uri].add(prefix)
    _refuse_borrowed_prefixes({(prefix, uri) for prefix, meant in uris.items() for uri in meant})
    for prefix, meant in uris.items():
        known = {known_prefix(uri) for uri in meant}
        _refuse_other_meanings(prefix, known)
        if prefix and len(meant) > 1 and (len(known) > 1 or None in known):
            raise NeedsFeedparser(f"the prefix {prefix} changes its meaning")
    for uri in prefixes.keys() - outside:
        if uri.lower() in _VERSION_NAMESPACES or (len(prefixes[uri]) > 1 and known_prefix(uri) is None):
            raise NeedsFeedparser(f"{uri} is declared inside the document")


def _refuse_other_meanings(prefix: str, known: set[str | None]) -> None:
    """Raises when one of feedparser's own prefixes is declared for another of its namespaces."""
    others = known - {prefix} if prefix == "rdf" else known - {prefix, None}
    if prefix in _KNOWN_PREFIXES and others:
        raise NeedsFeedparser(f"the prefix {prefix} stands for something else")


def _refuse_borrowed_prefixes(declarations: set[tuple[str, str]]) -> None:
    """feedparser gives a prefix to the namespace that it knows by it, although the document means another."""
    borrowed = {prefix for prefix, uri in declarations if prefix in _KNOWN_PREFIXES and known_prefix(uri) is None}
    if borrowed and any(known_prefix(uri) in borrowed for _, uri in declarations):
        raise NeedsFeedparser(f"{borrowed} stand for two namespaces")
