"""What the engines of the index share: how far it is filled, its words, and its parts asked from the newest on."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import Column, Connection, MetaData, Table, Text, delete, inspect, select

from watcher.search.index import LONGEST_FIRST_PART_SECONDS, VERSION, Found, IndexState
from watcher.search.node import Node
from watcher.search.text import IndexedText
from watcher.store.database import Database, chunks, execute_many

metadata = MetaData()
search_facts = Table(
    "search_facts", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False)
)
search_words = Table(
    "search_words",
    metadata,
    Column("word", Text().with_variant(Text(collation="C"), "postgresql"), primary_key=True),
    sqlite_with_rowid=False,
)
"""Every word that an entry has, or had: the forms of a word are looked for here."""

PART_NAME = "search_part_"
_REMEMBERED = 50_000
"""Words that need not be written again, because they were a moment ago."""
_MANY_ROWS = 100
"""With fewer, the index is as good as filled, and the words, 5 MB, are forgotten."""
_AFTER_ALL_WORDS = "\U0010ffff"


class PartedIndex(ABC):
    """An index in parts of `size` ids each, over a database that may be the store's own."""

    def __init__(self, database: Database, size: int) -> None:
        self._database = database
        self._size = size
        self._written: set[str] = set()

    @abstractmethod
    def _tables(self, connection: Connection) -> Iterable[str]:
        """The names of all tables that begin with `PART_NAME`, and perhaps others."""

    @abstractmethod
    def _create_part(self, connection: Connection, part: int) -> None:
        """Makes an empty part."""

    @abstractmethod
    def _add(self, connection: Connection, part: int, rows: Sequence[tuple[int, IndexedText]]) -> None:
        """Adds entries to a part."""

    @abstractmethod
    def _missing(self, connection: Connection, part: int, ids: Sequence[int]) -> set[int]:
        """Those of these entries that a part does not have."""

    @abstractmethod
    def _ask(
        self, connection: Connection, part: int, asked: Node, above: int, below: int, limit: int, seconds: float
    ) -> tuple[list[int], bool]:
        """At most `limit` ids of a part, newest first; whether the time was enough."""

    def state(self) -> IndexState | None:
        with self._database.read() as connection:
            if not inspect(connection).has_table(search_facts.name):
                return None
            facts = {row.name: row.value for row in connection.execute(select(search_facts))}
        if facts.get("version") != VERSION:
            return None
        changed_to = facts.get("changed_to")
        return IndexState(
            int(facts.get("filled_to", 0)),
            facts.get("key", ""),
            datetime.fromisoformat(changed_to) if changed_to else None,
            int(facts.get("oldest", 0)),
        )

    def clear(self) -> None:
        self._written.clear()
        with self._database.write("clear_index") as connection:
            for part in self._parts(connection):
                self._drop_part(connection, part)
            metadata.drop_all(connection)
            metadata.create_all(connection)
            connection.execute(search_facts.insert(), [{"name": "version", "value": VERSION}])

    def fill(self, rows: Sequence[tuple[int, IndexedText]], state: IndexState) -> None:
        words = {word for _, text in rows for word in text.all_words()} - self._written
        with self._database.write("fill_index") as connection:
            self._database.serialise(connection, "search")
            parts = set(self._parts(connection))
            for part, some in groupby(sorted(rows, key=_id), key=lambda row: row[0] // self._size):
                if part not in parts:
                    self._create_part(connection, part)
                self._add(connection, part, list(some))
            new_words = [{"word": word} for word in sorted(words)]
            execute_many(connection, self._database.insert_missing(search_words, ("word",)), new_words)
            self._note(connection, state)
        self._remember(words if len(rows) >= _MANY_ROWS else set())

    def missing(self, ids: Collection[int]) -> list[int]:
        found: list[int] = []
        with self._database.read() as connection:
            parts = set(self._parts(connection))
            for part, some in groupby(sorted(ids), key=lambda number: number // self._size):
                wanted = list(some)
                lacking = self._missing(connection, part, wanted) if part in parts else set(wanted)
                found += sorted(lacking)
        return found

    def drop_before(self, oldest: int) -> int:
        with self._database.read() as connection:
            old = [part for part in self._parts(connection) if (part + 1) * self._size <= oldest]
        if not old:
            return 0
        with self._database.write("drop_index_parts") as connection:
            self._database.serialise(connection, "search")
            for part in old:
                self._drop_part(connection, part)
        return len(old)

    def known(self, words: Collection[str]) -> set[str]:
        query = select(search_words.c.word)
        with self._database.read() as connection:
            return {
                word
                for some in chunks(set(words))
                for word in connection.scalars(query.where(search_words.c.word.in_(some)))
            }

    def beginning(self, starts: Sequence[str], limit: int) -> list[str]:
        word = search_words.c.word
        with self._database.read() as connection:
            return [
                found
                for start in starts
                for found in connection.scalars(
                    select(word).where(word >= start, word < start + _AFTER_ALL_WORDS).order_by(word).limit(limit)
                )
            ]

    def search(self, asked: Node, above: int, below: int, limit: int, seconds: float) -> Found:
        end = time.monotonic() + seconds
        ids: list[int] = []
        looked_to = below
        with self._database.read() as connection:
            for number, (part, low, high) in enumerate(self._slices(self._parts(connection), above, below)):
                left = end - time.monotonic()
                if number == 0:
                    left = max(left, LONGEST_FIRST_PART_SECONDS)
                if left <= 0:
                    return Found(tuple(ids), looked_to)
                found, complete = self._ask(connection, part, asked, low, high, limit - len(ids), left)
                ids += found
                if not complete:
                    return Found(tuple(ids), min(looked_to, ids[-1] if found else looked_to))
                if len(ids) == limit:
                    return Found(tuple(ids), ids[-1])
                looked_to = low + 1
        return Found(tuple(ids))

    def _slices(self, parts: Sequence[int], above: int, below: int) -> Iterator[tuple[int, int, int]]:
        """What is asked at once, newest first: a part, and two ids between which, both excluded, it is asked."""
        for part in reversed(parts):
            low, high = max(part * self._size - 1, above), min((part + 1) * self._size, below)
            if high - low > 1:
                yield part, low, high

    def size(self) -> int:
        return self._database.size()

    def close(self) -> None:
        self._database.close()

    def _parts(self, connection: Connection) -> list[int]:
        ends = (name.removeprefix(PART_NAME) for name in self._tables(connection) if name.startswith(PART_NAME))
        return sorted(int(end) for end in ends if end.isdigit())

    def _drop_part(self, connection: Connection, part: int) -> None:
        connection.exec_driver_sql(f"DROP TABLE {PART_NAME}{part}")

    def _note(self, connection: Connection, state: IndexState) -> None:
        facts = {
            "filled_to": str(state.filled_to),
            "key": state.key,
            "changed_to": state.changed_to.isoformat() if state.changed_to else "",
            "oldest": str(state.oldest),
        }
        connection.execute(delete(search_facts).where(search_facts.c.name.in_(sorted(facts))))
        connection.execute(search_facts.insert(), [{"name": name, "value": value} for name, value in facts.items()])

    def _remember(self, words: set[str]) -> None:
        if not words or len(self._written) + len(words) > _REMEMBERED:
            self._written = set()
        if len(words) <= _REMEMBERED:
            self._written |= words


def _id(row: tuple[int, IndexedText]) -> int:
    return row[0]
