"""The version of the schema: which there are, which of them this program can work on, and a cheap check of a store."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Null,
    PrimaryKeyConstraint,
    String,
    Table,
    inspect,
    null,
    select,
    update,
)

from watcher.errors import SchemaMismatch
from watcher.store.database import Database

VERSIONS = (
    "0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011", "0012", "0013", "0014",
    "0015", "0016", "0017", "0018", "0019",
)  # fmt: skip
"""Every version there was, oldest first; the last is this program's. A migration of the same name leads to each."""

CURRENT = VERSIONS[-1]

OLDEST_PROGRAM: Mapping[str, str] = {}
"""For a version of the schema, the oldest version whose programs can work on it, too.

They go on while a newer program upgrades the store. A version that is not named breaks all earlier programs.
"""

KNOWS_OLDEST_PROGRAM = "0016"
"""The first version in which a store says which programs can work on it."""

version_table = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    Column("oldest_program", String(32)),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Where Alembic keeps the version, as it would make it itself, with the value of `OLDEST_PROGRAM`."""


class StoredSchema(NamedTuple):
    """What a store says of its schema: its version, and the oldest version whose programs can work on it."""

    version: str
    oldest_program: str

    @property
    def fits(self) -> bool:
        """Whether this program can work on the store."""
        is_newer = self.version not in VERSIONS
        return self.version == CURRENT or (is_newer and self.oldest_program in VERSIONS)


def stored(connection: Connection) -> StoredSchema | None:
    """The schema of the store; None when there is none."""
    there = inspect(connection)
    if not there.has_table(version_table.name):
        return None
    is_known = any(column["name"] == "oldest_program" for column in there.get_columns(version_table.name))
    return _read(connection, version_table.c.oldest_program if is_known else null())


def _read(connection: Connection, oldest_program: ColumnElement[str] | Null) -> StoredSchema | None:
    row = connection.execute(select(version_table.c.version_num, oldest_program)).one_or_none()
    return None if row is None else StoredSchema(row[0], row[1] or row[0])


def stored_version(connection: Connection) -> str | None:
    """The version of the schema in the store; None when there is none."""
    found = stored(connection)
    return found and found.version


def check(database: Database) -> None:
    """Raises `SchemaMismatch` unless this program can work on the store."""
    with database.read() as connection:
        found = stored(connection)
    _require_fit(database, found)


def check_while_running(database: Database, connection: Connection) -> None:
    """As `check`, when another version of the program may have changed the schema meanwhile. Very cheap."""
    _require_fit(database, _read(connection, version_table.c.oldest_program))


def check_known(database: Database) -> None:
    """Raises `SchemaMismatch` unless the store has this program's schema or an earlier one."""
    with database.read() as connection:
        found = stored(connection)
    if found is None or found.version not in VERSIONS:
        raise mismatch(database, found)


def _require_fit(database: Database, found: StoredSchema | None) -> None:
    if found is None or not found.fits:
        raise mismatch(database, found)


def mismatch(database: Database, found: StoredSchema | None) -> SchemaMismatch:
    """Why this program cannot work on the store, and what helps."""
    if found is None:
        return SchemaMismatch(f"{database.where} has no tables of watcher yet: run `watcher db upgrade`")
    has = f"{database.where} has schema {found.version}"
    if found.version in VERSIONS:
        return SchemaMismatch(f"{has}, this version of watcher needs {CURRENT}: run `watcher db upgrade`")
    return SchemaMismatch(
        f"{has}, which this version of watcher (schema {CURRENT}) does not know: "
        "use the newer version that made it, or restore a backup from before"
    )


def migrate(connection: Connection, target: str = CURRENT) -> None:
    """Runs the migrations that are missing, inside the transaction of `connection`."""
    importlib.import_module("watcher.store.migrations").run(connection, target)
    if target >= KNOWS_OLDEST_PROGRAM:
        connection.execute(update(version_table).values(oldest_program=OLDEST_PROGRAM.get(target, target)))
