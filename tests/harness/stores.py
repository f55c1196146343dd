"""Stores that cost a test little: made once for a process, then copied or emptied.

Making the tables and compiling the SQL of a store took longer than what most tests do with it.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from watcher.store.columns import metadata
from watcher.store.schema import version_table
from watcher.store.store import Store, open_store

SQLITE_URL = "sqlite:///watcher.db"
_EMPTY = """
DO $$ DECLARE found text; BEGIN
  FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename NOT IN ({kept}) LOOP
    EXECUTE 'DROP TABLE ' || quote_ident(found) || ' CASCADE';
  END LOOP;
  {deletes};
  FOR found IN
    SELECT sequencename FROM pg_sequences WHERE schemaname = current_schema() AND last_value IS NOT NULL
  LOOP
    EXECUTE 'ALTER SEQUENCE ' || quote_ident(found) || ' RESTART';
  END LOOP;
END $$
"""


def put_sqlite_store(folder: Path) -> None:
    """Makes the file of `SQLITE_URL` in a folder: a store of this version, empty."""
    (folder / "watcher.db").write_bytes(_empty_file())


@functools.cache
def _empty_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(SQLITE_URL, base=Path(folder))
        store.upgrade()
        store.close()
        return (Path(folder) / "watcher.db").read_bytes()


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """One transaction on a server, beside the store."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def make_tables(url: str) -> None:
    """Makes the tables of a store in an empty schema of a server."""
    store = open_store(url, base=Path())
    store.upgrade()
    store.close()


def empty_tables(url: str) -> None:
    """Makes a store on a server as new: no rows, no further tables, numbers from 1. One statement, one connection.

    For some hundred rows, TRUNCATE takes fifty times as long as DELETE.
    """
    kept = ", ".join(f"'{name}'" for name in (*metadata.tables, version_table.name))
    deletes = "; ".join(f'DELETE FROM "{table.name}"' for table in reversed(metadata.sorted_tables))
    with _kept_engine(url).begin() as connection:
        connection.exec_driver_sql(_EMPTY.format(kept=kept, deletes=deletes))


@functools.cache
def _kept_engine(url: str) -> Engine:
    """For the next test, too: a new connection takes the server longer than emptying the tables."""
    return create_engine(url, pool_size=1, pool_pre_ping=True)


@functools.cache
def kept_server_store(url: str) -> Store:
    """A store on a server whose connections stay for the next test: opening them takes longer than most tests.

    A test whose nodes name their sessions opens its own.
    """
    return open_store(url, base=Path())


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are executed; one for many rows counts once, the beginning of a transaction not at all."""
    executed: list[str] = []

    def hear(_connection, _cursor, statement, *_rest) -> None:  # type: ignore[no-untyped-def]
        if not statement.startswith("BEGIN"):
            executed.append(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield executed
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


class _Statements(dict[Any, Any]):
    """Compiled SQL by the kind of its engine, where SQLAlchemy keeps it for each engine apart."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(_of_any_engine(key), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__(_of_any_engine(key), compiled)


def _of_any_engine(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return (key[0].name, *key[1:])


_STATEMENTS = _Statements()


@event.listens_for(Engine, "engine_connect")
def share_compiled_statements(connection: Connection) -> None:
    """All stores of this process use one cache of compiled SQL: each opens engines of its own, for a few questions."""
    connection.execution_options(compiled_cache=_STATEMENTS)
