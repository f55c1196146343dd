"""Health of the store itself: schema, small facts, retention, backup, counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Column, Connection, Table, func, select

from watcher.store import retention, schema
from watcher.store.database import StorePart
from watcher.store.interface import StoreStats
from watcher.store.reply_threads import forget_threads
from watcher.store.stories import forget_stories
from watcher.store.tables import alerts, deliveries, entries, facts, feeds, notifications, seen


class SqlUpkeep(StorePart):
    """The `Upkeep`."""

    def upgrade(self) -> str:
        return schema.upgrade(self._database)

    def check_schema(self) -> None:
        schema.check(self._database)

    def remember(self, name: str, value: str) -> None:
        with self._database.write("remember") as connection:
            connection.execute(self._database.upsert(facts, ("name",), ("value",)), [{"name": name, "value": value}])

    def recall(self, name: str) -> str | None:
        with self._database.read() as connection:
            return connection.scalar(select(facts.c.value).where(facts.c.name == name))

    def purge(
        self, now: datetime, *, seen_for: timedelta, entries_for: timedelta, finished_for: timedelta, chunk: int
    ) -> int:
        with self._database.write("purge") as connection:
            self._database.serialise(connection, "routing")
            gone = (
                retention.forget_keys(connection, now - seen_for, chunk)
                + retention.drop_entries(connection, now - entries_for, chunk)
                + retention.drop_alerts(connection, now - finished_for, chunk)
                + retention.drop_notifications(connection, now - finished_for, chunk)
                + retention.drop_groups(connection, now - finished_for, chunk)
                + forget_stories(connection, now - entries_for, chunk)
                + forget_threads(connection, now, chunk)
            )
        if gone:
            self._database.tidy()
        return gone

    def backup(self, target: Path) -> None:
        self._database.backup(target)

    def stats(self) -> StoreStats:
        with self._database.read() as connection:
            return StoreStats(
                feeds=_count(connection, feeds),
                entries=_count(connection, entries),
                seen=_count(connection, seen),
                alerts=_by_state(connection, alerts.c.state),
                deliveries=_by_state(connection, deliveries.c.state),
                notifications=_by_state(connection, notifications.c.state),
                bytes=self._database.size(),
                schema=schema.stored_version(connection) or "none",
            )

    def close(self) -> None:
        self._database.close()


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _by_state(connection: Connection, state: Column[object]) -> dict[str, int]:
    rows = connection.execute(select(state, func.count()).group_by(state).order_by(state))
    return {str(member): count for member, count in rows}
