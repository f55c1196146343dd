"""Reads through feedparser what is not well-formed, or too odd for the lxml reader.

Both of its HTML passes are off (plain text needs neither) and it is given a stream, never a name: a path or a
URL as its argument would be opened.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import feedparser
from feedparser.api import LooseFeedParser

from watcher.errors import ParseError, PollReason
from watcher.model.entry import ReaderName
from watcher.parse.normalise import NO_TEXT, RawEntry, RawFeed, RawText
from watcher.parse.plaintext import TextKind

_MARKUP_TYPES = {"text/html", "application/xhtml+xml"}

Fields = Mapping[str, Any]


def read_with_feedparser(
    document: bytes, *, url: str, language: str | None = None, well_formed: bool = False
) -> RawFeed | None:
    """Reads what can be read of a document in UTF-8; None when it recognises no feed format and finds no entry.

    feedparser's strict parser is sure to fail on a document that is not well-formed, after most of the work: then only
    its loose one is used. Raises `ParseError` when feedparser itself fails on the document.
    """
    try:
        result = _read_strictly(document, url, language) if well_formed else _read_loosely(document, url, language)
    except MemoryError:
        raise
    except Exception as error:  # the boundary around feedparser, which raises whatever its handlers raise
        raise ParseError(
            PollReason.MALFORMED, f"the document breaks its reader ({type(error).__name__}); report it to its publisher"
        ) from error
    version = result["version"] or ""
    if not version and not result["entries"]:
        return None
    feed, is_atom = result["feed"], version.startswith("atom")
    return RawFeed(
        reader=ReaderName.FEEDPARSER,
        title=_title(feed, is_atom=is_atom),
        link=_string(feed, "link"),
        language=_string(feed, "language") or None,
        ttl=_string(feed, "ttl"),
        update_period=_string(feed, "sy_updateperiod"),
        update_frequency=_string(feed, "sy_updatefrequency"),
        skip_hours=_skipped(document, b"hour"),
        skip_days=_skipped(document, b"day"),
        entries=[raw_entry(entry, is_atom=is_atom) for entry in result["entries"]],
    )


def _read_strictly(document: bytes, url: str, language: str | None) -> Fields:
    headers = {"content-type": "application/xml; charset=utf-8", "content-language": language, "content-location": url}
    result: Fields = feedparser.parse(
        BytesIO(document),
        response_headers={name: value for name, value in headers.items() if value},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    return result


def _read_loosely(document: bytes, url: str, language: str | None) -> Fields:
    loose = LooseFeedParser(url, language, "utf-8", {})
    loose.resolve_relative_uris = loose.sanitize_html = False
    loose.feed(document.decode("utf-8", "replace"))
    return {"version": loose.version, "feed": loose.feeddata, "entries": loose.entries}


def raw_entry(fields: Fields, *, is_atom: bool) -> RawEntry:
    """An entry of feedparser's as ours."""
    contents = [
        RawText(content.get("value") or "", _kind(content, is_atom=is_atom)) for content in _list(fields, "content")
    ]
    source = _dict(fields, "source")
    return RawEntry(
        id=_string(fields, "id"),
        link=_string(fields, "link"),
        title=_title(fields, is_atom=is_atom),
        summary=_summary(fields, contents, is_atom=is_atom),
        contents=[content for content in contents if content.value],
        author=_string(fields, "author"),
        published=_string(fields, "published"),
        updated=_string(fields, "updated"),
        categories=[term for tag in _list(fields, "tags") if (term := tag.get("term") or tag.get("label"))],
        language=_string(fields, "language") or _string(_dict(fields, "title_detail"), "language") or None,
        source_title=_string(source, "title"),
        source_link=_source_link(source),
        other_links=_other_links(fields),
    )


def _skipped(document: bytes, unit: bytes) -> list[str]:
    """What `skipHours` or `skipDays` have: feedparser keeps the last of several `hour` or `day` only."""
    found = re.search(rb"<skip%bs\s*>([^\0]{0,5000}?)</skip%bs\s*>" % (unit, unit), document, re.IGNORECASE)
    if found is None:
        return []
    values = re.findall(rb"<%b\s*>([^<>]{1,30})" % unit, found.group(1), re.IGNORECASE)
    return [value.decode("ascii", "replace").strip() for value in values]


def _other_links(fields: Fields) -> list[str]:
    contents = [content.get("src") for content in _list(fields, "content")]
    enclosures = [link.get("href") for link in _list(fields, "links") if link.get("rel") == "enclosure"]
    return [link for link in contents + enclosures if isinstance(link, str) and link]


def _source_link(source: Fields) -> str:
    """An Atom source's link, else the `url` of an RSS source; beside authors, "href" is theirs."""
    has_people = any(dict.__contains__(source, name) for name in ("authors", "contributors"))
    return _string(source, "link") or ("" if has_people else _string(source, "href"))


def _summary(fields: Fields, contents: list[RawText], *, is_atom: bool) -> RawText:
    """The summary; where feedparser made it from the content, it is of the content's type."""
    value = _string(fields, "summary")
    summary = RawText(value, _kind(_dict(fields, "summary_detail"), is_atom=is_atom)) if value else NO_TEXT
    if not dict.__contains__(fields, "summary_detail"):
        return next((content for content in contents if content.value == summary.value), summary)
    return summary


def _title(fields: Fields, *, is_atom: bool) -> RawText:
    value = _string(fields, "title")
    if not value:
        return NO_TEXT
    if not is_atom:
        return RawText(value, TextKind.RSS_TITLE)
    kind = _kind(_dict(fields, "title_detail"), is_atom=True)
    return RawText(value, TextKind.UNTYPED if kind is TextKind.PLAIN else kind)


def _kind(detail: Fields, *, is_atom: bool) -> TextKind:
    is_markup = not is_atom or detail.get("type", "text/html") in _MARKUP_TYPES
    return TextKind.HTML if is_markup else TextKind.PLAIN


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
