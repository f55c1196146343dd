"""Retention and counts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, func, select

from watcher.model.settings import Retention
from watcher.store import retention, schema
from watcher.store.acts import forget_acts
from watcher.store.columns import EPOCH
from watcher.store.database import Database
from watcher.store.nodes import forget_nodes
from watcher.store.opinions import forget_opinions
from watcher.store.poll_counts import forget_counts
from watcher.store.records import StoreCounts, StoreLag, StoreStats
from watcher.store.reply_threads import forget_threads
from watcher.store.stories import forget_stories
from watcher.store.tables import (
    DELIVERY_IS_WAITING,
    HOST_IS_FREE,
    NOTIFICATION_IS_UNFINISHED,
    RARE_STATES,
    alerts,
    deliveries,
    entries,
    feeds,
    hosts,
    notifications,
    seen,
)


class Purge:
    """Deletes what is past its time, chunk by chunk, until a chunk is empty."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reached = EPOCH
        """No entry that was first seen before may go for having no alert."""
        self._excess: int | None = None
        """How many entries are still to go because there are too many; None while that is not known."""

    def __call__(self, now: datetime, kept: Retention, chunk: int) -> int:
        """Deletes at most `chunk` rows of each kind; returns how many."""
        if self._excess is None:
            self._excess = self._count_excess(kept, chunk)
        with self._database.write("purge") as connection:
            self._database.serialise(connection, "routing")
            forget_nodes(connection, now)
            gone = retention.forget_keys(connection, now - kept.seen, chunk)
            dropped = retention.drop_entries(connection, now - kept.entries, chunk)
            unmatched = self._unmatched(connection, now, now - kept.unmatched, chunk - dropped, self._excess - dropped)
            dropped += len(unmatched)
            gone += dropped
            gone += retention.drop_alerts(connection, now - kept.messages, chunk)
            gone += retention.drop_notifications(connection, now - kept.messages, chunk)
            gone += retention.drop_groups(connection, now - kept.messages, chunk)
            gone += forget_stories(connection, now - kept.entries, chunk)
            gone += forget_threads(connection, now, chunk)
            gone += forget_opinions(connection, now, chunk)
            gone += forget_acts(connection, now - kept.messages, chunk)
            forget_counts(connection, now)
        if gone == 0 or 0 < self._excess <= dropped:
            self._excess = None
        else:
            self._excess = max(0, self._excess - dropped)
        self._reached = max(unmatched, default=self._reached) if gone else EPOCH
        return gone

    def _count_excess(self, kept: Retention, chunk: int) -> int:
        """By how many entries there are too many, or too many bytes: that is estimated, and half of it goes before the
        next look. Counting reads all entries, so nobody waits for it, and it is not done for each chunk.
        """
        if kept.max_entries is None and kept.max_bytes is None:
            return 0
        with self._database.read() as connection:
            count = _count(connection, entries)
            used = 0 if kept.max_bytes is None else self._database.used(connection)
        excess = 0 if kept.max_entries is None else max(0, count - kept.max_entries)
        if kept.max_bytes is not None and used > kept.max_bytes:
            too_large = count * (used - kept.max_bytes) // used
            excess = max(excess, chunk, too_large // 2)
        return excess

    def _unmatched(
        self, connection: Connection, now: datetime, before: datetime, most: int, excess: int
    ) -> list[datetime]:
        """Drops up to `most` entries without an alert: those seen first `before`, younger ones while there is an
        `excess`. From where the last chunk ended; then again from the first, since alerts may have gone meanwhile.
        """
        for since in dict.fromkeys((self._reached, EPOCH)):
            dropped = retention.drop_unmatched(connection, since, before, most)
            if (left := min(excess, most) - len(dropped)) > 0:
                dropped += retention.drop_unmatched(connection, since, now, left)
            if dropped:
                return dropped
        return []


def lag(database: Database) -> StoreLag:
    """Since when the oldest work waits."""
    due = select(func.min(hosts.c.due_at)).where(HOST_IS_FREE)
    waiting = select(func.min(deliveries.c.waiting_since)).where(DELIVERY_IS_WAITING)
    unsent = select(func.min(notifications.c.created_at)).where(NOTIFICATION_IS_UNFINISHED)
    attempt = select(func.min(notifications.c.next_attempt_at)).where(NOTIFICATION_IS_UNFINISHED)
    with database.read() as connection:
        return StoreLag(*map(connection.scalar, (due, waiting, unsent, attempt)))


def stats(database: Database) -> StoreStats:
    """Counts and sizes."""
    with database.read() as connection:
        return StoreStats(
            feeds=_count(connection, feeds),
            entries=_count(connection, entries),
            seen=_count(connection, seen),
            alerts=_by_state(connection, alerts.c.state),
            deliveries=_by_state(connection, deliveries.c.state),
            notifications=_by_state(connection, notifications.c.state),
            bytes=database.size(),
            schema=schema.stored_version(connection) or "none",
        )


COUNTED_ENTRIES = 100_000
COUNTED_DELIVERIES = 10_000


def counts(database: Database) -> StoreCounts:
    """What a page shows of the store's size."""
    some = select(entries.c.id).limit(COUNTED_ENTRIES).subquery()
    newest = select(deliveries.c.state).order_by(deliveries.c.id.desc()).limit(COUNTED_DELIVERIES).subquery()
    with database.read() as connection:
        counted = connection.scalar(select(func.count()).select_from(some)) or 0
        first, last = (connection.scalar(select(end(entries.c.id))) or 0 for end in (func.min, func.max))
        states = _by_state(connection, newest.c.state)
        is_cut = sum(states.values()) == COUNTED_DELIVERIES
        for state, condition in RARE_STATES.items() if is_cut else ():
            number = connection.scalar(select(func.count()).select_from(deliveries).where(condition)) or 0
            states = {name: count for name, count in states.items() if name != state.value}
            states |= {state.value: number} if number else {}
        return StoreCounts(
            entries=counted,
            most_entries=counted if counted < COUNTED_ENTRIES else last - first + 1,
            deliveries=states,
            newest=COUNTED_DELIVERIES if is_cut else None,
            bytes=database.size(),
            schema=schema.stored_version(connection) or "none",
        )


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _by_state(connection: Connection, state: ColumnElement[Any]) -> dict[str, int]:
    rows = connection.execute(select(state, func.count()).group_by(state).order_by(state))
    return {str(member): count for member, count in rows}
