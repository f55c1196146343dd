"""The index beside a SQLite store: contentless FTS5 tables (https://www.sqlite.org/fts5.html) in a file of its own.

The store is never touched by it, a backup leaves it out, and who has no pages has no such file. SQLite before 3.43
cannot delete from such a table. Hence the parts, which are dropped whole; and an entry that changed is added again:
it is found by its old words, too, until its part goes, and whoever searches looks at the entry itself.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from watcher.search.node import And, AnyWord, Beginning, Label, Node, Not, Or, Word, Words
from watcher.search.parts import PART_NAME, PartedIndex
from watcher.search.text import EVERY_ENTRY, IndexedText
from watcher.store.sqlite import SqliteDatabase

PATIENCE = timedelta(seconds=5)
STEPS_BETWEEN_LOOKS = 2_000
"""Instructions of SQLite's machine between two looks at the clock, well below a millisecond."""


class Fts5Index(PartedIndex):
    """The index in a file."""

    def __init__(self, file: Path, part: int, cache_kib: int) -> None:
        super().__init__(SqliteDatabase(file, PATIENCE, cache_kib), part)

    def _tables(self, connection: Connection) -> Iterable[str]:
        return connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'"))

    def _create_part(self, connection: Connection, part: int) -> None:
        connection.exec_driver_sql(
            f"CREATE VIRTUAL TABLE {PART_NAME}{part} "
            "USING fts5(title, body, joined, labels, content='', tokenize='ascii')"
        )

    def _add(self, connection: Connection, part: int, rows: Sequence[tuple[int, IndexedText]]) -> None:
        columns = "(rowid, title, body, joined, labels)"
        insert = f"INSERT INTO {PART_NAME}{part}{columns} VALUES (?, ?, ?, ?, ?)"  # noqa: S608
        connection.exec_driver_sql(
            insert,
            [
                (number, *(" ".join(words) for words in (row.title, row.body, row.joined, row.labels)))
                for number, row in rows
            ],
        )

    def _missing(self, connection: Connection, part: int, ids: Sequence[int]) -> set[int]:
        query = text(f"SELECT id FROM {PART_NAME}{part}_docsize WHERE id BETWEEN :low AND :high")  # noqa: S608
        return set(ids) - set(connection.scalars(query, {"low": ids[0], "high": ids[-1]}))

    def _ask(
        self, connection: Connection, part: int, asked: Node, above: int, below: int, limit: int, seconds: float
    ) -> tuple[list[int], bool]:
        table = f"{PART_NAME}{part}"
        query = (
            f"SELECT rowid FROM {table} WHERE {table} MATCH ? AND rowid > ? AND rowid < ? "  # noqa: S608
            "ORDER BY rowid DESC LIMIT ?"
        )
        end = time.monotonic() + seconds
        driver: Any = connection.connection.driver_connection
        found: list[int] = []
        driver.set_progress_handler(lambda: time.monotonic() > end, STEPS_BETWEEN_LOOKS)
        try:
            for (number,) in driver.execute(query, (fts5_query(asked), above, below, limit)):
                found.append(number)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            return found, False
        finally:
            driver.set_progress_handler(None, 0)
        return found, True


def fts5_query(node: Node) -> str:  # noqa: PLR0911 - one for each node
    """A query in the language of FTS5. Every word is quoted; only operators of ours are written."""
    match node:
        case And(()):
            return _quoted(EVERY_ENTRY)
        case And(parts):
            wanted = " AND ".join(fts5_query(part) for part in parts if not isinstance(part, Not))
            unwanted = " OR ".join(fts5_query(part.part) for part in parts if isinstance(part, Not))
            return f"(({wanted or _quoted(EVERY_ENTRY)}) NOT ({unwanted}))" if unwanted else f"({wanted})"
        case Or(parts):
            return "(" + " OR ".join(map(fts5_query, parts)) + ")"
        case Not(part):
            return f"({_quoted(EVERY_ENTRY)} NOT {fts5_query(part)})"
        case AnyWord(words, title):
            # Nothing is written as a word that no entry has: an empty list of words is no query.
            return _in_field(" OR ".join(map(_quoted, words or (f"{EVERY_ENTRY}{EVERY_ENTRY}",))), title)
        case Words(texts, title):
            return f"({{{'title' if title else 'title body'}}} : {_quoted(' '.join(texts))})"
        case Beginning(start, title):
            return _in_field(f"{_quoted(start)}*", title)
        case Word(word, _, title):
            return _in_field(_quoted(word), title)
        case Label():
            raise AssertionError(f"{node} was not resolved")


def _in_field(expression: str, title: bool) -> str:
    return f"({{title}} : ({expression}))" if title else f"({expression})"


def _quoted(words: str) -> str:
    escaped = words.replace('"', '""')
    return f'"{escaped}"'
