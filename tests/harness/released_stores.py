"""Stores of every released schema, with many rows, on each engine.

The rows of one fixture, which a daemon of schema 0002 wrote, are put into the tables of an early version; migrations
lead to the wanted one, where SQL multiplies the rows.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, MetaData, create_engine, select, text

from watcher.store import schema
from watcher.store.database import Database
from watcher.store.postgres import PostgresDatabase
from watcher.store.sqlite import SqliteDatabase

FIXTURE = Path(__file__).parent.parent / "fixtures" / "schema-0002"
WRITTEN_BY = "0002"
COUNTED = ("feeds", "seen", "entries", "alerts", "deliveries", "notifications", "attempts")
COPIES_OF_A_STORY = 3
"""Alerts that are folded, for each one that is delivered."""

NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) "
RANDOM_KEY = {"sqlite": "randomblob(16)", "postgresql": "decode(md5(random()::text || clock_timestamp()), 'hex')"}


def database(url: str) -> Database:
    """The database at an address; SQLite's path is absolute."""
    patience = timedelta(seconds=30)
    if url.startswith("sqlite:///"):
        return SqliteDatabase(Path(url.removeprefix("sqlite:///")), patience)
    return PostgresDatabase(url, patience)


def make_store(url: str, version: str, entries: int) -> None:
    """Makes a store of this schema in an empty database, with this many entries, alerts for some, and deliveries."""
    made = database(url)
    with made.write("upgrade") as connection:
        schema.migrate(connection, min(version, WRITTEN_BY))
        _copy_fixture(connection)
        schema.migrate(connection, version)
        _multiply(connection, entries)
    made.close()


def counts(url: str) -> dict[str, int]:
    """Rows in each table."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {name: int(connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0) for name in COUNTED}
    engine.dispose()
    return found


def schema_of(url: str) -> str | None:
    """The version of its schema."""
    engine = create_engine(url)
    with engine.connect() as connection:
        version = schema.stored_version(connection)
    engine.dispose()
    return version


def _copy_fixture(connection: Connection) -> None:
    scratch = create_engine("sqlite://")
    with closing(sqlite3.connect(":memory:")) as dump, scratch.connect() as old:
        dump.executescript((FIXTURE / "store.sql").read_text("utf-8"))
        assert isinstance(old.connection.driver_connection, sqlite3.Connection)
        dump.backup(old.connection.driver_connection)
        source, target = MetaData(), MetaData()
        source.reflect(old)
        target.reflect(connection)
        for table in target.sorted_tables:
            if table.name == schema.version_table.name:
                continue
            names = set(table.columns.keys()) & set(source.tables[table.name].columns.keys())
            rows = old.execute(select(*(source.tables[table.name].c[name] for name in names))).mappings().all()
            if rows:
                connection.execute(table.insert(), [dict(row) for row in rows])
            key = table.autoincrement_column
            if key is not None and connection.dialect.name == "postgresql":
                sequence = f"pg_get_serial_sequence('{table.name}', '{key.name}')"
                last = f"(SELECT max({key.name}) FROM {table.name})"
                connection.execute(text(f"SELECT setval({sequence}, {last}) WHERE {last} IS NOT NULL"))
    scratch.dispose()


def _multiply(connection: Connection, entries: int) -> None:
    """Adds entries with their seen keys; an alert for every fifth; a delivery for one alert of each story."""
    key = RANDOM_KEY[connection.dialect.name]
    _repeat(connection, "entries", {"id"}, {"key": key}, NUMBERS, entries)
    _repeat(connection, "seen", set(), {"key": key}, NUMBERS, entries)
    story = COPIES_OF_A_STORY + 1
    folded = f"numbers.n % {story} > 0"
    new = {
        "id": key,
        "entry_key": "numbers.key",
        "story": f"'story ' || (numbers.n / {story})",
        "state": f"CASE WHEN {folded} THEN 'folded' ELSE 'routed' END",
        "folded_into": f"CASE WHEN {folded} THEN first.id END",
    }
    fifth = "WITH numbers AS (SELECT id / 5 AS n, key FROM entries WHERE id % 5 = 0) "
    _repeat(connection, "alerts", {"seq"}, new, fifth)
    without = (
        "WITH numbers AS (SELECT seq FROM alerts WHERE state = 'routed' "
        "AND seq NOT IN (SELECT alert_seq FROM deliveries)) "
    )
    _repeat(connection, "deliveries", {"id"}, {"alert_seq": "numbers.seq"}, without)


def _repeat(
    connection: Connection, table: str, left_out: set[str], new: dict[str, str], numbers: str, count: int = 0
) -> None:
    """Adds a row like the first of the table for each of `numbers`, with new values in some columns."""
    columns = connection.execute(text(f"SELECT * FROM {table} LIMIT 0")).keys()
    names = [name for name in columns if name not in left_out]
    values = ", ".join(new.get(name, f"first.{name}") for name in names)
    connection.execute(
        text(
            f"INSERT INTO {table} ({', '.join(names)}) {numbers.format(count=count)}"
            f"SELECT {values} FROM numbers, (SELECT * FROM {table} LIMIT 1) AS first"
        )
    )
