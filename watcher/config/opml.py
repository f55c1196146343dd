"""OPML 2.0 (http://opml.org/spec2.opml): lists of feeds in and out. Pure: bytes and feeds, no files, no network.

What OPML has no word for travels in attributes of our own namespace, so that writing and reading back loses
nothing: labels, and the interval. Headers are never written, for they may be secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from xml.parsers import expat

from lxml import etree

from watcher.config.outlines import TooMuch, check_outlines
from watcher.config.quantities import format_duration, read_duration
from watcher.config.schema import feed_url_problem
from watcher.model.feed import Feed

NAMESPACE = "https://watcher.invalid/opml"
etree.register_namespace("watcher", NAMESPACE)
_LABEL = f"{{{NAMESPACE}}}label-"
_INTERVAL = f"{{{NAMESPACE}}}interval"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DEEPEST = 100  # folders that are written; libxml2 refuses to read a document more than 256 deep
_LONGEST_FOLDER = 1_000
_LARGEST = 50_000_000


@dataclass(frozen=True, slots=True)
class OpmlProblem:
    """What is wrong in an OPML file, and its line, where known."""

    message: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class OpmlFeeds:
    """The feeds of a file in its order, each with its line; and what could not be read."""

    feeds: tuple[tuple[Feed, int], ...]
    problems: tuple[OpmlProblem, ...] = ()


def read_opml(data: bytes) -> OpmlFeeds:
    """Feeds with their names; folders become the label `folder`, nested ones `a/b`. Entities are never expanded."""
    root = _parse(data)
    if isinstance(root, OpmlProblem):
        return OpmlFeeds((), (root,))
    feeds: list[tuple[Feed, int]] = []
    problems: list[OpmlProblem] = []
    for outline, folder in _outlines(root):
        read = _feed(outline, folder)
        if isinstance(read, Feed):
            feeds.append((read, _line(outline)))
        else:
            problems.append(read)
    return OpmlFeeds(tuple(feeds), tuple(problems))


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
    root = _parse(data)
    if isinstance(root, OpmlProblem):
        return root
    body = root.find("body")
    if body is None:
        body = etree.SubElement(root, "body")
    known = {outline.get("xmlUrl") for outline in body.iter("outline")}
    folders = _Folders(body)
    for feed in feeds:
        if feed.url not in known:
            folders.of(feed).append(_outline(feed))
            known.add(feed.url)
    return _bytes(root)


def _parse(data: bytes) -> etree._Element | OpmlProblem:
    if len(data) > _LARGEST:
        return OpmlProblem(f"larger than {_LARGEST // 1_000_000} MB; split it into several files")
    if problem := _counted(data):
        return problem
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_blank_text=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        cause = re.sub(r", line \d+, column \d+$", "", str(error.msg))
        return OpmlProblem(f"not well-formed XML: {cause}", error.lineno)
    if root.tag != "opml":
        return OpmlProblem(f"not an OPML file: it begins with <{root.tag}>", _line(root))
    return root


def _counted(data: bytes) -> OpmlProblem | None:
    """What is wrong before a tree is built."""
    try:
        check_outlines(data)
    except TooMuch as much:
        return OpmlProblem(much.message, much.line)
    except expat.ExpatError as error:
        return OpmlProblem(f"not well-formed XML: {expat.ErrorString(error.code)}", error.lineno)
    except (LookupError, ValueError):
        return OpmlProblem("written in an encoding that is not read here; save it as UTF-8", 1)
    return None


def _outlines(root: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    """Every outline with an address, and the names of the folders it lies in, as in `a/b`."""
    waiting = [(outline, "") for outline in reversed(root.findall("body/outline"))]
    while waiting:
        outline, folder = waiting.pop()
        if outline.get("xmlUrl") is not None or (outline.get("type") or "").lower() == "rss":
            yield outline, folder
        if below := outline.findall("outline"):
            inside = "/".join(filter(None, (folder, _name(outline) or "folder")))
            waiting.extend((one, inside) for one in reversed(below))


def _feed(outline: etree._Element, folder: str) -> Feed | OpmlProblem:
    url = (outline.get("xmlUrl") or "").strip()
    problem = feed_url_problem(url)
    if problem:
        return OpmlProblem(f'the feed "{_name(outline)}" has no usable xmlUrl: {problem}', _line(outline))
    labels = {key[len(_LABEL) :]: str(text) for key, text in outline.attrib.items() if str(key).startswith(_LABEL)}
    if len(folder) > _LONGEST_FOLDER:
        return OpmlProblem(f"the names of its folders have more than {_LONGEST_FOLDER} characters", _line(outline))
    if folder:
        labels.setdefault("folder", folder)
    try:
        interval = _interval(outline.get(_INTERVAL))
    except ValueError as error:
        return OpmlProblem(f'the feed "{_name(outline) or url}" has a wrong interval: {error}', _line(outline))
    # OPML demands a text: a feed without a name has its address there.
    name = _name(outline) if _name(outline) != url else ""
    return Feed(url, name or None, labels, interval)


def _interval(text: str | None) -> timedelta | None:
    return None if text is None else read_duration(text)


def _outline(feed: Feed) -> etree._Element:
    outline = etree.Element("outline", type="rss")
    outline.set("text", feed.url if feed.name is None else _xml_text(feed.name))
    outline.set("xmlUrl", feed.url)
    for label, value in feed.labels.items():
        if label != "folder":
            outline.set(f"{_LABEL}{label}", _xml_text(value))
    if feed.interval is not None:
        outline.set(_INTERVAL, format_duration(feed.interval))
    return outline


class _Folders:
    """The outlines that hold feeds, by their path; made where they are missing."""

    def __init__(self, body: etree._Element) -> None:
        self._found: dict[tuple[str, ...], etree._Element] = {(): body}
        waiting: list[tuple[tuple[str, ...], etree._Element]] = [((), body)]
        while waiting:
            path, at = waiting.pop()
            for outline in at.findall("outline"):
                if outline.get("xmlUrl") is None and (inside := (*path, _name(outline))) not in self._found:
                    self._found[inside] = outline
                    waiting.append((inside, outline))

    def of(self, feed: Feed) -> etree._Element:
        names = _xml_text(feed.labels.get("folder", "")).split("/")
        return self._at(tuple(filter(None, names))[:_DEEPEST])

    def _at(self, path: tuple[str, ...]) -> etree._Element:
        if path not in self._found:
            self._found[path] = etree.SubElement(self._at(path[:-1]), "outline", text=path[-1])
        return self._found[path]


def _xml_text(text: str) -> str:
    """Without the characters that XML 1.0 §2.2 forbids; a feed's own title may hold some."""
    return _NOT_XML.sub("", text)


def _name(outline: etree._Element) -> str:
    return str(outline.get("text") or outline.get("title") or "").strip()


def _line(element: etree._Element) -> int:
    return int(element.sourceline or 1)


def _bytes(root: etree._Element) -> bytes:
    etree.indent(root)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))
