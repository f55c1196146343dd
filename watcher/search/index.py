"""What an index of entries is asked and says, whatever the engine. It can be lost at any time: it is filled again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from watcher.lazy_dataclass import dataclass
from watcher.model.store_address import file_of_store
from watcher.search.node import Node
from watcher.search.text import IndexedText
from watcher.store.sqlite import CACHE_KIB

VERSION = "2"
"""Of what is kept; another version is filled again from the beginning."""
PART = 50_000
"""Ids of entries in one part: the newest part is asked first, the oldest is dropped whole."""
LONGEST_FIRST_PART_SECONDS = 2.0
"""What the first part of a search may take at least, so that going on always leads on."""


@dataclass(frozen=True, slots=True)
class IndexState:
    """`filled_to`: every entry up to this id is indexed, and `key` is that entry's. `changed_to`: every change until
    then is. `oldest`: the lowest id that is asked.
    """

    filled_to: int = 0
    key: str = ""
    changed_to: datetime | None = None
    oldest: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """Ids that were found, newest first. `looked_to`: every entry from this id on was looked at; 0 when all were."""

    ids: tuple[int, ...]
    looked_to: int = 0


class EntryIndex(Protocol):
    """An index of the words of entries. Methods raise only `StoreError`; reading may go on in other threads."""

    def state(self) -> IndexState | None:
        """How far it is filled; None when there is none yet, or one of another version."""

    def clear(self) -> None:
        """Makes a new, empty index."""

    def fill(self, rows: Sequence[tuple[int, IndexedText]], state: IndexState) -> None:
        """Adds entries, or adds to entries what is new in them, and notes the state, all in one transaction."""

    def missing(self, ids: Collection[int]) -> list[int]:
        """Those of these entries that are not indexed, in order."""

    def drop_before(self, oldest: int) -> int:
        """Drops the parts in which every id is below; returns how many."""

    def known(self, words: Collection[str]) -> set[str]:
        """Those of these words that an entry has, or had."""

    def beginning(self, starts: Sequence[str], limit: int) -> list[str]:
        """Words with one of these beginnings, at most `limit` of each."""

    def search(self, asked: Node, above: int, below: int, limit: int, seconds: float) -> Found:
        """At most `limit` ids between `above` and `below`, both excluded, newest first, within this time.

        Labels and inflected words of the query are `AnyWord` here.
        """

    def size(self) -> int:
        """Bytes that the index takes."""

    def close(self) -> None:
        """Gives every connection back."""


def index_of_sqlite(file: Path) -> Path:
    """The file of the index of a SQLite store."""
    return file.with_name(f"{file.stem}-search{file.suffix}")


def existing_index(url: str, *, base: Path) -> EntryIndex | None:
    """The index of the store at `url` when pages have made one; nothing is made."""
    file = file_of_store(url, base)
    if file and not index_of_sqlite(file).exists():
        return None
    index = open_index(url, base=base)
    if index.state() is None:
        index.close()
        return None
    return index


def open_index(url: str, *, base: Path, part: int = PART, cache_kib: int = CACHE_KIB) -> EntryIndex:
    """The index of the store at `url`, as `open_store` has it. Nothing is read or created yet."""
    file = file_of_store(url, base)
    if file is None:
        from watcher.search.tsvector import TsvectorIndex

        return TsvectorIndex(url, part)
    from watcher.search.fts5 import Fts5Index

    return Fts5Index(index_of_sqlite(file), part, cache_kib)
