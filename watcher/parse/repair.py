"""Repairs what is not well-formed XML but leaves no doubt what is meant, so that one bad place costs that place (I15).

Works on UTF-8. What is still broken afterwards goes to feedparser, with these repairs done.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from html.entities import html5

from lxml import etree

from watcher.errors import ParseError, PollReason
from watcher.lazy_dataclass import dataclass
from watcher.model.entry import DocumentRepair, RepairKind
from watcher.parse.lxml_reader import Element, parse_xml
from watcher.parse.normalise import MANY_ENTRIES
from watcher.parse.xml_names import uri_of_prefix

_HEAD_END = re.compile(rb"<[A-Za-z]")
_DOCTYPE_START = re.compile(rb"<!DOCTYPE", re.IGNORECASE)
_DOCTYPE = re.compile(
    rb"<!DOCTYPE(?:[^\[\]<>\"']++|\"[^\"]*+\"|'[^']*+')*+"
    rb"(?:\[(?P<subset>(?:<!--.*?-->|[^\]\"']|\"[^\"]*+\"|'[^']*+')*+)\]\s*+)?+>",
    re.IGNORECASE | re.DOTALL,
)
_ENTITY = re.compile(rb"<!ENTITY\s+([^\s%\"'<>&;]+)\s+(?:\"([^\"]*)\"|'([^']*)')\s*>")
_LONGEST_ENTITY = 500
_ENTITIES_ADD_AT_MOST = 5_000_000

_ROOT = re.compile(rb"<((?:[A-Za-z][\w.-]*:)?(?:rss|RDF|feed))(?=[\s>])")
_WEB_PAGE = re.compile(rb"<(?:html|head|body)[\s>]", re.IGNORECASE)
_CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\n\r")
_NON_CHARACTER = re.compile(rb"\xef\xbf[\xbe\xbf]")  # U+FFFE, U+FFFF
_SPACE_LIKE = bytes(code if code not in b"\x0b\x0c\x1c\x1d\x1e\x1f" else 0x20 for code in range(256))
_DELETED = bytes(code for code in range(0x20) if code not in b"\t\n\r\x0b\x0c\x1c\x1d\x1e\x1f")
_PREFIX = re.compile(rb"</?([A-Za-z][\w.-]*):[A-Za-z]")
_ATTRIBUTE_PREFIX = re.compile(rb"<[A-Za-z][^<>]*?\s([A-Za-z][\w.-]*):[\w.-]+\s*=")
_DECLARED_PREFIX = re.compile(rb"xmlns:([A-Za-z][\w.-]*)")
_MANY_PREFIXES = 20

_CDATA = re.compile(rb"(<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z))", re.DOTALL)
_LONE_AMPERSAND = re.compile(rb"&(?!(?:#[0-9]{1,40}|#[xX][0-9A-Fa-f]{1,40}|[A-Za-z][A-Za-z0-9]{1,31});)")
_LONE_LESS_THAN = re.compile(rb"<(?![A-Za-z_/!?:\x80-\xff])")
_REFERENCE = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z#][A-Za-z0-9]*);")
_SURROGATES = re.compile(
    rb"&#(?:(5[56][0-9]{3})|[xX]([dD][89abAB][0-9a-fA-F]{2}));&#(?:(5[67][0-9]{3})|[xX]([dD][c-fC-F][0-9a-fA-F]{2}));"
)

_ENTRY_START = re.compile(rb"<(?:[A-Za-z][\w.-]*:)?(?:item|entry)[\s>]")
_ENTRY_END = re.compile(rb"</(?:[A-Za-z][\w.-]*:)?(?:item|entry)\s*>")
_TOKEN = re.compile(
    rb"<!\[CDATA\[.*?(\]\]>|\Z)|<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)"
    rb"|<(/?)([A-Za-z_:\x80-\xff][^\s/<>]*+)(?:[^<>\"'/]|\"[^\"]*+\"|'[^']*+'|/(?!>))*+(/?)>|<[^>]*\Z",
    re.DOTALL,
)
_HALF_CDATA_END = re.compile(rb"\]\](?:&gt;)?(?=\s*</)")
_HALF_AT_END = re.compile(rb"(?:&[#\w]*|<(?:[/A-Za-z][^<>]*)?)\Z")
_DEEPEST = 200


@dataclass(slots=True)
class Repaired:
    """A document and what was done to it. `root` is its tree where the repair has parsed it already."""

    document: bytes
    root: Element | None = None
    repairs: list[DocumentRepair] = field(default_factory=list)
    truncated: bool = False

    def note(self, kind: RepairKind, facts: list[str]) -> None:
        if facts:
            self.repairs.append(DocumentRepair(kind, ", ".join(facts)))


def without_doctype(document: bytes) -> tuple[bytes, Mapping[bytes, bytes]]:
    """The document without its document type, and the entities that this declares.

    Nothing external is ever read. Raises `ParseError` for entities that grow: made of others, or long ones.
    """
    found = _HEAD_END.search(document)
    start = _DOCTYPE_START.search(document, 0, found.start() if found else len(document))
    if start is None or (doctype := _DOCTYPE.match(document, start.start())) is None:
        return document, {}
    return document[: doctype.start()] + document[doctype.end() :], _entities(doctype.group("subset") or b"")


def _entities(subset: bytes) -> Mapping[bytes, bytes]:
    declared = {name: one or other for name, one, other in _ENTITY.findall(subset)}
    for value in declared.values():
        names = set(re.findall(rb"&([^;&#\s]+);", value))
        if len(value) > _LONGEST_ENTITY or names & declared.keys() - {b"amp", b"lt", b"gt", b"quot", b"apos"}:
            raise _entity_bomb()
    return declared


def _entity_bomb() -> ParseError:
    return ParseError(
        PollReason.MALFORMED, "the document declares entities that grow without bound; report it to its publisher"
    )


def repair(document: bytes, entities: Mapping[bytes, bytes]) -> Repaired:
    """Repairs a document without a document type that is not well-formed, or uses `entities`."""
    if entities:
        document = _with_entities(document, entities)
    result = Repaired(document)
    markup: list[str] = []
    _remove_what_is_around(result, markup)
    without_controls = result.document.translate(None, _CONTROLS)
    if len(without_controls) < len(result.document) or _NON_CHARACTER.search(without_controls):
        cleaned = _NON_CHARACTER.sub(b"", result.document)
        result.document = cleaned.translate(_SPACE_LIKE, _DELETED)
        markup.append("control characters removed")
    if result.truncated:
        result.document = _HALF_AT_END.sub(b"", result.document)
    if markup and not result.truncated:
        result.root = parse_xml(result.document)
    if result.root is None:
        _repair_references(result)
        _declare_prefixes(result, markup)
    if result.truncated:
        result.document = _closed(result.document)
    result.note(RepairKind.MARKUP, markup)
    return result


def count_entry_starts(document: bytes) -> int:
    """How many entries begin in a document."""
    return len(_ENTRY_START.findall(_CDATA.sub(b"", document)))


def beginning_of(document: bytes, tags: int) -> bytes:
    """The document itself if it has at most so many tags, else with the entries only that end within these."""
    pieces = document.split(b"<", tags + 1)
    if len(pieces) <= tags + 1:
        return document
    end = len(document) - len(pieces[-1]) - 1
    ends = [found.end() for found in _ENTRY_END.finditer(document, 0, end)]
    return _closed(document[: ends[-1] if ends else end])


def with_balanced_entries(document: bytes) -> bytes:
    """The document with each entry made well-formed by itself, so that an unclosed tag costs one entry at most."""
    starts = [found.start() for found in _ENTRY_START.finditer(document)][: MANY_ENTRIES + 1]
    ends = [found.end() for found in _ENTRY_END.finditer(document)]
    root = _ROOT.search(document)
    if not starts or not ends or root is None:
        return document
    root_tag = document[root.start() : document.find(b">", root.start()) + 1]
    pieces = [document[: starts[0]]]
    for start, following in zip(starts, [*starts[1:], ends[-1]], strict=True):
        end = _ENTRY_END.search(document, start, following)
        pieces.append(_balanced(document[start : end.end() if end else following], root_tag, root.group(1)))
    return b"".join(pieces) + document[ends[-1] :]


def _balanced(entry: bytes, root_tag: bytes, root: bytes) -> bytes:
    if entry.rfind(b"<![CDATA[") > entry.rfind(b"]]>"):
        entry = _HALF_CDATA_END.sub(b"]]>", entry)
    wrapped = root_tag + entry + b"</" + root + b">"
    if parse_xml(wrapped) is not None:
        return entry
    recovered = parse_xml(wrapped, recover=True)
    if recovered is None or not len(recovered):
        return b""
    balanced: bytes = etree.tostring(recovered[0], encoding="utf-8", xml_declaration=False, with_tail=False)
    return balanced


def _with_entities(document: bytes, entities: Mapping[bytes, bytes]) -> bytes:
    added = 0

    def value_of(reference: re.Match[bytes]) -> bytes:
        nonlocal added
        value = entities.get(reference.group(1))
        if value is None:
            return reference.group()
        added += len(value)
        if added > _ENTITIES_ADD_AT_MOST:
            raise _entity_bomb()
        return value

    parts = _CDATA.split(document)
    parts[::2] = [re.sub(rb"&([^;&#\s<>]{1,100});", value_of, part) for part in parts[::2]]
    return b"".join(parts)


def _remove_what_is_around(result: Repaired, facts: list[str]) -> None:
    """Removes everything outside the root element, and notes when its end is missing."""
    document = result.document
    root = _ROOT.search(_CDATA.sub(lambda hidden: b" " * len(hidden.group()), document[:100_000]))
    if root is None or _WEB_PAGE.search(document, 0, root.start()):
        return
    before = document[: root.start()]
    ends = list(re.finditer(rb"</" + re.escape(root.group(1)) + rb"\s*>", document[-100_000:]))
    end = document.rfind(b"</" + root.group(1) + b">") if not ends else len(document[:-100_000]) + ends[-1].start()
    result.truncated = end < 0
    after = b"" if end < 0 else document[document.find(b">", end) + 1 :]
    result.document = document[root.start() : len(document) - len(after)]
    if re.sub(rb"<\?[^<>]*\?>|<!--.*?-->", b"", before, flags=re.DOTALL).strip():
        facts.append("text before the document removed")
    elif before[:1].isspace() and before.lstrip().startswith(b"<?xml"):
        facts.append("white space before the XML declaration removed")
    if after.strip():
        facts.append("text behind the document removed")


def _repair_references(result: Repaired) -> None:
    """Outside CDATA: a lone `&` or `<` is text, HTML's names are characters, and numbers are those XML allows."""
    ampersands = signs = references = 0

    def as_xml(reference: re.Match[bytes]) -> bytes:
        nonlocal references
        written = _as_xml(reference)
        references += written != reference.group()
        return written

    parts = _CDATA.split(result.document)
    for place in range(0, len(parts), 2):
        part, lone = _LONE_LESS_THAN.subn(b"&lt;", parts[place])
        signs += lone
        if b"&" in part:
            part, lone = _LONE_AMPERSAND.subn(b"&amp;", part)
            ampersands += lone
            part, pairs = _SURROGATES.subn(_joined, part)
            references += pairs
            part = _REFERENCE.sub(as_xml, part)
        parts[place] = part
    result.document = b"".join(parts)
    counts = {"raw ampersands": ampersands, "raw less-than signs": signs, "references unknown to XML": references}
    result.note(RepairKind.REFERENCES, [f"{what}: {count}" for what, count in counts.items() if count])


def _joined(pair: re.Match[bytes]) -> bytes:
    """The character that two references to UTF-16 surrogates mean together; .NET and PHP write such."""
    high, low = (int(pair.group(at) or pair.group(at + 1), 10 if pair.group(at) else 16) for at in (1, 3))
    if not (0xD800 <= high < 0xDC00 <= low < 0xE000):
        return pair.group()
    return b"&#%d;" % (0x10000 + ((high - 0xD800) << 10) + low - 0xDC00)


def _as_xml(reference: re.Match[bytes]) -> bytes:
    """A reference as a number that XML allows (XML 1.0 §2.2), else U+FFFD; an unknown name as it is written."""
    name = reference.group(1)
    if name[:1] != b"#":
        known = html5.get(name.decode("ascii") + ";")
        return b"".join(b"&#%d;" % ord(one) for one in known) if known else b"&amp;" + name + b";"
    code = int(name[2:], 16) if name[1:2] in b"xX" else int(name[1:])
    if code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF:
        return reference.group()
    return b"" if 0 < code < 0x20 else b"&#xFFFD;"  # controls show nothing


def _declare_prefixes(result: Repaired, facts: list[str]) -> None:
    document = result.document
    written = {*_PREFIX.findall(document), *_ATTRIBUTE_PREFIX.findall(document)} - {b"xml", b"xmlns"}
    used = written - set(_DECLARED_PREFIX.findall(document))
    if not used or len(used) > _MANY_PREFIXES:
        return
    declarations = b"".join(
        b' xmlns:%s="%s"' % (prefix, uri_of_prefix(prefix.decode("ascii")).encode()) for prefix in sorted(used)
    )
    result.document = _ROOT.sub(lambda root: root.group() + declarations, document, count=1)
    facts.append(f"undeclared prefixes {b', '.join(sorted(used)).decode()}")


def _closed(document: bytes) -> bytes:
    """A document that was cut off, with its open elements closed. Complete entries are taken to be balanced."""
    first = _ENTRY_START.search(document)
    ends = list(_ENTRY_END.finditer(document, len(document) - 1_000_000 if len(document) > 1_000_000 else 0))
    last = ends[-1].end() if ends else 0
    head_end = first.start() if first else len(document)
    open_names, _ = _open_at_end(document[:head_end], [])
    if first is None or open_names is None:
        tail_start = 0
        open_names = []
    else:
        tail_start = max(last, head_end)
    open_names, tail = _open_at_end(document[tail_start:], open_names)
    if open_names is None:
        return document
    return document[:tail_start] + tail + b"".join(b"</" + name + b">" for name in reversed(open_names))


def _open_at_end(piece: bytes, open_names: list[bytes]) -> tuple[list[bytes] | None, bytes]:
    """The names of the elements that are open at the end of a piece, and the piece without half a tag at its end.

    None for the names where tags do not match or are too deep.
    """
    names = list(open_names)
    for token in _TOKEN.finditer(piece):
        cdata_end, slash, name, empty = token.groups()
        if name is None:
            if token.group().startswith(b"<![CDATA["):
                if not cdata_end:
                    return names, re.sub(rb"\]{1,2}\Z", b"", piece) + b"]]>"
            elif token.end() == len(piece) and not token.group().endswith((b"-->", b"?>")):
                return names, piece[: token.start()]
        elif slash:
            if not names or names.pop() != name:
                return None, piece
        elif not empty:
            names.append(name)
            if len(names) > _DEEPEST:
                return None, piece
    return names, piece
