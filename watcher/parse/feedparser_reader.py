"""The tolerant reader: feedparser, for everything that is odd.

Both of its HTML passes are off (plain text needs neither) and it is given a stream, never a name: a path or a
URL as its argument would be opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from xml.parsers import expat

import feedparser
from feedparser.api import LooseFeedParser

from watcher.errors import ParseError, PollReason
from watcher.model.entry import ReaderName
from watcher.parse.feedparser_rules import as_utf8, split_doctype
from watcher.parse.raw import NO_TEXT, RawEntry, RawFeed, RawText

_MARKUP_TYPES = {"text/html", "application/xhtml+xml"}
_READABLE_HEADERS = ("content-type", "content-language")

Fields = Mapping[str, Any]


def read_with_feedparser(body: bytes, *, headers: Mapping[str, str]) -> RawFeed | None:
    """Reads what can be read, with `shown_headers`; None when it recognises no feed format and finds no entry.

    Raises `ParseError` when feedparser itself fails on the document.
    """
    try:
        document = _read_loosely(body, headers) or _read_in_full(body, headers)
    except MemoryError:
        raise
    except Exception as error:  # the boundary around feedparser, which raises whatever its handlers raise
        raise ParseError(
            PollReason.MALFORMED, f"the document breaks its reader ({type(error).__name__}); tell its publisher"
        ) from error
    if not document["version"] and not document["entries"]:
        return None
    feed = document["feed"]
    return RawFeed(
        reader=ReaderName.FEEDPARSER,
        title=_text(feed, "title"),
        link=_string(feed, "link"),
        language=_string(feed, "language") or None,
        ttl=_string(feed, "ttl"),
        entries=[_entry(entry) for entry in document["entries"]],
    )


def _read_in_full(body: bytes, headers: Mapping[str, str]) -> Fields:
    result: Fields = feedparser.parse(
        BytesIO(body), response_headers=dict(headers), sanitize_html=False, resolve_relative_uris=False
    )
    return result


def _read_loosely(body: bytes, headers: Mapping[str, str]) -> Fields | None:
    """feedparser's second try at once, where its first is sure to fail: expat sees that in a fraction of the time.

    None when the document is well-formed or its encoding unknown.
    """
    document = as_utf8(body, headers)
    version, document, entities = split_doctype(document)
    if not document or _is_well_formed(document):
        return None
    loose = LooseFeedParser(headers.get("content-location", ""), headers.get("content-language"), "utf-8", entities)
    loose.resolve_relative_uris = loose.sanitize_html = False
    loose.feed(document.decode("utf-8", "replace"))
    return {"version": version or loose.version, "feed": loose.feeddata, "entries": loose.entries}


def _is_well_formed(document: bytes) -> bool:
    parser = expat.ParserCreate(namespace_separator=" ")
    try:
        parser.Parse(document, True)
    except expat.ExpatError:
        return False
    return True


def shown_headers(headers: Mapping[str, str], url: str) -> dict[str, str]:
    """The headers that a reader is shown: those of the encoding and language, and the base of relative links."""
    kept = {name: headers[name] for name in _READABLE_HEADERS if headers.get(name)}
    return {**kept, "content-location": url} if url else kept


def _entry(fields: Fields) -> RawEntry:
    contents = [RawText(content.get("value") or "", _is_markup(content)) for content in _list(fields, "content")]
    source = _dict(fields, "source")
    return RawEntry(
        id=_string(fields, "id"),
        link=_string(fields, "link"),
        title=_text(fields, "title"),
        summary=_summary(fields, contents),
        contents=contents,
        author=_string(fields, "author"),
        published=_string(fields, "published"),
        updated=_string(fields, "updated"),
        categories=[term for tag in _list(fields, "tags") if (term := tag.get("term") or tag.get("label"))],
        language=_string(fields, "language") or _string(_dict(fields, "title_detail"), "language") or None,
        source_title=_string(source, "title"),
        source_link=_source_link(source),
    )


def _source_link(source: Fields) -> str:
    """An Atom source's link, else the `url` of an RSS source; beside persons, "href" is theirs."""
    has_persons = any(dict.__contains__(source, name) for name in ("authors", "contributors"))
    return _string(source, "link") or ("" if has_persons else _string(source, "href"))


def _summary(fields: Fields, contents: list[RawText]) -> RawText:
    """The summary; where feedparser made it from the content, it is of the content's type."""
    summary = _text(fields, "summary")
    if not dict.__contains__(fields, "summary_detail"):
        return next((content for content in contents if content.value == summary.value), summary)
    return summary


def _string(fields: Fields, name: str) -> str:
    # dict.get, because the mapping's own lookup answers for other names, too (updated for published).
    value = dict.get(fields, name)  # type: ignore[call-overload]
    return value if isinstance(value, str) else ""


def _dict(fields: Fields, name: str) -> Fields:
    value = dict.get(fields, name)  # type: ignore[call-overload]
    return value if isinstance(value, dict) else {}


def _list(fields: Fields, name: str) -> list[Any]:
    value = dict.get(fields, name)  # type: ignore[call-overload]
    return value if isinstance(value, list) else []


def _text(fields: Fields, name: str) -> RawText:
    value = _string(fields, name)
    return RawText(value, _is_markup(_dict(fields, f"{name}_detail"))) if value else NO_TEXT


def _is_markup(detail: Fields) -> bool:
    return detail.get("type", "text/html") in _MARKUP_TYPES
