"""The parser child (`python -m watcher.parse.worker`), and how a feed crosses from it to the daemon.

Frames are JSON and not pickle: what a child writes after it met a hostile document must not be able to run code in
the daemon. A feed comes in pieces, because decoding one of tens of megabytes would hold the event loop. The long texts
of entries follow the JSON of a frame as they are, end to end, and only their lengths are in it: escaping and unescaping
them would cost a third of reading the feed.

Values are encoded by the field names of `Entry` and `ParsedFeed`: a new field needs no change here if it is text, a
number, a date, or a tuple of texts.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from watcher.errors import ParseError, PollReason
from watcher.model.entry import DocumentRepair, Entry, ParsedFeed, ReaderName, RepairKind, UpdateHints
from watcher.model.feed import ParseFailed
from watcher.sandbox.child import serve

_FRAME_CHARACTERS = 250_000

_ENTRY_FIELDS = tuple(one.name for one in fields(Entry))
_FEED_FIELDS = tuple(one.name for one in fields(ParsedFeed) if one.name != "entries")
_LONG_TEXTS = tuple(_ENTRY_FIELDS.index(name) for name in ("summary", "content"))
_DATES = tuple(place for place, one in enumerate(fields(Entry)) if "datetime" in str(one.type))
_TUPLES = tuple(place for place, one in enumerate(fields(Entry)) if str(one.type).startswith("tuple"))
_values_of = attrgetter(*_ENTRY_FIELDS)


def encode_job(url: str, headers: Mapping[str, str], known_hashes: Collection[str] | None) -> bytes:
    """The frame before a document's own frame."""
    return _dump([url, dict(headers), None if known_hashes is None else list(known_hashes)])


def decode_job(frame: bytes) -> dict[str, Any]:
    """The arguments of `parse_document` for the document in the next frame."""
    url, headers, known_hashes = json.loads(frame)
    return {"url": url, "headers": headers, "known_hashes": None if known_hashes is None else set(known_hashes)}


def encode_failure(failed: ParseFailed) -> list[bytes]:
    return [_dump({"failed": failed.reason, "detail": failed.detail})]


def encode_feed(feed: ParsedFeed) -> Iterator[bytes]:
    """One frame for the feed, then its entries in frames of bounded size."""
    head = {name: getattr(feed, name) for name in _FEED_FIELDS}
    hints = feed.hints
    head["hints"] = [hints.interval and hints.interval.total_seconds(), hints.skip_hours, hints.skip_days]
    yield _dump({**head, "repairs": [[repair.kind, repair.detail] for repair in feed.repairs]})
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


def decode_head(frame: bytes) -> ParsedFeed | ParseFailed:
    """A failure, or the feed still without its entries."""
    head = json.loads(frame)
    if "failed" in head:
        return ParseFailed(PollReason(head["failed"]), head["detail"])
    head["reader"] = ReaderName(head["reader"])
    seconds, hours, days = head["hints"]
    interval = None if seconds is None else timedelta(seconds=seconds)
    head["hints"] = UpdateHints(interval, tuple(hours), tuple(days))
    head["hashes"], head["unchanged"] = tuple(head["hashes"]), tuple(head["unchanged"])
    head["repairs"] = tuple(DocumentRepair(RepairKind(kind), detail) for kind, detail in head["repairs"])
    return ParsedFeed(**head, entries=())


def decode_entries(frame: bytes) -> list[Entry]:
    """The entries of one frame."""
    end = frame.index(b"\n")  # JSON as it is written here has none
    return list(_entries(json.loads(frame[:end]), str(memoryview(frame)[end + 1 :], "utf-8")))


def _encode_entries(entries: Sequence[Entry]) -> bytes:
    texts: list[str] = []
    rows = []
    for entry in entries:
        row = list(_values_of(entry))
        for place in _LONG_TEXTS:
            texts.append(row[place])
            row[place] = len(row[place])
        for place in _DATES:
            row[place] = row[place] and row[place].timestamp()
        rows.append(row)
    return b"%b\n%b" % (_dump(rows), _utf8("".join(texts)))


def _entries(rows: list[list[Any]], texts: str) -> Iterator[Entry]:
    start = 0
    for row in rows:
        for place in _LONG_TEXTS:
            end = start + row[place]
            row[place] = texts[start:end]
            start = end
        for place in _DATES:
            row[place] = None if row[place] is None else datetime.fromtimestamp(row[place], UTC)
        for place in _TUPLES:
            row[place] = tuple(row[place])
        yield Entry(*row)


def _dump(value: Sequence[Any] | Mapping[str, Any]) -> bytes:
    return _utf8(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _utf8(text: str) -> bytes:
    """As many characters as before: a lone surrogate, which only headers may still have, becomes "?"."""
    return text.encode("utf-8", "replace")


def main() -> None:
    """Serves documents until the input ends."""
    from watcher.parse.document import parse_document

    def answer(head: bytes, body: bytes) -> list[bytes]:
        try:
            return list(encode_feed(parse_document(body, **decode_job(head))))
        except ParseError as error:
            return encode_failure(ParseFailed(error.reason, error.detail))

    serve(answer)


if __name__ == "__main__":
    main()
