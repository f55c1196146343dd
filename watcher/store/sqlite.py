"""SQLite: one writer, separate readers, WAL (https://www.sqlite.org/wal.html).

Everything that will write begins with BEGIN IMMEDIATE: a read that turns into a write later would fail at once when
somebody else wrote in between, whatever the timeout. `synchronous=FULL` holds for all that is written, because every
writing transaction here commits a lease, a result or what a poll brought; a transaction takes a whole batch, so the
one fsync it costs is shared by many rows.

The WAL cannot grow without bound: every commit checkpoints beyond 1,000 pages, but the file starts again only when at
that moment nobody reads from it. Readers are short (a method reads everything and ends), so beyond `WAL_LIMIT` a
writer waits for them and cuts the file.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Executable,
    Select,
    Table,
    Text,
    bindparam,
    column,
    create_engine,
    event,
    func,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from watcher.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull
from watcher.failpoints import pass_by
from watcher.store.fair_lock import FairLock
from watcher.store.file_copy import connect_to_read, copy_database, may_only_read, problems_of_file
from watcher.store.sqlite_statements import insert_statement, update_statement, upsert_statement

READERS = 4
READING = "BEGIN"
LONGEST_WAIT = timedelta(seconds=60)
"""How long a writer of this process waits for the others of this process."""

OWNER_ONLY = 0o600
"""The mode of a new database, whatever the umask: it names recipients. Its log takes over the mode."""

WAL_LIMIT = 4 * 1024 * 1024
"""Bytes: the 1,000 pages that make a checkpoint due. A log that once grew beyond them keeps its length."""
CUT_PATIENCE = timedelta(seconds=1)
CACHE_KIB = 16 * 1024
"""Of the writer's pages. A reader keeps an eighth of that: every commit of the writer empties its cache."""
KIB_FOR_A_STATEMENT = 128
"""Of the writer's cache, for each compiled statement that a connection keeps; one takes about 25 KiB beside it."""

REMEDIES: Mapping[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_BUSY: (StoreBusy, "another process has written for longer than we wait: try again"),
    sqlite3.SQLITE_LOCKED: (StoreBusy, "another process has written for longer than we wait: try again"),
    sqlite3.SQLITE_FULL: (StoreFull, "make space on its disk; nothing was half-written"),
    sqlite3.SQLITE_IOERR: (StoreFull, "check its disk's space, quota and health; nothing was half-written"),
    sqlite3.SQLITE_CORRUPT: (StoreCorrupt, "restore a backup or name another file in `store`"),
    sqlite3.SQLITE_NOTADB: (StoreCorrupt, "restore a backup or name another file in `store`"),
    sqlite3.SQLITE_CANTOPEN: (
        StoreError,
        "its directory must exist, and this user must be able to read it and what SQLite puts beside it (-wal, -shm); "
        "run the command as the user of the daemon, or as root",
    ),
    sqlite3.SQLITE_READONLY: (StoreError, "give this user write permission to it and to its directory"),
}
"""By primary result code: which error it is for us, and what helps. An I/O error is how a quota and some file systems
say that they are full; like a full disk it is worth trying again."""

_SERIALS = count()
PRIMARY_CODE = 0xFF
"""The lower byte of an extended result code (https://www.sqlite.org/rescode.html)."""


class SqliteDatabase:
    """A database file. `patience` bounds the wait for another process that is writing."""

    def __init__(self, file: Path, patience: timedelta, cache_kib: int = CACHE_KIB) -> None:
        self.where = str(file)
        self._file = file
        self._patience = patience.total_seconds()
        self._lock = FairLock()
        self._cut_beyond = WAL_LIMIT
        self._statements = cache_kib // KIB_FOR_A_STATEMENT
        self._writer = self._engine(
            1, [f"cache_size=-{cache_kib}", "synchronous=FULL", "foreign_keys=ON"], "BEGIN IMMEDIATE"
        )
        self._beats = self._engine(1, ["synchronous=NORMAL"], "BEGIN IMMEDIATE")
        self._readers = self._engine(READERS, [f"cache_size=-{cache_kib // 8}", "query_only=ON"], READING)

    def _engine(self, connections: int, pragmas: list[str], begin: str) -> Engine:
        engine = create_engine(
            f"sqlite:///{self._file}",
            poolclass=QueuePool,
            pool_size=connections,
            max_overflow=0,
            pool_use_lifo=True,  # each has a cache: one that serves alone is warm, and the others need not be opened
            pool_timeout=LONGEST_WAIT.total_seconds(),
            hide_parameters=True,
            connect_args={
                "timeout": self._patience,
                "isolation_level": None,
                "check_same_thread": False,
                "cached_statements": self._statements,
            },
        )

        reads_only = begin == READING and may_only_read(self._file)

        @event.listens_for(engine, "do_connect")
        def create(
            _dialect: object, _record: object, _arguments: object, _options: object
        ) -> sqlite3.Connection | None:
            if reads_only:
                return connect_to_read(self._file, self._patience)
            with suppress(OSError):  # it exists, or SQLite says what is wrong
                os.close(os.open(self._file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))
            return None

        @event.listens_for(engine, "connect")
        def prepare(connection: sqlite3.Connection, _record: object) -> None:
            shared = ["temp_store=MEMORY"]
            if not reads_only:
                shared += ["journal_mode=WAL", f"journal_size_limit={WAL_LIMIT}"]
            for pragma in shared + pragmas:
                connection.execute(f"PRAGMA {pragma}").close()

        @event.listens_for(engine, "begin")
        def open_transaction(connection: Connection) -> None:
            # As a statement of SQLAlchemy it would cost as much as a short query.
            connection.connection.cursor().execute(begin).close()

        return engine

    @contextmanager
    def write(self, what: str, *, is_bulk: bool = False) -> Iterator[Connection]:
        with self._next_in_line():
            with self._translated(), self._writer.begin() as connection:
                yield connection
                pass_by(f"{what}.before_commit")
            pass_by(f"{what}.after_commit")
            if self._log_size() > self._cut_beyond:
                self._cut_log()

    @contextmanager
    def _next_in_line(self) -> Iterator[None]:
        if not self._lock.acquire(LONGEST_WAIT.total_seconds()):
            raise StoreBusy(
                f"{self.where}: writers of this process waited {LONGEST_WAIT.total_seconds():.0f} s for their turn"
            )
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._translated(), self._readers.begin() as connection:
            yield connection

    @contextmanager
    def beat(self) -> Iterator[Connection]:
        with self._next_in_line(), self._translated(), self._beats.begin() as connection:
            yield connection

    def mark(self) -> tuple[int, int]:
        """Of a connection that only beats: it counts the commits of all others (PRAGMA data_version)."""
        with self._translated(), closing(self._beats.raw_connection()) as connection:
            serial = connection.info.setdefault("serial", next(_SERIALS))  # each connection counts by itself
            with closing(connection.cursor()) as cursor:
                return serial, cursor.execute("PRAGMA data_version").fetchone()[0]

    def time(self) -> datetime | None:
        return None

    def has_just_started(self, connection: Connection, now: datetime, within: timedelta) -> bool:
        return False

    def name_sessions(self, node: str) -> None:
        """Nothing to do: there is no server."""

    def end_sessions(self, connection: Connection, nodes: Collection[str]) -> None:
        """Nothing to do: there is no server."""

    def serialise(self, connection: Connection, what: str) -> None:
        """Nothing to do: there is one writer."""

    def insert_missing(self, table: Table, key: Sequence[str]) -> Executable:
        return insert(table).on_conflict_do_nothing(index_elements=list(key))

    def upsert(self, table: Table, key: Sequence[str], replaced: Collection[str]) -> Executable:
        return upsert_statement(table, tuple(key), tuple(replaced))

    def is_in(self, column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
        return column.in_(values)

    @staticmethod
    def is_given(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
        return column.in_(bindparam(name, expanding=True))

    def texts(self, values: Collection[str]) -> ColumnElement[str]:
        return func.json_each(json.dumps(list(values))).table_valued(column("value", Text)).c.value

    def is_among(self, column: ColumnElement[Any], query: Select[Any]) -> ColumnElement[bool]:
        return column.in_(query)

    def update_rows(
        self, connection: Connection, table: Table, key: Sequence[str], rows: Sequence[Mapping[str, Any]]
    ) -> None:
        if rows:
            given = [{f"its_{name}": value for name, value in row.items()} for row in rows]
            connection.execute(update_statement(table, tuple(key), tuple(rows[0])), given)

    def insert_rows(
        self,
        connection: Connection,
        table: Table,
        rows: Sequence[Mapping[str, Any]],
        key: Sequence[str] = (),
        replaced: Collection[str] = (),
    ) -> None:
        if rows:
            statement, columns = insert_statement(table, tuple(rows[0]), tuple(key), tuple(replaced))
            values = [column.values(rows) for column in columns]
            connection.exec_driver_sql(statement, list(zip(*values, strict=True)))

    def text_in(self, document: ColumnElement[Any], *path: str) -> ColumnElement[Any]:
        return func.json_extract(document, ".".join(("$", *path)))

    def backup(self, target: Path) -> None:
        with self._translated():
            copy_database(self._file, target)

    def problems(self) -> list[str]:
        with self._translated():
            return problems_of_file(self._file)

    def size(self) -> int:
        return self._file.stat().st_size + self._log_size()

    def used(self, connection: Connection) -> int:
        pages, free, size = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def tidy(self) -> None:
        with self._next_in_line():
            self._cut_log()

    def _log_size(self) -> int:
        log = self._file.with_name(self._file.name + "-wal")
        return log.stat().st_size if log.exists() else 0

    def _cut_log(self) -> None:
        """Moves the WAL into the database and empties it, once those who read from it have ended. Where one reads on
        (a backup) or the disk fails just now, it is put off until as much again was written: nothing is lost.
        """
        waiting = CUT_PATIENCE.total_seconds()
        with suppress(StoreError), self._translated(), closing(sqlite3.connect(self._file, waiting)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        self._cut_beyond = self._log_size() + WAL_LIMIT

    def close(self) -> None:
        self._readers.dispose()
        self._beats.dispose()
        self._writer.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turns what the driver raises into our own errors; nothing else is touched."""
        try:
            yield
        except PoolTimeout as error:
            raise StoreBusy(f"{self.where}: no connection was free for {LONGEST_WAIT.total_seconds():.0f} s") from error
        except DBAPIError as error:
            if not isinstance(error.orig, sqlite3.Error):
                raise
            raise self._translate(error.orig) from error
        except sqlite3.Error as error:
            raise self._translate(error) from error

    def _translate(self, error: sqlite3.Error) -> StoreError:
        code = getattr(error, "sqlite_errorcode", 0) & PRIMARY_CODE
        kind, remedy = REMEDIES.get(code, (StoreError, "nothing of the transaction was kept"))
        return kind(f"{self.where}: {error}; {self._no_file() or remedy}")

    def _no_file(self) -> str:
        """Why there cannot be a database at this path, with the remedy; empty when there can."""
        folder = self._file.resolve().parent
        if not folder.is_dir():
            link = f"it is a symbolic link to {self._file.resolve()}; " if self._file.is_symlink() else ""
            return f"{link}create the folder first: mkdir -p {folder}"
        if self._file.exists() and not self._file.is_file():
            return f"this is {'a folder' if self._file.is_dir() else 'no ordinary file'}; name a file in `store`"
        return ""
