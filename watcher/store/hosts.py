"""Hosts under lease, so that all nodes together are as polite to each host as one node is.

A host is a registrable domain. The node that polls a feed of a host has the host under lease until none of its feeds is
under lease any more; only that node may acquire further feeds of it. What the nodes must know of each other is in the
host's row: when it was asked last, and until when it asked to be left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, or_, select

from watcher.store.columns import Instant
from watcher.store.database import AnyRow, Database, chunks
from watcher.store.nodes import dead_nodes, is_free
from watcher.store.tables import FEED_IS_ACTIVE, HOST_IS_FREE, HOST_IS_LEASED, feeds, hosts


@dataclass(frozen=True, slots=True)
class TakenHost:
    """A host whose feeds may be acquired. `asked_at`: another node may have asked it as late as then. `paused_until`:
    it asked to be left alone until then.
    """

    id: int
    asked_at: datetime | None
    paused_until: datetime | None


def take_due(connection: Connection, owner: str, now: datetime, limit: int) -> dict[int, TakenHost]:
    """Up to `limit` hosts with due feeds that no other node has under lease, longest due first; those that `owner` or a
    dead node has come beside them. Their rows are locked.
    """
    is_due = hosts.c.due_at <= now
    held = select(hosts).where(HOST_IS_LEASED, or_(and_(hosts.c.lease_owner == owner, is_due), _has_lapsed(now)))
    free = select(hosts).where(HOST_IS_FREE, is_due).order_by(hosts.c.due_at, hosts.c.name).limit(limit)
    return _lock(connection, (held, free), owner, now)


def take_any(
    connection: Connection, owner: str, now: datetime, limit: int, wanted: ColumnElement[bool]
) -> dict[int, TakenHost]:
    """Up to `limit` hosts with feeds that are `wanted`, due or not, and that no other node has under lease."""
    has_wanted = select(feeds.c.id).where(feeds.c.host_id == hosts.c.id, wanted).exists()
    query = select(hosts).where(_may_be_taken(owner, now), has_wanted)
    return _lock(connection, (query.order_by(hosts.c.due_at, hosts.c.name).limit(limit),), owner, now)


def take_named(
    database: Database, connection: Connection, owner: str, urls: Collection[str], now: datetime
) -> dict[int, TakenHost]:
    """The hosts of these feeds that no other node has under lease."""
    found: dict[int, TakenHost] = {}
    for some in chunks(urls):
        of_feeds = select(feeds.c.host_id).where(database.is_in(feeds.c.url, some))
        query = select(hosts).where(hosts.c.id.in_(of_feeds), _may_be_taken(owner, now)).order_by(hosts.c.id)
        found |= _lock(connection, (query,), owner, now)
    return found


def held_elsewhere(database: Database, connection: Connection, owner: str, urls: Collection[str], now: datetime) -> int:
    """How many of these feeds have a host that another node has under lease."""
    query = select(func.count()).select_from(feeds).join(hosts, hosts.c.id == feeds.c.host_id)
    elsewhere = query.where(~_may_be_taken(owner, now))
    return sum(connection.scalar(elsewhere.where(database.is_in(feeds.c.url, some))) or 0 for some in chunks(urls))


def _has_lapsed(now: datetime) -> ColumnElement[bool]:
    return or_(hosts.c.lease_until <= now, hosts.c.lease_owner.in_(dead_nodes()))


def _may_be_taken(owner: str, now: datetime) -> ColumnElement[bool]:
    return or_(HOST_IS_FREE, hosts.c.lease_owner == owner, _has_lapsed(now))


def _lock(connection: Connection, queries: Sequence[Select[Any]], owner: str, now: datetime) -> dict[int, TakenHost]:
    found = {}
    for query in queries:
        for row in connection.execute(query.with_for_update(skip_locked=True)):
            found[row.id] = TakenHost(row.id, _asked_at(row, owner, now), row.paused_until)
    return found


def _asked_at(row: AnyRow, owner: str, now: datetime) -> datetime | None:
    """None for a host that `owner` has: it knows itself. A node that died may have asked until it was dead."""
    if row.lease_owner is None:
        asked_at: datetime | None = row.asked_at
        return asked_at
    return None if row.lease_owner == owner else now


def settle(
    database: Database,
    connection: Connection,
    ids: Collection[int],
    now: datetime,
    *,
    owner: str | None = None,
    until: datetime | None = None,
    pauses: Mapping[int, datetime] | None = None,
) -> None:
    """Brings the rows of hosts in line with their feeds: when the first is due, and whether any is under lease.

    Hosts that have feeds under lease go to `owner` until `until`, or stay with whom they are. The others are free, and
    were asked no later than `now` if they were under lease before. `pauses`: until when hosts ask to be left alone.
    """
    query = _first_due(type(database))
    found = [row for some in chunks(ids) for row in connection.execute(query, {"ids": some, "now": now})]
    rows = []
    for row in found:
        paused_until = max(filter(None, (row.paused_until, (pauses or {}).get(row.id))), default=None)
        lease_owner = (owner or row.lease_owner) if row.is_polled else None
        lease_until = max(filter(None, (row.lease_until, until)), default=None) if row.is_polled else None
        asked_at = now if row.lease_owner is not None and not row.is_polled else row.asked_at
        rows.append(
            {
                "id": row.id,
                "due_at": row.due_at,
                "asked_at": asked_at,
                "paused_until": paused_until,
                "lease_owner": lease_owner,
                "lease_until": lease_until,
            }
        )
    database.update_rows(connection, hosts, ("id",), rows)


@cache
def _first_due(engine: type[Database]) -> Select[Any]:
    """The query of `settle`. Built once: that takes longer than running it for a few hosts."""
    is_unleased = is_free(feeds, bindparam("now", type_=Instant))
    may_be_polled = and_(FEED_IS_ACTIVE, is_unleased)
    kept = (hosts.c.id, hosts.c.asked_at, hosts.c.paused_until, hosts.c.lease_owner, hosts.c.lease_until)
    return (
        select(
            *kept,
            func.min(feeds.c.next_poll_at).filter(may_be_polled).label("due_at"),
            (func.count(feeds.c.id).filter(~is_unleased) > 0).label("is_polled"),
        )
        .select_from(hosts.outerjoin(feeds, feeds.c.host_id == hosts.c.id))
        .where(engine.is_given(hosts.c.id, "ids"))
        .group_by(*kept)
    )


def pause_named(connection: Connection, pauses: Mapping[str, datetime]) -> None:
    """Hosts that are not those of the polled feeds, to which these feeds moved, ask to be left alone until then."""
    for name, until in pauses.items():
        is_sooner = or_(hosts.c.paused_until.is_(None), hosts.c.paused_until < until)
        connection.execute(hosts.update().where(hosts.c.name == name, is_sooner).values(paused_until=until))


def lock_hosts(database: Database, connection: Connection, urls: Collection[str]) -> set[int]:
    """The hosts of these feeds, locked. Whoever writes feeds and hosts locks the hosts first, in this order."""
    ids: set[int] = set()
    for some in chunks(urls):
        of_feeds = select(feeds.c.host_id).where(database.is_in(feeds.c.url, some))
        query = select(hosts.c.id).where(hosts.c.id.in_(of_feeds)).order_by(hosts.c.id)
        ids.update(connection.scalars(query.with_for_update()))
    return ids


def add_hosts(database: Database, connection: Connection, names: Collection[str]) -> dict[str, int]:
    """The numbers of hosts by their names; unknown ones are added."""
    ids: dict[str, int] = {}
    for some in chunks(names):
        database.insert_rows(connection, hosts, [{"name": name} for name in some], ("name",))
        query = select(hosts.c.name, hosts.c.id).where(database.is_in(hosts.c.name, some))
        ids |= {row.name: row.id for row in connection.execute(query)}
    return ids
