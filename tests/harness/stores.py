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
from watcher.store.store import open_store

SQLITE_URL = "sqlite:///watcher.db"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
_USED_SEQUENCES = "SELECT sequencename FROM pg_sequences WHERE schemaname = current_schema() AND last_value IS NOT NULL"


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
    """Makes a store on a server as new: no rows, no further tables, numbers from 1.

    For some hundred rows, TRUNCATE takes fifty times as long as DELETE.
    """
    kept = {*metadata.tables, version_table.name}
    with connected(url) as connection:
        for (name,) in connection.exec_driver_sql(_TABLES).all():
            if name not in kept:
                connection.exec_driver_sql(f'DROP TABLE "{name}" CASCADE')
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
        for (name,) in connection.exec_driver_sql(_USED_SEQUENCES).all():
            connection.exec_driver_sql(f'ALTER SEQUENCE "{name}" RESTART')


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
