"""Writes OPML 2.0, and adds feeds to a document that exists. Pure: bytes and feeds.

What OPML has no word for is written in attributes of our own namespace, so that writing and reading back loses
nothing. Headers and private ranges are never written: the former may be secret, the latter open the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from lxml import etree

from watcher.config.opml import (
    INTERVAL,
    LABEL,
    MOVES_TO,
    NAMESPACE,
    OpmlProblem,
    attributes_of,
    body_of,
    clean_name,
    local_name,
    parse_opml,
)
from watcher.config.quantities import format_duration
from watcher.model.feed import Feed

etree.register_namespace("watcher", NAMESPACE)
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DEEPEST = 100  # folders that are written; libxml2 refuses to read a document more than 256 deep


def write_opml(feeds: Sequence[Feed], *, title: str = "Feeds") -> bytes:
    """An OPML 2.0 document with one outline a feed, folders made of the label `folder`."""
    root = etree.Element("opml", version="2.0", nsmap={"watcher": NAMESPACE})
    etree.SubElement(etree.SubElement(root, "head"), "title").text = _xml_text(title)
    folders = _Folders(etree.SubElement(root, "body"))
    for feed in feeds:
        folders.of(feed).append(_outline(feed))
    return _bytes(root)


def append_to_opml(data: bytes, feeds: Sequence[Feed]) -> bytes | OpmlProblem:
    """The document with the feeds added that it does not have yet; nothing else in it changes."""
    body = _editable_body(data)
    if isinstance(body, OpmlProblem):
        return body
    known = {attributes_of(outline).get("xmlurl", "").strip() for outline in body.iter() if _is_outline(outline)}
    folders = _Folders(body)
    for feed in feeds:
        if feed.url not in known:
            folders.of(feed).append(_outline(feed))
            known.add(feed.url)
    return _bytes(body.getroottree().getroot())


def remove_from_opml(data: bytes, urls: Iterable[str]) -> bytes | OpmlProblem:
    """The document without the outlines of these addresses; folders stay, and so does what is inside an outline."""
    body = _editable_body(data)
    if isinstance(body, OpmlProblem):
        return body
    unwanted = set(urls)
    for outline in [one for one in body.iter() if _is_outline(one)]:
        if attributes_of(outline).get("xmlurl", "").strip() in unwanted and (parent := outline.getparent()) is not None:
            for child in list(outline):
                outline.addprevious(child)
            parent.remove(outline)
    return _bytes(body.getroottree().getroot())


def _editable_body(data: bytes) -> etree._Element | OpmlProblem:
    root = parse_opml(data)
    if isinstance(root, OpmlProblem):
        return root
    if root.damage is not None:
        return OpmlProblem(
            f"{root.damage.message}; correct that first, for the file is to be changed", root.damage.line
        )
    body = body_of(root.element)
    return etree.SubElement(root.element, "body") if body is None else body


def _outline(feed: Feed) -> etree._Element:
    outline = etree.Element("outline", type="rss")
    outline.set("text", feed.url if feed.name is None else _xml_text(feed.name))
    outline.set("xmlUrl", feed.url)
    for label, value in feed.labels.items():
        if label != "folder":
            outline.set(f"{LABEL}{label}", _xml_text(value))
    if feed.interval is not None:
        outline.set(INTERVAL, format_duration(feed.interval))
    if feed.moves_to:
        outline.set(MOVES_TO, " ".join(feed.moves_to))
    return outline


class _Folders:
    """The outlines that hold feeds, by their path; made where they are missing."""

    def __init__(self, body: etree._Element) -> None:
        self._found: dict[tuple[str, ...], etree._Element] = {(): body}
        waiting: list[tuple[tuple[str, ...], etree._Element]] = [((), body)]
        while waiting:
            path, at = waiting.pop()
            for outline in at:
                if not _is_outline(outline) or "xmlurl" in (attributes := attributes_of(outline)):
                    continue
                name = clean_name(attributes.get("text") or attributes.get("title") or "")
                if (inside := (*path, name)) not in self._found:
                    self._found[inside] = outline
                    waiting.append((inside, outline))

    def of(self, feed: Feed) -> etree._Element:
        names = _xml_text(feed.labels.get("folder", "")).split("/")
        return self._at(tuple(filter(None, names))[:_DEEPEST])

    def _at(self, path: tuple[str, ...]) -> etree._Element:
        if path not in self._found:
            self._found[path] = etree.SubElement(self._at(path[:-1]), "outline", text=path[-1])
        return self._found[path]


def _is_outline(element: etree._Element) -> bool:
    return local_name(element) == "outline"


def _xml_text(text: str) -> str:
    """Without the characters that XML 1.0 §2.2 forbids; a feed's own title may hold some."""
    return _NOT_XML.sub("", text)


def _bytes(root: etree._Element) -> bytes:
    etree.indent(root)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))
