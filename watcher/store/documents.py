"""Model values as JSON documents and back.

A document is `{"v": 1, "value": {…}}`. Reading is strict in types and in the version. A field that is missing takes
the default of the model, a field that is unknown is passed over: neighbouring versions of the program may share one
store, and `PollState` grows without migrations. A change that old readers must not miss needs a new version here.

Times are ISO 8601 in UTC with microseconds, spans ISO 8601 durations (both exact).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from watcher.errors import SchemaMismatch, StoreCorrupt
from watcher.model.alert import Alert
from watcher.model.entry import Entry
from watcher.model.feed import PollState
from watcher.model.silence import Silence

VERSION: Literal[1] = 1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Versioned(Generic[T]):
    """The envelope of every document."""

    v: Literal[1]
    value: T


class Document(Generic[T]):
    """Writes and reads one kind of value."""

    def __init__(self, adapter: TypeAdapter[Versioned[T]]) -> None:
        self._adapter = adapter

    def write(self, value: T) -> str:
        """The document of a value. Lone surrogates, which no database takes, become question marks."""
        envelope = Versioned(VERSION, value)
        try:
            return self._adapter.dump_json(envelope, exclude_none=True).decode()
        except PydanticSerializationError:
            plain = self._adapter.dump_python(envelope, mode="json", exclude_none=True)
            return json.dumps(plain, ensure_ascii=False).encode("utf-8", "replace").decode()

    def read(self, text: str) -> T:
        """The value of a document; raises `SchemaMismatch` for another version, `StoreCorrupt` for anything else."""
        try:
            return self._adapter.validate_json(text, strict=True).value
        except ValidationError as error:
            raise _unreadable(error) from error


def _unreadable(error: ValidationError) -> SchemaMismatch | StoreCorrupt:
    if any(problem["loc"] == ("v",) for problem in error.errors()):
        return SchemaMismatch("a stored document was written by a newer version of watcher: use that version")
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return StoreCorrupt(f"a stored document cannot be read ({place}: {first['msg']}): restore a backup")


poll_states = Document(TypeAdapter(Versioned[PollState]))
entries = Document(TypeAdapter(Versioned[Entry]))
alerts = Document(TypeAdapter(Versioned[Alert]))
snapshots = Document(TypeAdapter(Versioned[tuple[Alert, ...]]))
labels = Document(TypeAdapter(Versioned[Mapping[str, str]]))
silences = Document(TypeAdapter(Versioned[Silence]))
names = Document(TypeAdapter(Versioned[tuple[str, ...]]))
