"""The common small damages of feeds, mended so that the swift reader can read what feedparser's loose parser would.

A document that is not well-formed costs feedparser its slowest path. These damages leave the meaning of the rest as it
was; that the outcome is then the same is tested by doing each of them to sound documents. Anything else stays broken.
"""

from __future__ import annotations

import re
from html.entities import name2codepoint

from watcher.parse.feedparser_rules import uri_of_prefix

_ROOT = re.compile(rb"<((?:[A-Za-z][\w.-]*:)?(?:rss|RDF|feed))(?=[\s>])")
_FOREIGN_TAIL = re.compile(
    rb"(?:<!--.*?-->|<(?:script|noscript|style|img|iframe|div|span|p|br)\b[^<>]*>[^<>]*(?:</\w+>)?|\s+)*+", re.DOTALL
)
_BEFORE_ROOT = re.compile(rb"\s*+(?:<\?[^<>]*\?>\s*+|<!--.*?-->\s*+)*+", re.DOTALL)
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_CONTROL_IN_TAG = re.compile(rb"<[^<>\x00-\x08\x0b\x0c\x0e-\x1f]*+[\x00-\x08\x0b\x0c\x0e-\x1f]")
_SPACE_LIKE = bytes(code if code not in b"\x0b\x0c\x1c\x1d\x1e\x1f" else 0x20 for code in range(256))
_DELETED = bytes(code for code in range(0x20) if code not in b"\t\n\r\x0b\x0c\x1c\x1d\x1e\x1f")
_CDATA_OR_REFERENCE = re.compile(rb"<!\[CDATA\[.*?\]\]>|&([A-Za-z][A-Za-z0-9]{1,10});", re.DOTALL)
_XML_REFERENCES = {b"lt", b"gt", b"amp", b"quot", b"apos"}
_PREFIX = re.compile(rb"</?([A-Za-z][\w.-]*):[A-Za-z]")


def repaired(document: bytes) -> bytes | None:
    """The document (UTF-8, without a DOCTYPE) with its small damages mended; None when it has none that we mend."""
    mended = _without_surroundings(document)
    if mended is None:
        return None
    if _CONTROL.search(mended):
        if _CONTROL_IN_TAG.search(mended):
            return None
        mended = mended.translate(_SPACE_LIKE, _DELETED)
    if b"&" in mended:
        mended = _CDATA_OR_REFERENCE.sub(_numeric, mended)
    mended = _with_declared_prefixes(mended)
    return mended if mended != document else None


def _without_surroundings(document: bytes) -> bytes | None:
    """From the first `<` to the end of the root element, unless something of weight stands around it."""
    document = document.removeprefix(b"\xef\xbb\xbf")
    root = _ROOT.search(document)
    if root is None or _BEFORE_ROOT.fullmatch(document, 0, root.start()) is None:
        return None
    end_tag = b"</" + root.group(1) + b">"
    end = document.rfind(end_tag)
    if end < 0 or _FOREIGN_TAIL.fullmatch(document, end + len(end_tag)) is None:
        return None
    return document[root.start() : end + len(end_tag)]


def _numeric(match: re.Match[bytes]) -> bytes:
    """HTML's named references mean nothing to XML; its own and those in CDATA stay."""
    name = match.group(1)
    if name is None or name in _XML_REFERENCES:
        return match.group()
    code = name2codepoint.get(name.decode("ascii"))
    return b"&#%d;" % code if code else b"&amp;" + name + b";"


def _with_declared_prefixes(document: bytes) -> bytes:
    used = {prefix for prefix in set(_PREFIX.findall(document)) if b"xmlns:" + prefix not in document} - {b"xml"}
    if not used or len(used) > 20:
        return document
    declarations = b"".join(
        b' xmlns:%s="%s"' % (prefix, uri_of_prefix(prefix.decode("ascii")).encode()) for prefix in sorted(used)
    )
    return _ROOT.sub(lambda root: root.group() + declarations, document, count=1)
