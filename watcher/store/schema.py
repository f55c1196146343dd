"""The version of the schema: a cheap check, direct creation when new, Alembic only when an old store must follow."""

from __future__ import annotations

import importlib

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, inspect, select

from watcher.errors import SchemaMismatch
from watcher.store.columns import metadata
from watcher.store.database import Database

VERSIONS = (
    "0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011", "0012", "0013", "0014",
    "0015",
)  # fmt: skip
"""Every version there was, oldest first; the last is this program's. A migration of the same name leads to each."""

CURRENT = VERSIONS[-1]

version_table = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Where Alembic keeps the version, as it would make it itself."""


def stored_version(connection: Connection) -> str | None:
    """The version of the schema in the store; None when there is none."""
    if not inspect(connection).has_table(version_table.name):
        return None
    return connection.scalar(select(version_table.c.version_num))


def check(database: Database) -> None:
    """Raises `SchemaMismatch` unless the store has this program's schema."""
    with database.read() as connection:
        version = stored_version(connection)
    if version != CURRENT:
        raise _mismatch(database, version)


def check_while_running(database: Database, connection: Connection) -> None:
    """Raises `SchemaMismatch` when another version of the program has changed the schema meanwhile. Very cheap."""
    version = connection.scalar(select(version_table.c.version_num))
    if version != CURRENT:
        raise _mismatch(database, version)


def _mismatch(database: Database, version: str | None) -> SchemaMismatch:
    if version is None:
        return SchemaMismatch(f"{database.where} has no tables of watcher yet: run `watcher db upgrade`")
    if version in VERSIONS:
        return SchemaMismatch(
            f"{database.where} has schema {version}, this version of watcher needs {CURRENT}: run `watcher db upgrade`"
        )
    return _newer(database, version)


def check_known(database: Database) -> None:
    """Raises `SchemaMismatch` unless the store has this program's schema or an earlier one."""
    with database.read() as connection:
        version = stored_version(connection)
    if version not in VERSIONS[:-1]:
        check(database)


def upgrade(database: Database) -> str:
    """Brings the schema to this version in one transaction: what is killed half-way has changed nothing."""
    with database.write("upgrade") as connection:
        database.serialise(connection, "schema")
        version = stored_version(connection)
        if version is None:
            _create(database, connection)
        elif version not in VERSIONS:
            raise _newer(database, version)
        elif version != CURRENT:
            migrate(connection)
    return CURRENT


def migrate(connection: Connection, target: str = CURRENT) -> None:
    """Runs the migrations that are missing, inside the transaction of `connection`."""
    importlib.import_module("watcher.store.migrations").run(connection, target)


def _create(database: Database, connection: Connection) -> None:
    others = inspect(connection).get_table_names()
    if others:
        raise SchemaMismatch(
            f"{database.where} holds tables of something else ({', '.join(sorted(others)[:3])}): name another store"
        )
    metadata.create_all(connection)
    version_table.create(connection)
    connection.execute(version_table.insert().values(version_num=CURRENT))


def _newer(database: Database, version: str) -> SchemaMismatch:
    return SchemaMismatch(
        f"{database.where} has schema {version}, which this version of watcher (schema {CURRENT}) does not know: "
        "use the newer version that made it, or restore a backup from before"
    )
