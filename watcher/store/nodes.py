"""Nodes: which processes work on the store, which of them are dead, and which configuration is the newest.

A lease belongs to a node. It holds while the node is alive, and at most until its own end. When a node dies, all of its
leases end by one update of one row: no lease is rewritten. Death is final: a node that was declared dead while it was
only frozen or cut off can write nothing any more, and must register under a new id.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    ScalarSelect,
    Table,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from watcher.store import schema
from watcher.store.database import Database, StorePart
from watcher.store.node_tables import NODE_IS_DEAD, configurations, feed_leases, nodes
from watcher.store.poll_counts import PollTally
from watcher.store.records import Beat, NodeRecord
from watcher.store.tables import NOTIFICATION_IS_UNFINISHED, feeds, notifications

FORGET_AFTER = timedelta(days=1)
"""Dead nodes are listed for so long. The leases they held have ended by then."""

NEWS = timedelta(minutes=1)
"""For so long every living node learns of a death."""

GRACE = timedelta(seconds=15)


class Nodes(StorePart):
    """The heartbeat of nodes, for the service and the commands."""

    def __init__(self, database: Database, tally: PollTally) -> None:
        super().__init__(database)
        self._tally = tally

    def time(self) -> datetime | None:
        """The time that all nodes agree on: the server's. None where the store is a file on this machine."""
        return self._database.time()

    def register(
        self, node: str, name: str, now: datetime, lives: timedelta, version: str = "", roles: str = ""
    ) -> None:
        """Adds a node under an id that was never used; it is alive for `lives` from `now` on."""
        self._database.name_sessions(node)
        row = {"id": node, "name": name, "started_at": now, "alive_until": now + lives}
        row |= {"version": version or None, "roles": roles or None, "schema": schema.CURRENT}
        with self._database.beat() as connection:
            connection.execute(nodes.insert(), [row])

    def beat(self, node: str, now: datetime, lives: timedelta, generation: int | None = None) -> Beat:
        """Keeps a node alive for `lives` from `now` on, with the generation of its configuration.

        Not alive: it was declared dead, and all of its leases are lost. Raises `SchemaMismatch` when another version of
        the program has changed the schema.
        """
        alive = update(nodes).where(nodes.c.id == node, ~NODE_IS_DEAD)
        with self._database.beat() as connection:
            schema.check_while_running(self._database, connection)
            kept = connection.execute(alive.values(alive_until=now + lives, generation=generation)).rowcount == 1
            counts = self._tally.write(self._database, connection, node)
            beat = Beat(kept, newest_generation(connection, now), _declared_dead(connection, now))
        self._tally.is_written(counts, now)
        return beat

    def leave(self, node: str, now: datetime) -> None:
        """Ends a node in good order: everything it holds is free at once."""
        left = update(nodes).where(nodes.c.id == node, ~NODE_IS_DEAD).values(alive_until=now, died_at=now)
        with self._database.beat() as connection:
            connection.execute(left)
            counts = self._tally.write(self._database, connection, node)
        self._tally.is_written(counts, now)

    def announce(self, node: str, fingerprint: str, now: datetime, *, again: bool = False) -> int:
        """The generation of the configuration that a node starts to work with; a new one is newer than all others.

        A configuration that was in force before is not newer by the mere start of another node: while a living node has
        a newer one, the old generation is returned. With `again`, or without such a node, it becomes the newest.
        """
        with self._database.write("announce_configuration") as connection:
            self._database.serialise(connection, "configurations")
            known = _latest(connection, configurations.c.fingerprint == fingerprint)
            newest = _latest(connection)
            is_newer_elsewhere = newest_generation(connection, now, but=node) > known
            if known == 0 or (known < newest and (again or not is_newer_elsewhere)):
                known = newest + 1
                row = {"generation": known, "fingerprint": fingerprint, "announced_at": now}
                connection.execute(configurations.insert(), [row])
            connection.execute(update(nodes).where(nodes.c.id == node).values(generation=known))
            return known

    def all(self) -> list[NodeRecord]:
        """Every node, those that died within a day too, in order of their start."""
        query = select(nodes).order_by(nodes.c.started_at, nodes.c.id)
        with self._database.read() as connection:
            polled = _held(connection, feed_leases)
            sent = _held(connection, notifications, NOTIFICATION_IS_UNFINISHED)
            return [
                NodeRecord(**row, feeds=polled.get(row["id"], 0), notifications=sent.get(row["id"], 0))
                for row in connection.execute(query).mappings()
            ]


def _latest(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    """The newest generation that meets the conditions; 0 when there is none."""
    found: int | None = connection.scalar(select(func.max(configurations.c.generation)).where(*conditions))
    return found or 0


def newest_generation(connection: Connection, now: datetime, *, but: str = "") -> int:
    """The newest configuration that a living node works with, `but` one; 0 when there is none."""
    living = (~NODE_IS_DEAD, nodes.c.alive_until > now, nodes.c.id != but)
    found: int | None = connection.scalar(select(func.max(nodes.c.generation)).where(*living))
    return found or 0


def _declared_dead(connection: Connection, now: datetime) -> dict[str, str]:
    """Names by id of the nodes that were declared dead in the last minute, without those that ended in good order."""
    lately = (nodes.c.died_at > now - NEWS, nodes.c.died_at != nodes.c.alive_until)
    return {row.id: row.name for row in connection.execute(select(nodes.c.id, nodes.c.name).where(*lately))}


def _held(connection: Connection, table: Table, *may_be: ColumnElement[bool]) -> dict[str, int]:
    """How many rows of a table each owner has leased, by owner; `may_be` is what every such row meets."""
    owner = table.c.lease_owner
    counted = select(owner, func.count()).where(owner.is_not(None), *may_be).group_by(owner)
    return {row[0]: row[1] for row in connection.execute(counted)}


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


def may_acquire(database: Database, connection: Connection, node: str, now: datetime) -> bool:
    """Whether the node may lease what is free, as `may_write`; those who have not beaten in time are declared dead."""
    others = nodes.alias("others")
    is_one_silent = exists().where(others.c.died_at.is_(None), others.c.alive_until < now, others.c.id != node)
    known = select(nodes.c.died_at, is_one_silent.label("is_one_silent")).where(nodes.c.id == node)
    row = connection.execute(known.with_for_update(read=True, key_share=True, of=nodes)).one_or_none()
    if row is not None and row.died_at is not None:
        return False
    if row is None or row.is_one_silent:
        declare_dead(database, connection, now, spared=node)
    return True


def is_free(table: Table, now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """The condition for rows of a table that are under no lease."""
    return or_(table.c.lease_owner.is_(None), table.c.lease_until <= now, table.c.lease_owner.in_(dead_nodes()))


def is_unleased(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """The condition for feeds that are under no lease."""
    return lease_of(feed_leases.c.feed_id, feeds.c.id, now).is_(None)


def lease_of(
    column: ColumnElement[int], row: ColumnElement[int], now: datetime | BindParameter[datetime]
) -> ScalarSelect[int]:
    """A feed under lease whose `column` is that of the row, NULL without one.

    No EXISTS: for that, PostgreSQL reads the whole table once instead of the index for each row.
    """
    lease = select(feed_leases.c.feed_id).where(column == row, ~is_free(feed_leases, now))
    return lease.limit(1).scalar_subquery()


def declare_dead(database: Database, connection: Connection, now: datetime, spared: str) -> None:
    """Declares nodes dead that have not beaten in time, but for `spared`, who asks.

    None after a restart of the server: they could not reach it to beat. Their sessions are ended first: one that stands
    still inside a transaction keeps its node's row, and the locks that living nodes wait for.
    """
    silent = select(nodes.c.id).where(~NODE_IS_DEAD, nodes.c.alive_until < now, nodes.c.id != spared)
    ids = list(connection.scalars(silent))
    if not ids or database.has_just_started(connection, now, GRACE):
        return
    database.end_sessions(connection, ids)
    if free := list(connection.scalars(silent.with_for_update(skip_locked=True))):
        connection.execute(update(nodes).where(nodes.c.id.in_(free)).values(died_at=now))


def forget_nodes(connection: Connection, now: datetime) -> None:
    """Deletes nodes that died more than a day ago."""
    connection.execute(delete(nodes).where(nodes.c.died_at < now - FORGET_AFTER))
