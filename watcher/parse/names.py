"""Names of elements and attributes as feedparser calls them: `{http://purl.org/dc/elements/1.1/}creator` → `dc:creator`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lxml import etree

from watcher.parse.context import Uncertain
from watcher.parse.feedparser_rules import KNOWN_PREFIXES, known_prefix


class Names:
    """The names of one document, by lxml's tags. `declared` are the namespaces of its root element."""

    def __init__(self, declared: Mapping[str | None, str]) -> None:
        for prefix, uri in declared.items():
            known = known_prefix(uri)
            if prefix in KNOWN_PREFIXES and known not in {None, prefix}:
                raise Uncertain(f"the prefix {prefix} stands for something else")
        self._declared = declared
        self._elements: dict[str, str] = {}
        self._attributes: dict[str, str] = {}

    def element(self, element: etree._Element) -> str:
        tag = str(element.tag)
        name = self._elements.get(tag)
        if name is None:
            self._elements[tag] = name = self._element_name(tag, element.prefix)
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
        uri, _, local = tag[1:].rpartition("}") if tag[0] == "{" else ("", "", tag)
        known = known_prefix(uri)
        if known is None:
            known = self._unknown_prefix(uri, prefix)
        return f"{known}:{local}".lower() if known else local.lower()

    def _unknown_prefix(self, uri: str, prefix: str | None) -> str:
        """The first prefix that was declared for it, none for a default namespace."""
        for declared, declared_uri in self._declared.items():
            if declared_uri == uri and declared:
                return declared
        if prefix and prefix in self._declared:
            raise Uncertain(f"the prefix {prefix} changes its meaning")
        return prefix or ""

    def _attribute_name(self, key: str) -> str:
        name = self._attributes.get(key)
        if name is None:
            uri, _, local = key[1:].rpartition("}")
            known = known_prefix(uri)
            self._attributes[key] = name = f"{known}:{local}".lower() if known else local.lower()
        return name
