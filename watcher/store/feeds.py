"""Feeds under lease: which are due, who has them, what is remembered of them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, update

from watcher.model.act import Actor, Deed
from watcher.model.feed import PollState
from watcher.store import documents
from watcher.store.acts import note_act
from watcher.store.database import AnyRow, StorePart, chunks
from watcher.store.facts import fact, keep_fact
from watcher.store.hosts import add_hosts, lock_hosts, settle
from watcher.store.poll_counts import polls_since
from watcher.store.records import FeedCounts, PollCounts
from watcher.store.tables import FEED_IS_ACTIVE, feed_states, feeds
from watcher.text.domains import domain_of

ACTIVE = "active feeds"
"""The fact that holds the digest of the addresses of all feeds that are not paused."""


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
        wanted, digest = set(urls), _digest(urls)
        if not (retry_failing or longest or due) and self._are_stored(digest):
            return
        with self._database.write("sync_feeds", is_bulk=True) as connection:
            self._database.serialise(connection, "feeds")
            resumed = self._follow(connection, wanted, digest, now)
            sooner = {*resumed, *(url for url in due if url in wanted)}
            if retry_failing:
                failing = select(feeds.c.url).where(FEED_IS_ACTIVE, feeds.c.failures > 0)
                sooner.update(connection.scalars(failing))
            self._bring_forward(connection, _due_again(self._schedules(connection, sooner), now), now)
            if longest:
                self._bring_forward(connection, _shortened(connection, longest), now)

    def _are_stored(self, digest: str) -> bool:
        with self._database.read() as connection:
            return fact(connection, ACTIVE) == digest

    def _follow(self, connection: Connection, wanted: Collection[str], digest: str, now: datetime) -> list[str]:
        """Adds new feeds, and pauses and resumes known ones; returns those that were resumed."""
        if fact(connection, ACTIVE) == digest:
            return []
        active = select(feeds.c.url).where(FEED_IS_ACTIVE)
        given = select(self._database.texts(wanted))
        gone = list(connection.scalars(active.except_(given)))
        missing = list(connection.scalars(given.except_(active)))
        is_known = self._database.is_given(feeds.c.url, "urls")
        resumed = [
            url
            for some in chunks(missing)
            for url in connection.scalars(select(feeds.c.url).where(is_known), {"urls": some})
        ]
        self._set_paused(connection, gone, is_paused=True, now=now)
        self._set_paused(connection, resumed, is_paused=False, now=now)
        self._add(connection, set(missing).difference(resumed), now)
        keep_fact(self._database, connection, ACTIVE, digest)
        return resumed

    def states(self, *, include_paused: bool = False) -> list[PollState]:
        """The state of every feed, by URL; of paused ones only with `include_paused`."""
        query = select_states().order_by(feeds.c.url)
        if not include_paused:
            query = query.where(FEED_IS_ACTIVE)
        with self._database.read() as connection:
            return [poll_state(row) for row in connection.execute(query)]

    def states_of(self, urls: Collection[str]) -> list[PollState]:
        """The states of some feeds, paused or not, by URL."""
        query = select_states().order_by(feeds.c.url)
        with self._database.read() as connection:
            return [
                poll_state(row)
                for some in chunks(set(urls))
                for row in connection.execute(query.where(feeds.c.url.in_(some)))
            ]

    def state(self, url: str) -> PollState | None:
        """The state of one feed, paused or not."""
        with self._database.read() as connection:
            row = connection.execute(select_states().where(feeds.c.url == url)).one_or_none()
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
            self._bring_forward(connection, _due_again(self._schedules(connection, [url]), now), now)
            note_act(connection, by, Deed.POLL_FEED, url, now)
            due: datetime | None = connection.scalar(query)
            return due

    def count_polled(self) -> int:
        """How many feeds were polled at least once; paused ones are not counted."""
        query = select(func.count()).where(FEED_IS_ACTIVE, feeds.c.last_polled_at.is_not(None))
        with self._database.read() as connection:
            return connection.scalar(query) or 0

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

    def polls_since(self, since: datetime) -> PollCounts:
        """How many polls there were since the beginning of the hour of a moment, of all nodes."""
        with self._database.read() as connection:
            return polls_since(connection, since)

    def with_issues(self, now: datetime) -> list[PollState]:
        """The states of unpaused feeds that may have an issue at `now`, by URL: all that have one, and few others."""
        with self._database.read() as connection:
            return states_with_issues(connection, now)

    def _add(self, connection: Connection, urls: Collection[str], now: datetime) -> None:
        names = {url: domain_of(url) for url in urls}
        host_ids = add_hosts(self._database, connection, set(names.values()))
        for some in chunks(urls):
            rows = [{"url": url, "host_id": host_ids[names[url]], "next_poll_at": now} for url in some]
            self._database.insert_rows(connection, feeds, rows, ("url",))
        settle(self._database, connection, set(host_ids.values()), now)

    def _set_paused(self, connection: Connection, urls: Collection[str], *, is_paused: bool, now: datetime) -> None:
        locked = lock_hosts(self._database, connection, urls)
        for some in chunks(urls):
            chosen = update(feeds).where(self._database.is_in(feeds.c.url, some))
            connection.execute(chosen.values(paused=is_paused))
        settle(self._database, connection, locked, now)

    def _schedules(self, connection: Connection, urls: Collection[str]) -> list[AnyRow]:
        query = select(feeds.c.url, feeds.c.next_poll_at, feeds.c.not_before)
        return [
            row
            for some in chunks(urls)
            for row in connection.execute(query.where(self._database.is_in(feeds.c.url, some)))
        ]

    def _bring_forward(self, connection: Connection, due: Mapping[str, datetime], now: datetime) -> None:
        """Changes when feeds are due; their hosts follow."""
        locked = lock_hosts(self._database, connection, due)
        rows = [{"url": url, "next_poll_at": due[url]} for url in sorted(due)]
        self._database.update_rows(connection, feeds, ("url",), rows)
        settle(self._database, connection, locked, now)


def _digest(urls: Collection[str]) -> str:
    """The same for the same addresses in any order."""
    lines = "\n".join(sorted(set(urls)))
    return hashlib.blake2b(lines.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def select_states(*more: ColumnElement[Any]) -> Select[Any]:
    """The query for what `poll_state` reads, and more columns of `feeds`."""
    columns = (feeds.c[name] for name in sorted(documents.STATE_COLUMNS))
    return select(*columns, feed_states.c.document, *more).select_from(
        feeds.outerjoin(feed_states, feed_states.c.feed_id == feeds.c.id)
    )


def poll_state(row: AnyRow) -> PollState:
    """The state of a feed from a row of `select_states`."""
    return documents.read_poll_state(row.document, **{name: getattr(row, name) for name in documents.STATE_COLUMNS})


def states_with_issues(connection: Connection, now: datetime, only: Collection[str] | None = None) -> list[PollState]:
    """The states of unpaused feeds that may have an issue at `now`, by URL; of all, or of some."""
    query = select_states().where(FEED_IS_ACTIVE, feeds.c.issues_from <= now).order_by(feeds.c.url)
    if only is not None:
        query = query.where(feeds.c.url.in_(only))
    return [poll_state(row) for row in connection.execute(query)]


def _shortened(connection: Connection, longest: Mapping[str, timedelta]) -> dict[str, datetime]:
    """When feeds are due that were scheduled under a longer interval."""
    rows = connection.execute(
        select(feeds.c.url, feeds.c.next_poll_at, feeds.c.last_polled_at, feeds.c.not_before).where(
            FEED_IS_ACTIVE, feeds.c.failures == 0, feeds.c.last_polled_at.is_not(None)
        )
    )
    found = {}
    for row in rows:
        latest = row.last_polled_at + longest[row.url] if row.url in longest else row.next_poll_at
        due_at = max(latest, row.not_before or latest)
        if due_at < row.next_poll_at:
            found[row.url] = due_at
    return found


def _due_again(schedules: Iterable[AnyRow], now: datetime) -> dict[str, datetime]:
    """The earlier of the old time and now, but not before what the server asked for."""
    soonest = {row.url: (min(row.next_poll_at, now), row.not_before) for row in schedules}
    return {url: due if not_before is None else max(due, not_before) for url, (due, not_before) in soonest.items()}
