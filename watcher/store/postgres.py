"""PostgreSQL: the engine for several machines, reached through psycopg 3.

What SQLite's single writer gives for nothing is said here: rows that are to be leased are taken with FOR UPDATE SKIP
LOCKED (the queries ask for it, SQLite passes over it), and what must not happen twice at once — saving alerts,
routing and freezing, changing the schema — passes one at a time through an advisory lock of the transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from psycopg.types.array import ListBinaryDumper
from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Engine,
    Executable,
    Select,
    Table,
    TableValuedAlias,
    Text,
    bindparam,
    cast,
    column,
    create_engine,
    event,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from watcher.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull
from watcher.failpoints import pass_by
from watcher.store.columns import metadata
from watcher.store.postgres_sessions import (
    BULK_PAUSE,
    CONNECT_SECONDS,
    READING_PAUSE,
    client_options,
    ending_sessions,
    session_name,
    session_settings,
)
from watcher.store.tables import PARTIAL_INDEXES, entries, feed_states, feeds, hosts

for _index, _condition in PARTIAL_INDEXES:
    _index.dialect_options["postgresql"]["where"] = _condition
for _table, _share in ((feed_states, 50), (feeds, 80), (hosts, 80)):
    # The rest of a page takes the rows' next versions.
    _table.dialect_options["postgresql"]["with"] = {"fillfactor": _share}

CONNECTIONS = 5
ENTRY_BYTES = 330
"""What an entry takes beside its document: the rest of its row, and its places in the five indexes."""

CONNECTION_FAILED = "08"
"""The driver gives no SQLSTATE for it."""

UNREACHABLE = (StoreBusy, "check that the server runs, has this database and lets this user in; trying again is right")
REMEDIES: Mapping[str, tuple[type[StoreError], str]] = {
    CONNECTION_FAILED: UNREACHABLE,
    "25P03": (
        StoreBusy,
        "this process stood still inside a transaction, so the server ended it; trying again is right",
    ),
    "40": (StoreBusy, "others wrote the same at the same time: try again"),
    "53": (StoreFull, "make space or raise the limits of the server; nothing was half-written"),
    "55": (StoreBusy, "another session has written for longer than we wait: try again"),
    "57": UNREACHABLE,
    "XX": (StoreCorrupt, "look into the server's log and restore a backup"),
}
"""By SQLSTATE or its class (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""

CLASS_LENGTH = 2


class PostgresDatabase:
    """A database on a server. `patience` bounds the wait for a lock that another session holds, `pause` how long a
    session may say nothing inside a writing transaction.
    """

    def __init__(self, url: str, patience: timedelta, pause: timedelta = BULK_PAUSE) -> None:
        self.where = make_url(url).set(query={}).render_as_string(hide_password=True)
        self._patience = patience
        self._session_name = "watcher"
        self._writing = self._open(url, CONNECTIONS, pause)
        self._beats = self._open(url, 1, pause)
        self._readers = self._open(url, CONNECTIONS, READING_PAUSE)
        self._reading = self._readers.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def _open(self, url: str, connections: int, pause: timedelta) -> Engine:
        engine = create_engine(
            url,
            pool_size=connections,
            pool_timeout=CONNECT_SECONDS,
            pool_use_lifo=True,
            pool_pre_ping=True,
            hide_parameters=True,
            isolation_level="READ COMMITTED",
            connect_args=client_options(pause),
        )
        settings = session_settings(pause, self._patience)
        setting = "SELECT " + ", ".join(["set_config(%s, %s, false)"] * (len(settings) + 1))

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _record: object) -> None:
            connection.adapters.register_dumper(list, ListBinaryDumper)
            named = settings | {"application_name": self._session_name}
            connection.execute(setting, [text for pair in named.items() for text in pair])
            connection.commit()

        return engine

    @contextmanager
    def write(self, what: str, *, is_bulk: bool = False) -> Iterator[Connection]:
        with self._translated(), self._writing.begin() as connection:
            if is_bulk:
                pause = f"{BULK_PAUSE.total_seconds():.0f}s"
                connection.execute(select(func.set_config("idle_in_transaction_session_timeout", pause, True)))
            yield connection
            pass_by(f"{what}.before_commit")
        pass_by(f"{what}.after_commit")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._translated(), self._reading.begin() as connection:
            yield connection

    @contextmanager
    def beat(self) -> Iterator[Connection]:
        with self._translated(), self._beats.begin() as connection:
            yield connection

    def mark(self) -> None:
        return None

    def time(self) -> datetime | None:
        with self.beat() as connection:
            return connection.scalar(select(func.statement_timestamp()))

    def has_just_started(self, connection: Connection, now: datetime, within: timedelta) -> bool:
        started: datetime = connection.execute(select(func.pg_postmaster_start_time())).scalar_one()
        return timedelta(0) <= now - started < within

    def name_sessions(self, node: str) -> None:
        self._session_name = session_name(node)
        for engine in (self._writing, self._beats, self._readers):
            engine.dispose()

    def end_sessions(self, connection: Connection, nodes: Collection[str]) -> None:
        connection.execute(ending_sessions(nodes))

    def serialise(self, connection: Connection, what: str) -> None:
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"watcher {what}", 0))))

    def insert_missing(self, table: Table, key: Sequence[str]) -> Executable:
        return insert(table).on_conflict_do_nothing(index_elements=list(key))

    def upsert(self, table: Table, key: Sequence[str], replaced: Collection[str]) -> Executable:
        return _upserting(insert(table), key, replaced)

    def is_in(self, column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
        return column == func.any(literal(list(values), ARRAY(column.type)))

    @staticmethod
    def is_given(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
        return column == func.any(bindparam(name, type_=ARRAY(column.type)))

    def texts(self, values: Collection[str]) -> ColumnElement[str]:
        return (
            func.unnest(literal(list(values), ARRAY(Text))).table_valued(column("value", Text)).render_derived().c.value
        )

    def is_among(self, column: ColumnElement[Any], query: Select[Any]) -> ColumnElement[bool]:
        return column == func.any(func.array(query.scalar_subquery(), type_=ARRAY(column.type)))

    def update_rows(
        self, connection: Connection, table: Table, key: Sequence[str], rows: Sequence[Mapping[str, Any]]
    ) -> None:
        if rows:
            connection.execute(_update(table, tuple(key), tuple(rows[0])), _arrays(rows))

    def insert_rows(
        self,
        connection: Connection,
        table: Table,
        rows: Sequence[Mapping[str, Any]],
        key: Sequence[str] = (),
        replaced: Collection[str] = (),
    ) -> None:
        if not rows:
            return
        statement = _insert(table, tuple(rows[0]), tuple(key), tuple(replaced))
        if key:
            rows = list({tuple(row[name] for name in key): row for row in rows}.values())
        connection.execute(statement, _arrays(rows))

    def text_in(self, document: ColumnElement[Any], *path: str) -> ColumnElement[Any]:
        return func.json_extract_path_text(cast(document, JSON), *path)

    def backup(self, target: Path) -> None:
        raise StoreError(f"{self.where} is on a server: back it up there, with pg_dump --format=custom --file={target}")

    def problems(self) -> list[str]:
        return []

    def size(self) -> int:
        with self.read() as connection:
            return connection.scalar(select(func.pg_database_size(func.current_database()))) or 0

    def used(self, connection: Connection) -> int:
        """Entries are counted as they are stored, since their table does not shrink; other tables as they are on disk.

        Other tables of the database, those of the search too, do not count.
        """
        others = sum(
            func.pg_total_relation_size(func.to_regclass(name)) for name in metadata.tables.keys() - {entries.name}
        )
        texts = func.coalesce(func.sum(func.pg_column_size(entries.c.document)), 0)
        kept = select(texts + func.count() * ENTRY_BYTES).select_from(entries).scalar_subquery()
        return int(connection.scalar(select(func.coalesce(others, 0) + kept)) or 0)

    def tidy(self) -> None:
        """Nothing to do: the server's autovacuum does it."""

    def close(self) -> None:
        for engine in (self._writing, self._beats, self._readers):
            engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turns what the driver raises into our own errors; nothing else is touched."""
        try:
            yield
        except PoolTimeout as error:
            raise StoreBusy(f"{self.where}: no connection was free for {CONNECT_SECONDS} s; try again") from error
        except DBAPIError as error:
            raise self._translate(error) from error

    def _translate(self, error: DBAPIError) -> StoreError:
        state = getattr(error.orig, "sqlstate", None) or CONNECTION_FAILED
        other = (StoreError, "nothing of the transaction was kept")
        kind, remedy = REMEDIES.get(state) or REMEDIES.get(state[:CLASS_LENGTH]) or other
        said = str(error.orig).strip().splitlines() or ["no answer"]
        return kind(f"{self.where}: {said[0]}; {remedy}")


# Statements are built once: that takes longer than running them for a few rows.


@cache
def _update(table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> Executable:
    given = _given(table, names)
    here = (table.c[name] == given.c[name] for name in key)
    return update(table).where(*here).values({name: given.c[name] for name in names if name not in key})


@cache
def _insert(table: Table, names: tuple[str, ...], key: tuple[str, ...], replaced: tuple[str, ...]) -> Executable:
    statement = insert(table).from_select(list(names), select(*_given(table, names).c))
    if replaced:
        return _upserting(statement, key, replaced)
    return statement.on_conflict_do_nothing(index_elements=list(key)) if key else statement


def _upserting(statement: Insert, key: Sequence[str], replaced: Collection[str]) -> Insert:
    overwritten = {name: statement.excluded[name] for name in replaced}
    return statement.on_conflict_do_update(index_elements=list(key), set_=overwritten)


def _given(table: Table, names: Sequence[str]) -> TableValuedAlias:
    """The rows of `_arrays` as a table with columns of these names."""
    arrays = (bindparam(f"its_{name}", type_=ARRAY(table.c[name].type)) for name in names)
    columns = (column(name, table.c[name].type) for name in names)
    return func.unnest(*arrays).table_valued(*columns, name="given").render_derived()


def _arrays(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """One array a column: the text of a statement, and so its prepared form, is the same for any number of rows."""
    return {f"its_{name}": [row[name] for row in rows] for name in rows[0]}
