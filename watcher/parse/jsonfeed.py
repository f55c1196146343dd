"""Reads JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/). What has the wrong type is left out."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from watcher.errors import ParseError, PollReason
from watcher.model.entry import DocumentRepair, ReaderName, RepairKind
from watcher.parse.normalise import MANY_ENTRIES, NO_TEXT, RawEntry, RawFeed, RawText
from watcher.parse.plaintext import TextKind

_ITEMS = re.compile(r'"items"\s*:\s*\[')
_FEED_START = re.compile(rb'\{\s*"version"\s*:\s*"https?:\\?/\\?/jsonfeed\.org')
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})?')
"""A backslash with what may follow it (RFC 8259 §7), else alone."""

_BETWEEN_ITEMS = re.compile(r"[\s,]*")
_STRING_OR_COMMA = re.compile(r'("(?:[^"\\]|\\.)*+(?:"|\\?\Z))|,(?=\s*[\]}])', re.DOTALL)
_ITEM_FIELDS = {"id", "url", "title", "content_html", "content_text"}
_FORGIVING = json.JSONDecoder(strict=False)


def is_json(document: bytes) -> bool:
    """Whether a document begins like a JSON object; no XML feed does."""
    return document[:100].lstrip()[:1] == b"{"


def json_after_text(document: bytes) -> bytes | None:
    """The JSON Feed behind a warning of PHP or the name of a function; None where there is none."""
    found = _FEED_START.search(document, 0, 4_096)
    return document[found.start() :] if found else None


def read_jsonfeed(document: bytes, *, language: str | None) -> RawFeed:
    """Reads a document in UTF-8. `language` is that of the HTTP headers.

    Raises `ParseError` with `malformed` for broken JSON and `not_a_feed` for JSON that is something else.
    """
    feed, repairs = _decoded(document)
    if not _is_feed(feed):
        raise ParseError(PollReason.NOT_A_FEED, "the document is JSON but no JSON Feed; check the address")
    return RawFeed(
        reader=ReaderName.JSON_FEED,
        title=_text(feed, "title", TextKind.UNTYPED),
        link=_string(feed, "home_page_url"),
        language=_string(feed, "language") or language,
        entries=[_entry(item) for item in feed["items"][:MANY_ENTRIES] if isinstance(item, dict)],
        repairs=repairs,
    )


def _is_feed(feed: dict[str, Any]) -> bool:
    """By its version; without one, by items that look like those of a feed."""
    version, items = feed.get("version"), feed.get("items")
    if not isinstance(items, list):
        return False
    if isinstance(version, str) and "jsonfeed.org/version/" in version:
        return True
    return any(isinstance(item, dict) and not _ITEM_FIELDS.isdisjoint(item) for item in items)


def _decoded(document: bytes) -> tuple[dict[str, Any], list[DocumentRepair]]:
    text = document.decode("utf-8", "replace")
    try:
        feed = json.loads(text)
    except RecursionError as error:
        raise ParseError(
            PollReason.MALFORMED, "the JSON document is nested too deeply; report it to its publisher"
        ) from error
    except ValueError as error:
        return _repaired(text, error)
    return feed if isinstance(feed, dict) else {}, []


def _repaired(text: str, error: ValueError) -> tuple[dict[str, Any], list[DocumentRepair]]:
    """Takes raw control characters, wrong escapes and needless commas; of what breaks off, the items before that."""
    what = "control characters in strings"
    feed, rest = _first_value(text)
    if feed is None:
        what = "needless commas or wrong escapes"
        text = _STRING_OR_COMMA.sub(_as_json, text)
        feed, rest = _first_value(text)
    if feed is None:
        feed = _before_the_break(text)
        if feed is None:
            raise ParseError(
                PollReason.MALFORMED, "the JSON document is damaged or breaks off; report it to its publisher"
            ) from error
        return feed, [DocumentRepair(RepairKind.TRUNCATED, "")]
    what = "text behind the document removed" if rest else what
    return feed if isinstance(feed, dict) else {}, [DocumentRepair(RepairKind.MARKUP, what)]


def _first_value(text: str) -> tuple[Any, bool]:
    """The value with which a text begins, and whether something follows it; None when that is no JSON."""
    text = text.lstrip()
    try:
        value, end = _FORGIVING.raw_decode(text)
    except (ValueError, RecursionError):
        return None, False
    return value, bool(text[end:].strip())


def _as_json(found: re.Match[str]) -> str:
    """A string without the backslashes that JSON does not know; nothing for a comma before a closing bracket."""
    string = found.group(1) or ""
    return _ESCAPE.sub(lambda escape: escape.group() if len(escape.group()) > 1 else "", string)


def _before_the_break(text: str) -> dict[str, Any] | None:
    """The fields before the items and every complete item; None when there is none."""
    start = _ITEMS.search(text)
    if start is None:
        return None
    try:
        feed, _ = _FORGIVING.raw_decode(text[: start.start()].rstrip().rstrip(",").lstrip() + "}")
    except (ValueError, RecursionError):
        return None
    items: list[Any] = []
    position = start.end()
    while len(items) < MANY_ENTRIES:
        position = _BETWEEN_ITEMS.match(text, position).end()  # type: ignore[union-attr]
        try:
            item, position = _FORGIVING.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        items.append(item)
    return {**feed, "items": items} if items and isinstance(feed, dict) else None


def _entry(item: dict[str, Any]) -> RawEntry:
    return RawEntry(
        id=_id(item.get("id")),
        link=_string(item, "url") or _string(item, "external_url"),
        title=_text(item, "title", TextKind.UNTYPED),
        summary=_text(item, "summary", TextKind.PLAIN),
        contents=_contents(item),
        author=", ".join(_author_names(item)),
        published=_date(item, "date_published"),
        updated=_date(item, "date_modified"),
        categories=[tag for tag in _list(item, "tags") if isinstance(tag, str)],
        language=_string(item, "language") or None,
        other_links=[
            url for one in _list(item, "attachments") if isinstance(one, dict) and (url := _string(one, "url"))
        ],
    )


def _id(value: object) -> str:
    """Ids are strings; numbers are to be read as such (§items). NaN and the infinities are no JSON (RFC 8259 §6)."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value) if isinstance(value, str | int) or math.isfinite(value) else ""


def _date(item: dict[str, Any], name: str) -> str:
    """Dates are strings; a number so large can only be seconds or milliseconds since 1970."""
    value = item.get(name)
    return str(value) if type(value) is int and value >= 10**9 else _string(item, name)


def _contents(item: dict[str, Any]) -> Sequence[RawText]:
    """HTML before text: publishers give either, or both of the same (§content_html, content_text)."""
    if html := _string(item, "content_html"):
        return [RawText(html, TextKind.HTML)]
    text = _text(item, "content_text", TextKind.PLAIN)
    return [text] if text.value else []


def _author_names(item: dict[str, Any]) -> list[str]:
    """1.1 has `authors`, 1.0 had one `author`."""
    authors = _list(item, "authors") or [item.get("author")]
    return [name for author in authors if isinstance(author, dict) and (name := _string(author, "name"))]


def _string(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _text(fields: dict[str, Any], name: str, kind: TextKind) -> RawText:
    value = _string(fields, name)
    return RawText(value, kind) if value else NO_TEXT


def _list(fields: dict[str, Any], name: str) -> list[Any]:
    value = fields.get(name)
    return value if isinstance(value, list) else []
