"""The index on PostgreSQL: tables of `tsvector` beside the store's, made of our own words.

https://www.postgresql.org/docs/15/datatype-textsearch.html. A part is a table of its own, and its hits are found before
they are put in order: with `ORDER BY id DESC LIMIT 50` over one table the planner walks the primary key instead, which
took half a second for a rare word among 100,000 entries.

GIN knows which entries have a word, not where: for a phrase and for a word of the title every entry with the words is
read, 20 microseconds each. So a part is asked in slices, the newest first, and words that all entries have end with the
first of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from watcher.search.node import And, AnyWord, Beginning, Label, Node, Not, Or, Word, Words
from watcher.search.parts import PART_NAME, PartedIndex
from watcher.search.text import EVERY_ENTRY, IndexedText
from watcher.store.postgres import PostgresDatabase

PATIENCE = timedelta(seconds=5)
LAST_POSITION = 16_383
_BETWEEN_FIELDS = 2
"""Positions left free, so that no phrase goes from the title into the body."""
_QUERY_CANCELED = "57014"
FIRST_SLICE = 2_000
"""Ids of entries that are asked at once at first; more or fewer then, as long as that takes."""
QUICK_SECONDS, SLOW_SECONDS = 0.01, 0.04


class TsvectorIndex(PartedIndex):
    """The index in the store's database."""

    def __init__(self, url: str, part: int) -> None:
        super().__init__(PostgresDatabase(url, PATIENCE), part)

    def _tables(self, connection: Connection) -> Iterable[str]:
        return connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"))

    def _create_part(self, connection: Connection, part: int) -> None:
        table = f"{PART_NAME}{part}"
        connection.exec_driver_sql(f"CREATE TABLE {table} (id bigint PRIMARY KEY, words tsvector NOT NULL)")
        connection.exec_driver_sql(f"CREATE INDEX {table}_words ON {table} USING gin (words)")

    def _add(self, connection: Connection, part: int, rows: Sequence[tuple[int, IndexedText]]) -> None:
        insert = text(
            f"INSERT INTO {PART_NAME}{part} (id, words) VALUES (:id, CAST(:words AS tsvector)) "  # noqa: S608
            "ON CONFLICT (id) DO UPDATE SET words = excluded.words"
        )
        connection.execute(insert, [{"id": number, "words": tsvector(row)} for number, row in rows])

    def _missing(self, connection: Connection, part: int, ids: Sequence[int]) -> set[int]:
        query = text(f"SELECT id FROM {PART_NAME}{part} WHERE id BETWEEN :low AND :high")  # noqa: S608
        return set(ids) - set(connection.scalars(query, {"low": ids[0], "high": ids[-1]}))

    def _slices(self, parts: Sequence[int], above: int, below: int) -> Iterator[tuple[int, int, int]]:
        size = FIRST_SLICE
        for part, low, high in super()._slices(parts, above, below):
            end = high
            while end - low > 1:
                begin = max(low, end - size)
                began = time.monotonic()
                yield part, begin, end
                took = time.monotonic() - began
                if took < QUICK_SECONDS:
                    size *= 4
                elif took > SLOW_SECONDS:
                    size = max(size // 2, FIRST_SLICE)
                end = begin + 1

    def _ask(
        self, connection: Connection, part: int, asked: Node, above: int, below: int, limit: int, seconds: float
    ) -> tuple[list[int], bool]:
        query = text(
            f"WITH hits AS MATERIALIZED (SELECT id FROM {PART_NAME}{part} "  # noqa: S608
            "WHERE words @@ CAST(:asked AS tsquery) AND id > :above AND id < :below) "
            "SELECT id FROM hits ORDER BY id DESC LIMIT :most"
        )
        values = {"asked": tsquery(asked), "above": above, "below": below, "most": limit}
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(f"SET LOCAL statement_timeout = {max(1, int(seconds * 1000))}")
                return list(connection.scalars(query, values)), True
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _QUERY_CANCELED:
                raise
            return [], False


def tsvector(row: IndexedText) -> str:
    """The words of an entry as a `tsvector`: those of the title with weight A, what has no place without a position."""
    places: dict[str, list[str]] = {}
    for at, word in enumerate(row.title, start=1):
        places.setdefault(word, []).append(f"{min(at, LAST_POSITION)}A")
    for at, word in enumerate(row.body, start=len(row.title) + _BETWEEN_FIELDS):
        places.setdefault(word, []).append(str(min(at, LAST_POSITION)))
    for word in (*row.joined, *row.labels):
        places.setdefault(word, [])
    return " ".join(f"{_quoted(word)}:{','.join(at)}" if at else _quoted(word) for word, at in places.items())


def tsquery(node: Node) -> str:  # noqa: PLR0911 - one for each node
    """A query as a `tsquery`. Every word is quoted; only operators of ours are written."""
    match node:
        case And(()):
            return _quoted(EVERY_ENTRY)
        case And(parts):
            return "(" + " & ".join(map(tsquery, parts)) + ")"
        case Or(parts):
            return "(" + " | ".join(map(tsquery, parts)) + ")"
        case Not(part):
            return f"({_quoted(EVERY_ENTRY)} & !{tsquery(part)})"
        case AnyWord(words, title):
            return "(" + " | ".join(_word(word, title) for word in words or (f"{EVERY_ENTRY}{EVERY_ENTRY}",)) + ")"
        case Words(texts, title):
            return "(" + " <-> ".join(_word(word, title) for word in texts) + ")"
        case Beginning(start, title):
            return f"({_quoted(start)}:*{'A' if title else ''})"
        case Word(word, _, title):
            return f"({_word(word, title)})"
        case Label():
            raise AssertionError(f"{node} was not resolved")


def _word(word: str, title: bool) -> str:
    return _quoted(word) + (":A" if title else "")


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
