"""Creating and upgrading the schema, also while processes of an earlier version work on the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple

from sqlalchemy import Connection, inspect, null, select

from watcher.clock import SystemClock
from watcher.errors import SchemaInUse, SchemaMismatch
from watcher.store.columns import metadata
from watcher.store.database import Database
from watcher.store.node_tables import NODE_IS_DEAD, nodes
from watcher.store.nodes import declare_dead
from watcher.store.schema import (
    CURRENT,
    KNOWS_OLDEST_PROGRAM,
    OLDEST_PROGRAM,
    VERSIONS,
    migrate,
    mismatch,
    stored,
    version_table,
)

KNOWS_NODES = "0006"
"""The first version of the schema with nodes."""


def upgrade(database: Database) -> str:
    """Brings the schema to this version in one transaction: what is killed half-way has changed nothing.

    Returns the version, which is a newer one when this program can work on that. While processes work on the store that
    cannot go on with the new schema, only the migrations are run with which they can, and `SchemaInUse` is raised.
    """
    with database.write("upgrade", is_bulk=True) as connection:
        database.serialise(connection, "schema")
        found = stored(connection)
        if found is None:
            return _create(database, connection)
        if found.fits:
            return found.version
        if found.version not in VERSIONS:
            raise mismatch(database, found)
        living = _living(database, connection, found.version)
        target = reachable(found.version, [node.schema or "" for node in living])
        if target != found.version:
            migrate(connection, target)
    if target != CURRENT:
        raise _in_use(database, target, living)
    return CURRENT


def reachable(
    version: str,
    living: Sequence[str],
    versions: Sequence[str] = VERSIONS,
    oldest_program: Mapping[str, str] = OLDEST_PROGRAM,
) -> str:
    """How far a store of `version` may be upgraded while programs of the versions `living` work on it. Pure."""
    oldest = min(living, default=versions[-1])
    missing = versions[versions.index(version) + 1 :]
    return [version, *takewhile(lambda one: oldest_program.get(one, one) <= oldest, missing)][-1]


def _create(database: Database, connection: Connection) -> str:
    others = inspect(connection).get_table_names()
    if others:
        raise SchemaMismatch(
            f"{database.where} holds tables of something else ({', '.join(sorted(others)[:3])}): name another store"
        )
    metadata.create_all(connection)
    version_table.create(connection)
    row = {"version_num": CURRENT, "oldest_program": OLDEST_PROGRAM.get(CURRENT, CURRENT)}
    connection.execute(version_table.insert().values(row))
    return CURRENT


class _Node(NamedTuple):
    """A node at work; `schema` is that of its program, None before `KNOWS_OLDEST_PROGRAM`."""

    id: str
    name: str
    schema: str | None


def _living(database: Database, connection: Connection, version: str) -> list[_Node]:
    """The nodes that are not dead. Silent ones are declared dead: what they still write is refused."""
    if version < KNOWS_NODES:
        return []
    declare_dead(database, connection, database.time() or SystemClock().now(), spared="")
    schema = nodes.c.schema if version >= KNOWS_OLDEST_PROGRAM else null()
    query = select(nodes.c.id, nodes.c.name, schema).where(~NODE_IS_DEAD).order_by(nodes.c.started_at)
    return [_Node(*row) for row in connection.execute(query)]


def _in_use(database: Database, version: str, living: Sequence[_Node]) -> SchemaInUse:
    names = ", ".join(f"{node.name} ({node.id[:8]})" for node in living)
    return SchemaInUse(
        f"{database.where} has schema {version}, this version of watcher needs {CURRENT}, and these processes of an "
        f"earlier version could not go on with it: {names}; stop them, then try again "
        "(one that was killed counts for 15 seconds more)"
    )
