"""The parser child (`python -m watcher.parse.worker`), and how a feed crosses from it to the daemon.

Frames are MessagePack that is decoded by the fields of our types, and not pickle: what a child writes after it met a
hostile document must not be able to run code in the daemon. A feed comes in pieces, because decoding one of tens of
megabytes would hold the event loop.

The child also makes the fingerprints of entries: the children share that work, and the daemon is one process.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from msgspec import to_builtins
from msgspec.msgpack import Decoder, Encoder

from watcher.errors import ParseError
from watcher.lazy_dataclass import dataclass
from watcher.model.entry import Entry, ParsedFeed
from watcher.model.feed import ParseFailed
from watcher.model.fingerprint import fingerprints_of
from watcher.sandbox.child import serve

_FRAME_CHARACTERS = 250_000
_MOST_FINGERPRINTED = 500_000
"""Characters of a document: of more, the fingerprints could take as long as a document may take. The daemon makes the
others."""

_Job = tuple[str, dict[str, str], set[str] | None]


@dataclass(frozen=True, slots=True)
class _Head:
    """The first frame of an answer: a failure, or the feed without its entries."""

    failed: ParseFailed | None = None
    feed: ParsedFeed | None = None


_encoder = Encoder()


@cache
def _decoder(kind: Any) -> Decoder[Any]:
    return Decoder(kind)


def encode_job(url: str, headers: Mapping[str, str], known_hashes: Collection[str] | None) -> bytes:
    """The frame before a document's own frame."""
    return _packed((url, dict(headers), None if known_hashes is None else list(known_hashes)))


def decode_job(frame: bytes) -> dict[str, Any]:
    """The arguments of `parse_document` for the document in the next frame."""
    url, headers, known_hashes = _decoder(_Job).decode(frame)
    return {"url": url, "headers": headers, "known_hashes": known_hashes}


def encode_failure(failed: ParseFailed) -> list[bytes]:
    return [_packed(_Head(failed=failed))]


def encode_feed(feed: ParsedFeed) -> Iterator[bytes]:
    """One frame for the feed, then its entries in frames of bounded size."""
    yield _packed(_Head(feed=replace(feed, entries=())))
    batch: list[Entry] = []
    characters = 0
    for entry in feed.entries:
        batch.append(entry)
        characters += len(entry.content) + len(entry.summary) + 1_000
        if characters > _FRAME_CHARACTERS:
            yield _packed(batch)
            batch, characters = [], 0
    if batch:
        yield _packed(batch)


def decode_head(frame: bytes) -> ParsedFeed | ParseFailed:
    """A failure, or the feed still without its entries. Raises `ValueError` for a frame that is neither."""
    head: _Head = _decoder(_Head).decode(frame)
    found = head.feed or head.failed
    if found is None:
        raise ValueError("an answer of the parser with neither a feed nor a failure")
    return found


def decode_entries(frame: bytes) -> list[Entry]:
    """The entries of one frame."""
    entries: list[Entry] = _decoder(list[Entry]).decode(frame)
    return entries


def with_fingerprints(feed: ParsedFeed) -> ParsedFeed:
    """The feed with the fingerprints of its entries, or of the first of them where all would take too long."""
    made, characters = [], 0
    for entry in feed.entries:
        characters += len(entry.title) + len(entry.summary) + len(entry.content)
        if characters > _MOST_FINGERPRINTED:
            break
        made.append(fingerprints_of(entry))
    return replace(feed, fingerprints=tuple(made))


def _packed(value: object) -> bytes:
    """A lone surrogate, which only headers may still have, becomes "?"."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        plain = json.dumps(to_builtins(value), ensure_ascii=False).encode("utf-8", "replace")
        return _encoder.encode(json.loads(plain))


def main() -> None:
    """Serves documents until the input ends."""
    from watcher.parse.document import parse_document

    def answer(head: bytes, body: bytes) -> list[bytes]:
        try:
            return list(encode_feed(with_fingerprints(parse_document(body, **decode_job(head)))))
        except ParseError as error:
            return encode_failure(ParseFailed(error.reason, error.detail))

    serve(answer)


if __name__ == "__main__":
    main()
