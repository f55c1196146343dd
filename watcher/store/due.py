"""Which feeds of hosts that were taken may be leased: the queries of `Polls`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, case, func, literal, or_, select

from watcher.store.database import Database
from watcher.store.feeds import POLL_STATE
from watcher.store.hosts import TakenHost
from watcher.store.nodes import is_free
from watcher.store.tables import FEED_IS_ACTIVE, feeds

FEW = 8
"""So many feeds of each host come before more of any, so that one with thousands leaves the others their share."""


def due_feeds(now: datetime, *, force: bool = False) -> ColumnElement[bool]:
    """The condition for feeds that may be leased at `now`."""
    wanted: ColumnElement[bool] = feeds.c.next_poll_at <= now
    if force:
        unpolled = or_(feeds.c.last_polled_at.is_(None), feeds.c.last_polled_at < now)
        allowed = or_(feeds.c.not_before.is_(None), feeds.c.not_before <= now)
        wanted = and_(or_(wanted, and_(feeds.c.failures == 0, unpolled)), allowed)
    return and_(FEED_IS_ACTIVE, wanted, is_free(feeds, now))


def choose_feeds(
    database: Database,
    taken: Mapping[int, TakenHost],
    wanted: ColumnElement[bool],
    now: datetime,
    limit: int,
    per_host: int | None,
) -> Any:
    """The query for `wanted` feeds of these hosts: most overdue first, then by URL, but a few of each host at a time.

    Those already under lease count among the `per_host`.
    """
    is_held = ~is_free(feeds, now)
    order = (case((is_held, 0), else_=1), feeds.c.next_poll_at, feeds.c.url)
    rank = func.row_number().over(partition_by=feeds.c.host_id, order_by=order)
    of_hosts = database.is_in(feeds.c.host_id, list(taken))
    ranked = select(feeds.c.id, is_held.label("is_held"), rank.label("rank")).where(of_hosts, or_(wanted, is_held))
    few = ranked.subquery()
    return (
        select(feeds.c.id, feeds.c.host_id, feeds.c.epoch, *POLL_STATE)
        .join(few, few.c.id == feeds.c.id)
        .where(~few.c.is_held, literal(True) if per_host is None else few.c.rank <= per_host)
        .order_by((few.c.rank - 1) // literal(FEW, Integer, literal_execute=True), feeds.c.next_poll_at, feeds.c.url)
        .limit(limit)
    )


def named_feeds(
    database: Database, urls: Collection[str], taken: Collection[int], now: datetime, *, force: bool
) -> Any:
    """The query for those of some feeds that may be leased at `now`, by URL."""
    allowed = literal(True) if force else or_(feeds.c.not_before.is_(None), feeds.c.not_before <= now)
    may_be_asked = and_(database.is_in(feeds.c.url, urls), database.is_in(feeds.c.host_id, list(taken)))
    return (
        select(feeds.c.id, feeds.c.host_id, feeds.c.epoch, *POLL_STATE)
        .where(FEED_IS_ACTIVE, may_be_asked, allowed, is_free(feeds, now))
        .order_by(feeds.c.url)
    )
