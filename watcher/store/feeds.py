"""Feeds under lease: which are due, who has them, what is remembered of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, or_, select, update

from watcher.model.feed import AcquiredFeed, PollState
from watcher.store import documents
from watcher.store.database import AnyRow, StorePart, chunks, execute_many
from watcher.store.tables import FEED_IS_ACTIVE, FEED_IS_LEASED, feeds


class SqlFeeds(StorePart):
    """The part of `FeedStore` that is about the feeds themselves."""

    def sync_feeds(self, urls: Collection[str], now: datetime, *, retry_failing: bool = False) -> None:
        wanted = set(urls)
        with self._database.write("sync_feeds") as connection:
            self._database.serialise(connection, "feeds")
            stored = {
                row.url: row for row in connection.execute(select(feeds.c.url, feeds.c.paused).order_by(feeds.c.url))
            }
            _pause(connection, [url for url, row in stored.items() if not row.paused and url not in wanted])
            _resume(connection, [url for url, row in stored.items() if row.paused and url in wanted], now)
            missing = [{"url": url, "next_poll_at": now} for url in sorted(wanted - stored.keys())]
            execute_many(connection, feeds.insert(), missing)
            if retry_failing:
                failing = select(feeds.c.url).where(FEED_IS_ACTIVE, feeds.c.failures > 0)
                _make_due(connection, list(connection.scalars(failing)), now)

    def acquire_due_feeds(
        self, owner: str, now: datetime, until: datetime, limit: int, *, force: bool = False
    ) -> list[AcquiredFeed]:
        with self._database.write("acquire_due_feeds") as connection:
            rows = connection.execute(due_feeds(now, limit, force=force)).all()
            lease = (
                update(feeds)
                .where(feeds.c.id == bindparam("row_id"))
                .values(lease_owner=owner, lease_until=until, epoch=feeds.c.epoch + 1)
            )
            execute_many(connection, lease, [{"row_id": row.id} for row in rows])
            return [AcquiredFeed(poll_state(row), row.epoch + 1, until) for row in rows]

    def feed_states(self, *, include_paused: bool = False) -> list[PollState]:
        query = select(feeds.c.url, feeds.c.next_poll_at, feeds.c.document).order_by(feeds.c.url)
        if not include_paused:
            query = query.where(FEED_IS_ACTIVE)
        with self._database.read() as connection:
            return [poll_state(row) for row in connection.execute(query)]

    def feeds_with_issues(self, now: datetime) -> list[PollState]:
        query = (
            select(feeds.c.url, feeds.c.next_poll_at, feeds.c.document)
            .where(FEED_IS_ACTIVE, feeds.c.issues_from <= now)
            .order_by(feeds.c.url)
        )
        with self._database.read() as connection:
            return [poll_state(row) for row in connection.execute(query)]

    def next_poll_at(self) -> datetime | None:
        free = select(func.min(feeds.c.next_poll_at)).where(FEED_IS_ACTIVE, feeds.c.lease_owner.is_(None))
        lapsing = select(func.min(feeds.c.lease_until)).where(FEED_IS_ACTIVE, FEED_IS_LEASED)
        with self._database.read() as connection:
            times = [connection.scalar(free), connection.scalar(lapsing)]
        return min((time for time in times if time is not None), default=None)


def due_feeds(now: datetime, limit: int, *, force: bool = False) -> Any:
    """The query for feeds that may be leased at `now`, most overdue first, then by URL."""
    wanted: ColumnElement[bool] = feeds.c.next_poll_at <= now
    if force:
        unpolled = or_(feeds.c.last_polled_at.is_(None), feeds.c.last_polled_at < now)
        welcome = or_(feeds.c.not_before.is_(None), feeds.c.not_before <= now)
        wanted = and_(or_(wanted, and_(feeds.c.failures == 0, unpolled)), welcome)
    unleased = or_(feeds.c.lease_owner.is_(None), feeds.c.lease_until <= now)
    return (
        select(feeds.c.id, feeds.c.url, feeds.c.next_poll_at, feeds.c.epoch, feeds.c.document)
        .where(FEED_IS_ACTIVE, wanted, unleased)
        .order_by(feeds.c.next_poll_at, feeds.c.url)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def poll_state(row: AnyRow) -> PollState:
    """The state of a feed; its due time stands in the column, because `sync_feeds` may move it."""
    if row.document is None:
        return PollState(row.url, row.next_poll_at)
    return replace(documents.poll_states.read(row.document), next_poll_at=row.next_poll_at)


def _pause(connection: Connection, urls: list[str]) -> None:
    statement = update(feeds).where(feeds.c.url == bindparam("row_url")).values(paused=True)
    execute_many(connection, statement, [{"row_url": url} for url in urls])


def _due_again(planned: datetime, not_before: datetime | None, now: datetime) -> datetime:
    """The earlier of the old time and now, but not before what the server asked for."""
    due = min(planned, now)
    return due if not_before is None else max(due, not_before)


def _resume(connection: Connection, urls: list[str], now: datetime) -> None:
    statement = update(feeds).where(feeds.c.url == bindparam("row_url"))
    execute_many(connection, statement.values(paused=False), [{"row_url": url} for url in urls])
    _make_due(connection, urls, now)


def _make_due(connection: Connection, urls: list[str], now: datetime) -> None:
    rows = [
        {"row_url": row.url, "due": _due_again(row.next_poll_at, row.not_before, now)}
        for some in chunks(urls)
        for row in connection.execute(
            select(feeds.c.url, feeds.c.next_poll_at, feeds.c.not_before).where(feeds.c.url.in_(some))
        )
    ]
    statement = update(feeds).where(feeds.c.url == bindparam("row_url"))
    execute_many(connection, statement.values(next_poll_at=bindparam("due")), rows)
