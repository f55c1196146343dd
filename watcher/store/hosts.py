"""Hosts under lease, so that all nodes together are as polite to each host as one node is.

A host is a registrable domain. The node that polls a feed of a host has the host under lease until none of its feeds is
under lease any more; only that node may acquire further feeds of it. What the nodes must know of each other is in the
host's row: when it was asked last, and until when it asked to be left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    Update,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from watcher.lazy_dataclass import dataclass
from watcher.store.columns import Instant
from watcher.store.database import Database, chunks
from watcher.store.node_tables import feed_leases
from watcher.store.nodes import dead_nodes, is_unleased, lease_of
from watcher.store.tables import FEED_IS_ACTIVE, HOST_IS_FREE, HOST_IS_LEASED, feeds, hosts

Place: TypeAlias = tuple[datetime, str]
"""Where a host is in the queue of those that are due: by when it is due, then by its name."""


@dataclass(frozen=True, slots=True)
class TakenHost:
    """A host whose feeds may be acquired. `asked_at`: another node may have asked it as late as then. `paused_until`:
    it asked to be left alone until then. `is_ours`: we have it under lease already. `has_lapsed`: another node had it.
    """

    id: int
    asked_at: datetime | None
    paused_until: datetime | None
    place: Place | None
    is_ours: bool
    has_lapsed: bool


def take_due(
    connection: Connection, owner: str, now: datetime, limit: int, after: Place | None, *, with_held: bool
) -> dict[int, TakenHost]:
    """Up to `limit` hosts with due feeds that nobody has under lease, longest due first, those `after` a place if there
    is one. `with_held`: those that `owner` or a dead node has come before them. Their rows are locked.
    """
    is_due = hosts.c.due_at <= now
    free = select(hosts).where(HOST_IS_FREE, is_due).order_by(hosts.c.due_at, hosts.c.name).limit(limit)
    if after is not None:
        free = free.where(_is_behind(after))
    held = select(hosts).where(HOST_IS_LEASED, or_(and_(hosts.c.lease_owner == owner, is_due), _has_lapsed(now)))
    return _lock(connection, (held, free) if with_held else (free,), owner, now)


def take_any(
    connection: Connection,
    owner: str,
    now: datetime,
    limit: int,
    wanted: ColumnElement[bool],
    after: Place | None = None,
) -> dict[int, TakenHost]:
    """Up to `limit` hosts with feeds that are `wanted`, due or not, and that no other node has under lease."""
    has_wanted = select(feeds.c.id).where(feeds.c.host_id == hosts.c.id, wanted).exists()
    query = select(hosts).where(_may_be_taken(owner, now), has_wanted)
    if after is not None:
        query = query.where(_is_behind(after))
    return _lock(connection, (query.order_by(hosts.c.due_at, hosts.c.name).limit(limit),), owner, now)


def _is_behind(place: Place) -> ColumnElement[bool]:
    at, name = place
    return tuple_(hosts.c.due_at, hosts.c.name) > tuple_(literal(at, Instant), literal(name, Text))


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
            is_ours = row.lease_owner == owner
            has_lapsed = row.lease_owner is not None and not is_ours
            # A node that died may have asked until it was dead; of its own hosts a node knows when it asked.
            asked_at = now if has_lapsed else None if is_ours else row.asked_at
            place = None if row.due_at is None else (row.due_at, row.name)
            found[row.id] = TakenHost(row.id, asked_at, row.paused_until, place, is_ours, has_lapsed)
    return found


def settle(
    database: Database,
    connection: Connection,
    ids: Collection[int],
    now: datetime,
    *,
    owner: str | None = None,
    until: datetime | None = None,
) -> None:
    """Brings the rows of hosts in line with their feeds: when the first is due, and whether any is under lease.

    Hosts that have feeds under lease go to `owner` until `until`, or stay with whom they are. The others are free, and
    were asked no later than `now` if they were under lease before.
    """
    statement = _settle(type(database))
    for some in chunks(ids):
        connection.execute(statement, {"ids": some, "at": now, "its_owner": owner, "its_end": until})


@cache
def _settle(engine: type[Database]) -> Update:
    """The statement of `settle`. Built once: that takes longer than running it for a few hosts."""
    at, owner, end = (
        bindparam("at", type_=Instant),
        bindparam("its_owner", type_=Text),
        bindparam("its_end", None, Instant),
    )
    of_host = feeds.c.host_id == hosts.c.id
    due = select(feeds.c.next_poll_at).where(of_host, FEED_IS_ACTIVE, is_unleased(at))
    is_polled = lease_of(feed_leases.c.host_id, hosts.c.id, at).is_not(None)
    longer = case((hosts.c.lease_until > end, hosts.c.lease_until), else_=func.coalesce(end, hosts.c.lease_until))
    return (
        update(hosts)
        .where(engine.is_given(hosts.c.id, "ids"))
        .values(
            due_at=due.order_by(feeds.c.next_poll_at).limit(1).scalar_subquery(),
            asked_at=case((and_(HOST_IS_LEASED, ~is_polled), at), else_=hosts.c.asked_at),
            lease_owner=case((is_polled, func.coalesce(owner, hosts.c.lease_owner)), else_=None),
            lease_until=case((is_polled, longer), else_=None),
        )
    )


def pause_hosts(connection: Connection, pauses: Mapping[str, datetime]) -> None:
    """Hosts, by their names, ask to be left alone until then, or until the later time for which they asked before."""
    for name, until in sorted(pauses.items()):
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
