"""What travels between the daemon and a parser child: frames of JSON, each behind its length.

JSON and not pickle, because what a child says after it met a hostile document must not be able to run code in
the daemon; in pieces, because decoding one of tens of megabytes would hold the event loop. The long texts of entries
follow the JSON of a frame as they are, end to end, and only their lengths stand in it: escaping and unescaping them
would cost a third of reading the feed.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from watcher.errors import PollReason
from watcher.model.entry import Entry, ParsedFeed, ReaderName
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
    batch: list[Entry] = []
    characters = 0
    for entry in feed.entries:
        batch.append(entry)
        characters += len(entry.content) + len(entry.summary) + 1_000
        if characters > _FRAME_CHARACTERS:
            yield _encode_entries(batch)
            batch, characters = [], 0
    if batch:
        yield _encode_entries(batch)
    yield _encode_entries([])


def _encode_entries(entries: Sequence[Entry]) -> bytes:
    fields = _dump([_entry_fields(entry) for entry in entries])
    texts = "".join([text for entry in entries for text in (entry.summary, entry.content)])
    return b"%b\n%b" % (fields, _utf8(texts))


def decode_head(frame: bytes) -> ParsedFeed | ParseFailed:
    """A failure, or the feed still without its entries."""
    kind, *fields = json.loads(frame)
    if kind == "failed":
        return ParseFailed(PollReason(fields[0]), fields[1])
    reader, title, language, link, ttl = fields
    return ParsedFeed(reader=ReaderName(reader), title=title, language=language, entries=(), link=link, ttl=ttl)


def decode_entries(frame: bytes) -> list[Entry]:
    """The entries of one frame; an empty list ends the feed."""
    end = frame.index(b"\n")  # JSON as it is written here has none
    return list(_entries(json.loads(frame[:end]), str(memoryview(frame)[end + 1 :], "utf-8")))


def _dump(value: Sequence[Any]) -> bytes:
    return _utf8(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _utf8(text: str) -> bytes:
    """As many characters as before: lone surrogates, which normalisation leaves in no text but in some headers, are replaced."""
    return text.encode("utf-8", "replace")


def _entry_fields(entry: Entry) -> list[Any]:
    return [
        entry.id,
        entry.link,
        entry.title,
        len(entry.summary),
        len(entry.content),
        entry.author,
        entry.published and entry.published.timestamp(),
        entry.updated and entry.updated.timestamp(),
        entry.categories,
        entry.language,
        entry.publisher,
    ]


def _entries(batch: list[list[Any]], texts: str) -> Iterator[Entry]:
    end = 0
    for id_, link, title, summary, content, author, published, updated, categories, language, publisher in batch:
        start, middle, end = end, end + summary, end + summary + content
        yield Entry(
            id_,
            link,
            title,
            texts[start:middle],
            texts[middle:end],
            author,
            _time(published),
            _time(updated),
            tuple(categories),
            language,
            publisher,
        )


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
