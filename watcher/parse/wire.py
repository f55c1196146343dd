"""What travels between the daemon and a parser child: frames of JSON, each behind its length.

JSON and not pickle, because what a child says after it met a hostile document must not be able to run code in
the daemon; in pieces, because decoding one of tens of megabytes would hold the event loop.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from watcher.errors import PollReason
from watcher.model.entry import Entry, ParsedFeed
from watcher.model.feed import ParseFailed

LENGTH = struct.Struct(">I")
"""Every frame is preceded by its length in bytes."""

_FRAME_CHARACTERS = 250_000


def encode_job(url: str, headers: Mapping[str, str]) -> bytes:
    """The frame before a document's own frame."""
    return _dump([url, dict(headers)])


def decode_job(frame: bytes) -> tuple[str, dict[str, str]]:
    """The address and headers of the document in the next frame."""
    url, headers = json.loads(frame)
    return url, headers


def encode_failure(failed: ParseFailed) -> list[bytes]:
    return [_dump(["failed", failed.reason, failed.detail])]


def encode_feed(feed: ParsedFeed) -> Iterator[bytes]:
    """One frame for the feed, then its entries in frames of bounded size, then an empty list."""
    yield _dump(["feed", feed.reader, feed.title, feed.language, feed.link, feed.ttl])
    batch: list[list[Any]] = []
    characters = 0
    for entry in feed.entries:
        batch.append(_entry_fields(entry))
        characters += len(entry.content) + len(entry.summary) + 1_000
        if characters > _FRAME_CHARACTERS:
            yield _dump(batch)
            batch, characters = [], 0
    if batch:
        yield _dump(batch)
    yield _dump([])


def decode_head(frame: bytes) -> ParsedFeed | ParseFailed:
    """A failure, or the feed still without its entries."""
    kind, *fields = json.loads(frame)
    if kind == "failed":
        return ParseFailed(PollReason(fields[0]), fields[1])
    reader, title, language, link, ttl = fields
    return ParsedFeed(reader=reader, title=title, language=language, entries=(), link=link, ttl=ttl)


def decode_entries(frame: bytes) -> list[Entry]:
    """The entries of one frame; an empty list ends the feed."""
    return [_entry(fields) for fields in json.loads(frame)]


def _dump(value: Sequence[Any]) -> bytes:
    # Lone surrogates do not survive UTF-8; normalisation takes them out of texts, but not out of every header.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _entry_fields(entry: Entry) -> list[Any]:
    return [
        entry.id,
        entry.link,
        entry.title,
        entry.summary,
        entry.content,
        entry.author,
        entry.published and entry.published.timestamp(),
        entry.updated and entry.updated.timestamp(),
        entry.categories,
        entry.language,
        entry.publisher,
    ]


def _entry(fields: list[Any]) -> Entry:
    id_, link, title, summary, content, author, published, updated, categories, language, publisher = fields
    return Entry(
        id_,
        link,
        title,
        summary,
        content,
        author,
        _time(published),
        _time(updated),
        tuple(categories),
        language,
        publisher,
    )


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
