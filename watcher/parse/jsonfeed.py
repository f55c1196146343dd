"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/), read forgivingly: what has the wrong type is left out."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from watcher.errors import ParseError, PollReason
from watcher.model.entry import ReaderName
from watcher.parse.raw import MANY_ENTRIES, NO_TEXT, RawEntry, RawFeed, RawText

_BOM = b"\xef\xbb\xbf"


def is_json(body: bytes) -> bool:
    """Whether a document begins like a JSON object; no XML feed does."""
    return body.removeprefix(_BOM).lstrip()[:1] == b"{"


def read_jsonfeed(body: bytes, *, headers: Mapping[str, str]) -> RawFeed:
    """Raises `ParseError` with `malformed` for broken JSON and `not_a_feed` for JSON that is something else."""
    document = _decoded(body)
    version, items = document.get("version"), document.get("items")
    if not (isinstance(version, str) and "jsonfeed.org/version/" in version and isinstance(items, list)):
        raise ParseError(PollReason.NOT_A_FEED, "the document is JSON but no JSON Feed; check the address")
    return RawFeed(
        reader=ReaderName.JSON_FEED,
        title=_plain(document, "title"),
        link=_string(document, "home_page_url"),
        language=_string(document, "language") or headers.get("content-language"),
        entries=[_entry(item) for item in items[:MANY_ENTRIES] if isinstance(item, dict)],
    )


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        kind = "is nested too deeply" if isinstance(error, RecursionError) else "breaks off or is damaged"
        raise ParseError(PollReason.MALFORMED, f"the JSON document {kind}; tell its publisher") from error
    return document if isinstance(document, dict) else {}


def _entry(item: dict[str, Any]) -> RawEntry:
    return RawEntry(
        id=_id(item.get("id")),
        link=_string(item, "url") or _string(item, "external_url"),
        title=_plain(item, "title"),
        summary=_plain(item, "summary"),
        contents=_contents(item),
        author=", ".join(_author_names(item)),
        published=_string(item, "date_published"),
        updated=_string(item, "date_modified"),
        categories=[tag for tag in _list(item, "tags") if isinstance(tag, str)],
        language=_string(item, "language") or None,
    )


def _id(value: object) -> str:
    """Ids are strings; numbers are to be read as such (§items). NaN and the infinities are no JSON (RFC 8259 §6)."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value) if isinstance(value, str | int) or math.isfinite(value) else ""


def _contents(item: dict[str, Any]) -> list[RawText]:
    """HTML before text: publishers give either, or both of the same (§content_html, content_text)."""
    if html := _string(item, "content_html"):
        return [RawText(html, True)]
    text = _plain(item, "content_text")
    return [text] if text.value else []


def _author_names(item: dict[str, Any]) -> list[str]:
    """1.1 has `authors`, 1.0 had one `author`."""
    authors = _list(item, "authors") or [item.get("author")]
    return [name for author in authors if isinstance(author, dict) and (name := _string(author, "name"))]


def _string(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _plain(fields: dict[str, Any], name: str) -> RawText:
    value = _string(fields, name)
    return RawText(value, False) if value else NO_TEXT


def _list(fields: dict[str, Any], name: str) -> list[Any]:
    value = fields.get(name)
    return value if isinstance(value, list) else []
