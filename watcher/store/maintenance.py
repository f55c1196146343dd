"""Retention and counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, func, select

from watcher.store import retention, schema
from watcher.store.acts import forget_acts
from watcher.store.columns import EPOCH
from watcher.store.database import Database
from watcher.store.nodes import forget_nodes
from watcher.store.opinions import forget_opinions
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
    """Deletes what is past its time, chunk by chunk."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reached = EPOCH
        """No entry that was first seen before may go for having no alert."""

    def __call__(
        self,
        now: datetime,
        seen_for: timedelta,
        entries_for: timedelta,
        finished_for: timedelta,
        chunk: int,
        unmatched_for: timedelta | None,
        most_entries: int | None,
        most_bytes: int | None,
    ) -> int:
        """Deletes at most `chunk` rows of each kind; returns how many."""
        with self._database.read() as connection:  # counting takes long in a large store: nobody waits for it
            excess = 0 if most_entries is None else max(_count(connection, entries) - most_entries, 0)
            if most_bytes is not None and self._database.used(connection) > most_bytes:
                excess = max(excess, chunk)
        with self._database.write("purge") as connection:
            self._database.serialise(connection, "routing")
            forget_nodes(connection, now)
            gone = retention.forget_keys(connection, now - seen_for, chunk)
            gone += retention.drop_entries(connection, now - entries_for, chunk)
            unmatched = self._unmatched(connection, now, chunk, unmatched_for, excess)
            gone += len(unmatched)
            gone += retention.drop_alerts(connection, now - finished_for, chunk)
            gone += retention.drop_notifications(connection, now - finished_for, chunk)
            gone += retention.drop_groups(connection, now - finished_for, chunk)
            gone += forget_stories(connection, now - entries_for, chunk)
            gone += forget_threads(connection, now, chunk)
            gone += forget_opinions(connection, now, chunk)
            gone += forget_acts(connection, now - finished_for, chunk)
        self._reached = max(unmatched, default=self._reached) if gone else EPOCH
        return gone

    def _unmatched(
        self, connection: Connection, now: datetime, chunk: int, unmatched_for: timedelta | None, excess: int
    ) -> list[datetime]:
        """Drops entries without an alert, from where the last chunk ended; then again from the first, since alerts
        may have gone meanwhile.
        """
        for since in dict.fromkeys((self._reached, EPOCH)):
            dropped = []
            if unmatched_for:
                dropped += retention.drop_unmatched(connection, since, now - unmatched_for, chunk)
            if excess:
                dropped += retention.drop_unmatched(connection, since, now, min(excess, chunk))
            if dropped:
                return dropped
        return []


def lag(database: Database) -> StoreLag:
    """Since when the oldest work waits."""
    due = select(func.min(hosts.c.due_at)).where(HOST_IS_FREE)
    waiting = select(func.min(deliveries.c.waiting_since)).where(DELIVERY_IS_WAITING)
    unsent = select(func.min(notifications.c.created_at)).where(NOTIFICATION_IS_UNFINISHED)
    with database.read() as connection:
        return StoreLag(connection.scalar(due), connection.scalar(waiting), connection.scalar(unsent))


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
