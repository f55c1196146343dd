"""Reads OPML 2.0 (http://opml.org/spec2.opml), also as other programs really write it. Pure: bytes in, feeds out.

Each outline counts for itself: a bad one is reported with its line, and the good ones are taken. A document that is not
well-formed is read as far as a lenient parser gets, which is reported, too. Entities are never expanded.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from datetime import timedelta
from urllib.parse import quote, urlsplit, urlunsplit
from xml.parsers import expat

from lxml import etree

from watcher.config.opml_limits import MOST_OUTLINES, TooMuch, check_outlines
from watcher.config.quantities import read_duration
from watcher.config.value_types import feed_url_problem
from watcher.lazy_dataclass import dataclass
from watcher.model.feed import Feed
from watcher.model.route import OWN_LABELS
from watcher.text.addresses import without_feed_scheme

NAMESPACE = "https://watcher.invalid/opml"
"""Attributes for what OPML has no word for: labels, intervals, `moves-to`."""

LABEL = f"{{{NAMESPACE}}}label-"
INTERVAL = f"{{{NAMESPACE}}}interval"
MOVES_TO = f"{{{NAMESPACE}}}moves-to"

_LONGEST_FOLDER = 1_000
_LARGEST = 50_000_000
_LONGEST_TAG = 100_000
_MOST_PREFIXES = 20
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_FEED_TYPES = {"rss", "atom", "rdf", "feed"}

_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|(?P<name>\w{1,32}));|&")
_XML_ENTITIES = {"amp", "lt", "gt", "quot", "apos"}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_INVISIBLE = re.compile("[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")
"""Control characters and those that change the direction of what follows: no name or address needs them."""

_ATTRIBUTE = re.compile(r"(=\s*)(\"[^\"]*\"|'[^']*')(?=[\s/>?])")
_DECLARED_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]{1,40})["']""")
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_LATE_DECLARATION = re.compile(rb"\A(\s+)(<\?xml[^>]*\?>)")
_UNDECLARED = re.compile(r"\s([A-Za-z_][\w.-]{0,50}):[\w.-]{1,100}\s*=")
_DECLARED = re.compile(r"\sxmlns:([A-Za-z_][\w.-]{0,50})\s*=")


@dataclass(frozen=True, slots=True)
class OpmlProblem:
    """What is wrong in an OPML file, and its line, where known."""

    message: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class OpmlFeeds:
    """The feeds of a file in its order, each with its line.

    `problems` are outlines that could not be taken; `notes` say what was passed over or repaired. `is_list` is False
    when the document as a whole is no OPML: then `problems` has the one reason.
    """

    feeds: tuple[tuple[Feed, int], ...] = ()
    problems: tuple[OpmlProblem, ...] = ()
    notes: tuple[OpmlProblem, ...] = ()
    is_list: bool = True


@dataclass(frozen=True, slots=True)
class _Outline:
    """An outline with its attributes by lower-case name, and the names of the folders it is in, as in `a/b`."""

    attributes: Mapping[str, str]
    own: Mapping[str, str]
    folder: str
    line: int

    @property
    def name(self) -> str:
        return clean_name(self.attributes.get("text") or self.attributes.get("title") or "")

    @property
    def type(self) -> str:
        return self.attributes.get("type", "").strip().lower()

    @property
    def address(self) -> str:
        """As written; some programs write `url` where `xmlUrl` belongs."""
        return (self.attributes.get("xmlurl") or (self.attributes.get("url") if self.is_feed else "") or "").strip()

    @property
    def is_feed(self) -> bool:
        return "xmlurl" in self.attributes or self.type in _FEED_TYPES


@dataclass(slots=True)
class _Found:
    feeds: list[tuple[Feed, int]] = field(default_factory=list)
    problems: list[OpmlProblem] = field(default_factory=list)
    notes: list[OpmlProblem] = field(default_factory=list)


def read_opml(data: bytes) -> OpmlFeeds:
    """Feeds with their names; folders become the label `folder`, nested ones `a/b`."""
    root = parse_opml(data)
    if isinstance(root, OpmlProblem):
        return OpmlFeeds(problems=(root,), is_list=False)
    found = _Found()
    if root.damage is not None:
        (found.notes if root.is_complete else found.problems).append(root.damage)
    for outline in _outlines(root.element):
        _take(outline, found)
    return OpmlFeeds(tuple(found.feeds), tuple(found.problems), tuple(found.notes))


def imported(feed: Feed, *, min_interval: timedelta, trust_labels: bool) -> Feed:
    """A feed of somebody else's list: its labels may steer routes and its interval polling, so both need trust.

    The folder stays. HTML references in the name are resolved, and the address is written in ASCII.
    """
    labels = {label: value for label, value in feed.labels.items() if label not in OWN_LABELS}
    interval = feed.interval
    if not trust_labels:
        labels = {label: value for label, value in labels.items() if label == "folder"}
        interval = None
    if interval is not None:
        interval = max(interval, min_interval)
    name = clean_name(html.unescape(feed.name)) if feed.name else None
    moves_to = feed.moves_to if trust_labels else ()
    return replace(
        feed, url=_in_ascii(feed.url), name=name or None, labels=labels, interval=interval, moves_to=moves_to
    )


def clean_name(text: str) -> str:
    """A name as one line, without characters that would change how a terminal or page shows what follows."""
    return _INVISIBLE.sub(" ", text).strip()


@dataclass(frozen=True, slots=True)
class OpmlRoot:
    """The root element; `damage` says why a document is not well-formed, `is_complete` that nothing of it was lost."""

    element: etree._Element
    damage: OpmlProblem | None = None
    is_complete: bool = True


def parse_opml(data: bytes) -> OpmlRoot | OpmlProblem:
    """The document's root element, or why it is no OPML."""
    if len(data) > _LARGEST:
        return OpmlProblem(f"larger than {_LARGEST // 1_000_000} MB; split it into several files")
    if not data.startswith(_UTF_16):
        # White space before the declaration goes behind it, so that all lines keep their numbers.
        data = _LATE_DECLARATION.sub(rb"\2\1", data.removeprefix(b"\xef\xbb\xbf"))
    try:
        element, damage = _well_formed(data)
        root = OpmlRoot(element) if element is not None else _repaired(data, damage)
    except TooMuch as much:
        return OpmlProblem(much.message, much.line)
    except (LookupError, ValueError):
        return OpmlProblem("written in an encoding that is not read here; save it as UTF-8", 1)
    if root is None:
        return damage
    if local_name(root.element) != "opml":
        return root.damage or OpmlProblem(f"not an OPML file: it begins with <{root.element.tag}>", _line(root.element))
    return root


def _well_formed(data: bytes) -> tuple[etree._Element | None, OpmlProblem]:
    """The root of a well-formed document; else None and what is wrong."""
    try:
        check_outlines(data)
        return etree.fromstring(data, _parser(recover=False)), OpmlProblem("")
    except expat.ExpatError as error:
        return None, OpmlProblem(f"not well-formed XML: {expat.ErrorString(error.code)}", error.lineno)
    except etree.XMLSyntaxError as error:
        cause = re.sub(r", line \d+, column \d+$", "", str(error.msg))
        return None, OpmlProblem(f"not well-formed XML: {cause}", error.lineno)


def _repaired(data: bytes, damage: OpmlProblem) -> OpmlRoot | None:
    """The root of a document that is not well-formed: its commonest damages repaired, else as far as it can be read."""
    text = _NOT_XML.sub("", _REFERENCE.sub(_repaired_reference, _decoded(data)))
    text = _ATTRIBUTE.sub(lambda match: match[1] + match[2].replace("<", "&lt;"), text)
    text = _DECLARATION.sub(lambda match: "\n" * match[0].count("\n"), text)
    text = _with_declared_prefixes(text)
    if text.count("<") > 2 * MOST_OUTLINES or any(len(tag) > _LONGEST_TAG for tag in text.split("<")):
        return None
    repaired = text.encode("utf-8", "replace")
    element, _ = _well_formed(repaired)
    if element is not None:
        return OpmlRoot(element, OpmlProblem(f"{damage.message}: repaired", damage.line))
    if "<!ENTITY" in text:
        return None
    try:
        element = etree.fromstring(repaired, _parser(recover=True))
    except (etree.XMLSyntaxError, ValueError):
        return None
    if element is None:
        return None
    return OpmlRoot(element, OpmlProblem(f"{damage.message}; read as far as possible", damage.line), is_complete=False)


def _with_declared_prefixes(text: str) -> str:
    """The document with a declaration for each prefix of an attribute that has none."""
    known = {"xml", "xmlns", *_DECLARED.findall(text)}
    missing = sorted(set(_UNDECLARED.findall(text)) - known)[:_MOST_PREFIXES]
    declared = "".join(f' xmlns:{prefix}="urn:undeclared:{prefix}"' for prefix in missing)
    return re.sub(r"(<opml)\b", lambda match: match[1] + declared, text, count=1, flags=re.IGNORECASE)


def local_name(element: etree._Element) -> str:
    """The name without namespace, in lower case; "" for comments and the like."""
    return etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""


def body_of(root: etree._Element) -> etree._Element | None:
    """The element that holds the outlines."""
    return next((child for child in root if local_name(child) == "body"), None)


def attributes_of(element: etree._Element) -> dict[str, str]:
    """The attributes without a namespace, by lower-case name."""
    return {str(key).lower(): str(value) for key, value in element.attrib.items() if not str(key).startswith("{")}


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_blank_text=True,
        recover=recover,
    )


def _decoded(data: bytes) -> str:
    declared = _DECLARED_ENCODING.match(data)
    encoding = declared[1].decode("ascii") if declared else "utf-8"
    if data.startswith(_UTF_16):
        encoding = "utf-16"
    try:
        return data.decode(encoding, "replace")
    except LookupError:
        return data.decode("utf-8", "replace")


def _repaired_reference(match: re.Match[str]) -> str:
    """A lone & is an ampersand; a reference of HTML is what it stands for in HTML."""
    name = match["name"]
    if name in _XML_ENTITIES or (name is None and len(match[0]) > 1):
        return match[0]
    character = html.unescape(match[0])
    return character if name is not None and character != match[0] else "&amp;" + match[0][1:]


def _outlines(root: etree._Element) -> Iterator[_Outline]:
    """Every outline, in order; a document without body may have them directly in its root."""
    body = body_of(root)
    waiting = [(outline, "") for outline in reversed(_children(root if body is None else body))]
    while waiting:
        element, folder = waiting.pop()
        own = {str(key): str(value) for key, value in element.attrib.items() if str(key).startswith("{")}
        outline = _Outline(attributes_of(element), own, folder, _line(element))
        below = _children(element)
        if outline.is_feed or not below:
            yield outline
        if below:
            inside = "/".join(filter(None, (folder, outline.name or "folder")))
            waiting.extend((one, inside) for one in reversed(below))


def _children(element: etree._Element) -> list[etree._Element]:
    return [child for child in element if local_name(child) == "outline"]


def _take(outline: _Outline, found: _Found) -> None:
    """Sorts one outline: a feed, a problem, or passed over."""
    called = f'"{outline.name}"' if outline.name else "an outline"
    if outline.attributes.get("iscomment", "").lower() == "true":
        found.notes.append(OpmlProblem(f"{called} is commented out: passed over", outline.line))
    elif not outline.is_feed:
        kind = outline.type or "without an address"
        if outline.type or outline.attributes.get("url") or outline.attributes.get("htmlurl"):
            found.notes.append(OpmlProblem(f"{called} is no feed ({kind}): passed over", outline.line))
    else:
        read = _feed(outline)
        if isinstance(read, Feed):
            found.feeds.append((read, outline.line))
        else:
            found.problems.append(read)


def _feed(outline: _Outline) -> Feed | OpmlProblem:
    url = re.sub(r"\s", "%20", without_feed_scheme(outline.address))
    if problem := feed_url_problem(url):
        return OpmlProblem(f'the feed "{outline.name}" has no usable xmlUrl: {problem}', outline.line)
    labels = {key[len(LABEL) :]: text for key, text in outline.own.items() if key.startswith(LABEL)}
    if len(outline.folder) > _LONGEST_FOLDER:
        return OpmlProblem(f"the names of its folders have more than {_LONGEST_FOLDER} characters", outline.line)
    if outline.folder:
        labels.setdefault("folder", outline.folder)
    written = outline.own.get(INTERVAL)
    try:
        interval = None if written is None else read_duration(written)
    except ValueError as error:
        return OpmlProblem(f'the feed "{outline.name or url}" has a wrong interval: {error}', outline.line)
    # OPML demands a text: a feed without a name has its address there.
    name = outline.name if outline.name != url else ""
    return Feed(url, name or None, labels, interval, moves_to=tuple(outline.own.get(MOVES_TO, "").split()))


def _in_ascii(url: str) -> str:
    """An address as browsers send it: the host in IDNA, the rest percent-encoded (RFC 3987 §3.1)."""
    parts = urlsplit(url)
    try:
        host = parts.netloc.encode("ascii" if parts.netloc.isascii() else "idna").decode("ascii")
    except UnicodeError:
        host = parts.netloc
    safe = "!#$%&'()*+,/:;=?@[]~-._"
    return urlunsplit((parts.scheme.lower(), host, quote(parts.path, safe), quote(parts.query, safe), parts.fragment))


def _line(element: etree._Element) -> int:
    return int(element.sourceline or 1)
