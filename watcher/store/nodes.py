"""Nodes: which processes work on the store, and which of them are dead.

A lease belongs to a node. It holds while the node is alive, and at most until its own end. When a node dies, all of its
leases end by one update of one row: no lease is rewritten. Death is final: a node that was declared dead while it was
only frozen or cut off can write nothing any more, and must register under a new id.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Table, delete, or_, select, update

from watcher.store.database import Database, StorePart
from watcher.store.records import NodeRecord
from watcher.store.tables import NODE_IS_DEAD, nodes

FORGET_AFTER = timedelta(days=1)
"""Dead nodes are listed for so long. The leases they held have ended by then."""

GRACE = timedelta(seconds=15)


class Nodes(StorePart):
    """The heartbeat of nodes, for the service and the commands."""

    def time(self) -> datetime | None:
        """The time that all nodes agree on: the server's. None where the store is a file on this machine."""
        return self._database.time()

    def register(self, node: str, name: str, now: datetime, lives: timedelta) -> None:
        """Adds a node under an id that was never used; it is alive for `lives` from `now` on."""
        row = {"id": node, "name": name, "started_at": now, "alive_until": now + lives}
        with self._database.beat() as connection:
            connection.execute(nodes.insert(), [row])

    def beat(self, node: str, now: datetime, lives: timedelta) -> bool:
        """Keeps a node alive for `lives` from `now` on. False: it was declared dead, and all of its leases are lost."""
        alive = update(nodes).where(nodes.c.id == node, ~NODE_IS_DEAD).values(alive_until=now + lives)
        with self._database.beat() as connection:
            return connection.execute(alive).rowcount == 1

    def leave(self, node: str, now: datetime) -> None:
        """Ends a node in good order: everything it holds is free at once."""
        left = update(nodes).where(nodes.c.id == node, ~NODE_IS_DEAD).values(alive_until=now, died_at=now)
        with self._database.beat() as connection:
            connection.execute(left)

    def all(self) -> list[NodeRecord]:
        """Every node, those that died within a day too, in order of their start."""
        with self._database.read() as connection:
            rows = connection.execute(select(nodes).order_by(nodes.c.started_at, nodes.c.id))
            return [NodeRecord(row.id, row.name, row.started_at, row.alive_until, row.died_at) for row in rows]


def dead_nodes() -> ScalarSelect[str]:
    """The query for the ids of dead nodes, whose leases have ended."""
    return select(nodes.c.id).where(NODE_IS_DEAD).scalar_subquery()


def may_write(connection: Connection, node: str) -> bool:
    """Whether the node was not declared dead; it cannot be until the end of this transaction.

    A process that never registered (a command, a test) may write what its own leases allow.
    """
    died = select(nodes.c.died_at).where(nodes.c.id == node).with_for_update(read=True, key_share=True)
    row = connection.execute(died).one_or_none()
    return row is None or row.died_at is None


def is_free(table: Table, now: datetime) -> ColumnElement[bool]:
    """The condition for rows of a table that are under no lease."""
    return or_(table.c.lease_owner.is_(None), table.c.lease_until <= now, table.c.lease_owner.in_(dead_nodes()))


def declare_dead(database: Database, connection: Connection, now: datetime, spared: str) -> None:
    """Declares nodes dead that have not beaten in time, but for `spared`, who asks.

    None after a restart of the server: they could not reach it to beat.
    """
    silent = (
        select(nodes.c.id)
        .where(~NODE_IS_DEAD, nodes.c.alive_until < now, nodes.c.id != spared)
        .with_for_update(skip_locked=True)
    )
    ids = list(connection.scalars(silent))
    if ids and not database.has_just_started(connection, now, GRACE):
        connection.execute(update(nodes).where(nodes.c.id.in_(ids)).values(died_at=now))


def forget_nodes(connection: Connection, now: datetime) -> None:
    """Deletes nodes that died more than a day ago."""
    connection.execute(delete(nodes).where(nodes.c.died_at < now - FORGET_AFTER))
