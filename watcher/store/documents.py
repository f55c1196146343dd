"""Model values as JSON documents and back.

A document is `{"v": 1, "value": {…}}`. Reading is strict in types and in the version. A field that is missing takes
the default of the model, a field that is unknown is passed over: neighbouring versions of the program may share one
store, and `PollState` grows without migrations. A change that old readers must not miss needs a new version here.

Times are ISO 8601 in UTC with microseconds, spans ISO 8601 durations (both exact).
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from watcher.errors import SchemaMismatch, StoreCorrupt
from watcher.lazy_dataclass import dataclass
from watcher.model.alert import Alert, LateCopies
from watcher.model.entry import Entry
from watcher.model.feed import PollState
from watcher.model.silence import Silence
from watcher.model.story import Sketch

if TYPE_CHECKING:
    from msgspec.json import Decoder

VERSION: Literal[1] = 1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Versioned(Generic[T]):
    """The envelope of every document."""

    v: Literal[1]
    value: T


class Document(Generic[T]):
    """Writes and reads one kind of value. `envelope` is `Versioned[T]`; its decoder is built at first use."""

    def __init__(self, envelope: Any) -> None:
        self._envelope = envelope

    @cached_property
    def _decoder(self) -> Decoder[Versioned[T]]:
        from msgspec.json import Decoder

        return Decoder(self._envelope)

    def write(self, value: T) -> str:
        """The document of a value. Lone surrogates, which no database takes, become question marks."""
        return _written(value)

    def read(self, text: str) -> T:
        """The value of a document; raises `SchemaMismatch` for another version, `StoreCorrupt` for anything else."""
        try:
            return self._decoder.decode(text).value
        except ValueError as error:  # malformed JSON, or values of other types (msgspec.DecodeError)
            if (in_days := _without_years(text)) != text:
                return self.read(in_days)
            raise _unreadable(text, error) from error


_NO_VALUE = re.compile(rb',"\w+":null')
"""A field that is None. In a text, its quotes would be escaped."""


def _written(value: object) -> str:
    """The envelope of a value, without fields that are None (the first of an object may stay)."""
    import msgspec

    envelope = {"v": VERSION, "value": value}
    try:
        document = msgspec.json.encode(envelope)
    except UnicodeEncodeError:  # a lone surrogate
        plain = json.dumps(msgspec.to_builtins(envelope), ensure_ascii=False, separators=(",", ":"))
        document = plain.encode("utf-8", "replace")
    return _NO_VALUE.sub(b"", document).decode()


_SPAN_WITH_YEARS = re.compile(r'(?<="interval":"P)(\d+)Y(?:(\d+)D)?')


def _without_years(text: str) -> str:
    """A document whose spans are in days. Earlier programs wrote 365 days as a year, which msgspec does not read."""
    return _SPAN_WITH_YEARS.sub(lambda found: f"{365 * int(found[1]) + int(found[2] or 0)}D", text)


def _unreadable(text: str, error: ValueError) -> SchemaMismatch | StoreCorrupt:
    try:
        version = json.loads(text)["v"]
    except (ValueError, LookupError, TypeError):
        version = VERSION
    if version != VERSION:
        return SchemaMismatch("a stored document was written by a newer version of watcher: use that version")
    return StoreCorrupt(f"a stored document cannot be read ({error}): restore a backup")


STATE_COLUMNS = frozenset({"url", "next_poll_at", "not_before", "last_polled_at", "failures"})
"""Fields of `PollState` that are columns of `feeds`, because queries ask for them; its document holds the others."""


NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _PartOfPollState(PollState):
    """A `PollState` without the fields that are columns. Documents of schema 0003 and older hold those, too."""

    url: str = ""
    next_poll_at: datetime = NEVER


_parts_of_poll_states: Document[_PartOfPollState] = Document(Versioned[_PartOfPollState])
_IN_DOCUMENT = tuple(field.name for field in fields(PollState) if field.name not in STATE_COLUMNS)


def write_poll_state(state: PollState) -> str:
    """The document of a state; its `STATE_COLUMNS` are written elsewhere."""
    return _written({name: getattr(state, name) for name in _IN_DOCUMENT})


def read_poll_state(text: str | None, **columns: Any) -> PollState:
    """The state from its document (None before the first poll) and its `STATE_COLUMNS`."""
    if text is None:
        return PollState(**columns)
    part = _parts_of_poll_states.read(text)
    return PollState(**columns, **{name: getattr(part, name) for name in _IN_DOCUMENT})


entries: Document[Entry] = Document(Versioned[Entry])
alerts: Document[Alert] = Document(Versioned[Alert])
snapshots: Document[tuple[Alert, ...]] = Document(Versioned[tuple[Alert, ...]])
late_copies: Document[tuple[LateCopies, ...]] = Document(Versioned[tuple[LateCopies, ...]])
labels: Document[Mapping[str, str]] = Document(Versioned[Mapping[str, str]])
silences: Document[Silence] = Document(Versioned[Silence])
names: Document[tuple[str, ...]] = Document(Versioned[tuple[str, ...]])
_sketches: Document[Sketch] = Document(Versioned[Sketch])


def write_sketch(sketch: Sketch) -> bytes:
    """The document of a sketch, compressed: it is mostly words."""
    return zlib.compress(_sketches.write(sketch).encode(), 1)


def read_sketch(data: bytes) -> Sketch:
    """The sketch of a document that `write_sketch` wrote."""
    return _sketches.read(zlib.decompress(data).decode())


def headline(alert_document: str) -> tuple[str, str]:
    """Title and link of the entry of an alert, without reading the rest: a story may have many reports."""
    entry = json.loads(alert_document)["value"]["entry"]
    return entry.get("title", ""), entry.get("link", "")
