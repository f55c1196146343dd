"""The rules that the swift reader shares with feedparser, taken from it so that they cannot drift apart.

feedparser offers them only inside a parse of a whole document, so they are imported from its inner modules; the
comparison of both readers over its own kinds of documents (tests/parse/test_readers_agree.py) notices any change.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from feedparser.encodings import convert_to_utf8
from feedparser.mixin import _FeedParserMixin
from feedparser.sanitizer import replace_doctype
from feedparser.urls import _urljoin, make_safe_absolute_uri

looks_like_html = _FeedParserMixin.looks_like_html
make_safe_base = make_safe_absolute_uri
split_doctype = replace_doctype

_NAMESPACES: Mapping[str, str] = {uri.lower(): prefix for uri, prefix in _FeedParserMixin.namespaces.items()}
_USERLAND = "backend.userland.com/rss"
_PLAIN_ADDRESS = re.compile(
    r"(?:tag|urn|yt):[\w.~%+,=:@!$&'()*-][\w.~%/+,=:@!$&'()*-]*|https?://[a-z0-9.-]+(?::\d+)?(?:/[\w.~%/+,=:@!$&'()*-]*)?(?:\?[\w.~%/+,=:@!$&'()*-]+)?(?:#[\w.~%/+,=:@!$&'()*-]+)?",
    re.ASCII,
)

_QUERY_VARIABLE = re.compile(r"&([A-Za-z0-9_]+);")
_DECLARED_ENCODING = re.compile(rb"<\?.*encoding=['\"](.*?)['\"].*\?>")
_HEAD_END = re.compile(rb"<\w")
_ASCII_SUPERSETS = {"", "utf-8", "utf8", "us-ascii", "ascii"}
_WIDE = (b"\xfe\xff", b"\xff\xfe", b"\x00", b"<\x00", b"\x4c\x6f\xa7\x94")


def known_prefix(uri: str) -> str | None:
    """feedparser's own prefix for a namespace, "" for those of feeds themselves, None for unknown ones."""
    lower = uri.lower()
    return "" if _USERLAND in lower else _NAMESPACES.get(lower)


def uri_of_prefix(prefix: str) -> str:
    """A namespace for a prefix that a document uses but does not declare."""
    return next((uri for uri, known in _NAMESPACES.items() if known == prefix), f"urn:undeclared:{prefix}")


KNOWN_PREFIXES = frozenset(_NAMESPACES.values()) - {""}


def resolve(base: str, address: str) -> str:
    """An address against its base (RFC 3986 §5); most are absolute already and stay as they are."""
    if _PLAIN_ADDRESS.fullmatch(address):
        return address
    resolved: str = _urljoin(base, address)
    return resolved


def resolve_written(base: str, address: str, *, of_entry: bool = True) -> str:
    """The same for an address that is the text of an element, where variables of its query may look like references."""
    resolved = resolve(base, address)
    if "&" not in resolved:
        return resolved
    return _QUERY_VARIABLE.sub(r"&\1", resolved.replace("&amp;", "&") if of_entry else resolved)


def mended(text: str) -> str:
    """A common mistake undone: UTF-8 that was read as Latin-1 and written as UTF-8 again."""
    if text.isascii():
        return text
    try:
        return text.encode("iso-8859-1").decode("utf-8")
    except UnicodeError:
        return text


def is_utf8_if_valid(body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether feedparser would read the document as UTF-8 if only its bytes are valid UTF-8 (RFC 3023)."""
    if body.startswith(_WIDE):
        return False
    declared = _declared_encoding(body.removeprefix(b"\xef\xbb\xbf"))
    in_xml = declared.group(1).decode("ascii", "replace").lower() if declared else ""
    if not in_xml and headers and "content-type" not in headers:
        return False  # Latin-1 is the default then, and every document is valid Latin-1
    return in_xml in _ASCII_SUPERSETS and _charset(headers.get("content-type", "")) in _ASCII_SUPERSETS


def _declared_encoding(document: bytes) -> re.Match[bytes] | None:
    """The pattern goes to the end of the first line, which may be all of a document: mostly its declaration is enough."""
    end = document.find(b"?>") + 2
    line_end = document.find(b"\n", end)
    if end < 2 or document.find(b"?>", end, line_end if line_end >= 0 else len(document)) >= 0:
        return _DECLARED_ENCODING.match(document)
    return _DECLARED_ENCODING.match(document, 0, end)


def as_utf8(body: bytes, headers: Mapping[str, str]) -> bytes:
    """The document in UTF-8 by feedparser's choice of encoding; empty when it finds none."""
    result: dict[str, object] = {}
    try:
        converted: bytes = convert_to_utf8(dict(headers), body, result)
    except UnicodeError:  # of codecs that are no charsets, like punycode; feedparser expects UnicodeDecodeError only
        return b""
    return converted if result["encoding"] else b""


def without_doctype(document: bytes) -> bytes | None:
    """The document as feedparser gives it to its XML parser; None when it still declares entities."""
    start = _HEAD_END.search(document)
    head = document[: start.start() if start else len(document)]
    if b"<!D" not in head and b"<!E" not in head:
        return document
    _, document, entities = replace_doctype(document)
    return None if entities or b"<!ENTITY" in document[: len(head) + 1] else document


@lru_cache(maxsize=256)
def _charset(content_type: str) -> str:
    for parameter in content_type.split(";")[1:]:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset":
            return value.strip().strip("\"'").lower()
    return ""
