"""Feeds under lease: which are due, who has them, what is remembered of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, select, update

from watcher.model.act import Actor, Deed
from watcher.model.feed import PollState
from watcher.store import documents
from watcher.store.acts import note_act
from watcher.store.database import AnyRow, StorePart, chunks, execute_many
from watcher.store.records import FeedCounts
from watcher.store.tables import FEED_IS_ACTIVE, feeds


class Feeds(StorePart):
    """The stored set of feeds and their states, for the service and the commands."""

    def sync(
        self,
        urls: Collection[str],
        now: datetime,
        *,
        retry_failing: bool = False,
        longest: Mapping[str, timedelta] | None = None,
        due: Collection[str] = (),
    ) -> None:
        """Makes the stored set of feeds follow the configuration.

        New feeds are due at `now`. Feeds that are no longer configured are paused: their state and seen keys stay,
        and they are never acquired. A paused feed that returns is resumed: due at the earlier of its old time and
        `now`, but not before its `not_before`. With `retry_failing`, feeds whose last poll failed become due in the
        same way.

        `longest`: the longest interval of each feed (by URL) that does not fail; one that was to be polled later than
        that after its last poll is due then. `due`: feeds that become due like failing ones.
        """
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
            _make_due(connection, [url for url in due if url in wanted], now)
            if longest:
                _shorten(connection, longest)

    def states(self, *, include_paused: bool = False) -> list[PollState]:
        """The state of every feed, by URL; of paused ones only with `include_paused`."""
        query = select(*POLL_STATE).order_by(feeds.c.url)
        if not include_paused:
            query = query.where(FEED_IS_ACTIVE)
        with self._database.read() as connection:
            return [poll_state(row) for row in connection.execute(query)]

    def states_of(self, urls: Collection[str]) -> list[PollState]:
        """The states of some feeds, paused or not, by URL."""
        query = select(*POLL_STATE).order_by(feeds.c.url)
        with self._database.read() as connection:
            return [
                poll_state(row)
                for some in chunks(set(urls))
                for row in connection.execute(query.where(feeds.c.url.in_(some)))
            ]

    def state(self, url: str) -> PollState | None:
        """The state of one feed, paused or not."""
        with self._database.read() as connection:
            row = connection.execute(select(*POLL_STATE).where(feeds.c.url == url)).one_or_none()
            return None if row is None else poll_state(row)

    def names(self) -> dict[int, tuple[str, str]]:
        """Title and address of every feed, paused ones too, by its number."""
        with self._database.read() as connection:
            rows = connection.execute(select(feeds.c.id, feeds.c.title, feeds.c.url))
            return {row.id: (row.title, row.url) for row in rows}

    def ask_for_poll(self, url: str, now: datetime, by: Actor | None = None) -> datetime | None:
        """Makes a feed due now, or when its server allows it again; returns when. None where it is not polled."""
        query = select(feeds.c.next_poll_at).where(feeds.c.url == url, FEED_IS_ACTIVE)
        with self._database.write("ask_for_poll") as connection:
            if connection.scalar(query) is None:
                return None
            _make_due(connection, [url], now)
            note_act(connection, by, Deed.POLL_FEED, url, now)
            due: datetime | None = connection.scalar(query)
            return due

    def counts(self, now: datetime) -> FeedCounts:
        """How polling keeps up, counted by the database."""
        is_due = feeds.c.next_poll_at <= now
        query = select(
            func.count(),
            func.count().filter(is_due),
            func.min(feeds.c.next_poll_at).filter(is_due),
            func.count().filter(feeds.c.failures > 0),
        ).where(FEED_IS_ACTIVE)
        with self._database.read() as connection:
            total, due, oldest, failing = connection.execute(query).one()
            return FeedCounts(total, due, oldest, failing)

    def with_issues(self, now: datetime) -> list[PollState]:
        """The states of unpaused feeds that may have an issue at `now`, by URL: all that have one, and few others."""
        with self._database.read() as connection:
            return states_with_issues(connection, now)


POLL_STATE = (*(feeds.c[name] for name in sorted(documents.STATE_COLUMNS)), feeds.c.document)
"""The columns that `poll_state` reads."""


def poll_state(row: AnyRow) -> PollState:
    """The state of a feed from the columns `POLL_STATE`."""
    return documents.read_poll_state(row.document, **{name: getattr(row, name) for name in documents.STATE_COLUMNS})


def states_with_issues(connection: Connection, now: datetime, only: Collection[str] | None = None) -> list[PollState]:
    """The states of unpaused feeds that may have an issue at `now`, by URL; of all, or of some."""
    query = select(*POLL_STATE).where(FEED_IS_ACTIVE, feeds.c.issues_from <= now).order_by(feeds.c.url)
    if only is not None:
        query = query.where(feeds.c.url.in_(only))
    return [poll_state(row) for row in connection.execute(query)]


def _pause(connection: Connection, urls: list[str]) -> None:
    statement = update(feeds).where(feeds.c.url == bindparam("row_url")).values(paused=True)
    execute_many(connection, statement, [{"row_url": url} for url in urls])


def _shorten(connection: Connection, longest: Mapping[str, timedelta]) -> None:
    """Brings forward what was scheduled under a longer interval."""
    rows = connection.execute(
        select(feeds.c.url, feeds.c.next_poll_at, feeds.c.last_polled_at, feeds.c.not_before).where(
            FEED_IS_ACTIVE, feeds.c.failures == 0, feeds.c.last_polled_at.is_not(None)
        )
    )
    found = []
    for row in rows:
        latest = row.last_polled_at + longest[row.url] if row.url in longest else row.next_poll_at
        due_at = max(latest, row.not_before or latest)
        if due_at < row.next_poll_at:
            found.append({"row_url": row.url, "due_at": due_at})
    statement = update(feeds).where(feeds.c.url == bindparam("row_url")).values(next_poll_at=bindparam("due_at"))
    execute_many(connection, statement, found)


def _due_again(scheduled: datetime, not_before: datetime | None, now: datetime) -> datetime:
    """The earlier of the old time and now, but not before what the server asked for."""
    due = min(scheduled, now)
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
