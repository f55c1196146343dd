"""Alerts on the shelf: reading them, and routing them into deliveries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, select, update

from watcher.model.alert import Alert, AlertState
from watcher.model.notification import DeliveryState, GroupKey, Routed
from watcher.model.route import ChannelRef
from watcher.store import documents
from watcher.store.database import AnyRow, Database, Shelf, chunks, execute_many
from watcher.store.interface import DeliveryLife
from watcher.store.prefix import begins_with
from watcher.store.tables import ALERT_IS_UNROUTED, alerts, deliveries, delivery_groups, notifications

UNFROZEN = (DeliveryState.WAITING, DeliveryState.HELD)


class SqlAlerts(Shelf):
    """The part of `AlertStore` that reads and routes alerts."""

    def unrouted_alerts(self, limit: int) -> list[Alert]:
        with self._database.read() as connection:
            return read_alerts(connection, unrouted(limit))

    def save_routing(self, routed: Sequence[Routed], now: datetime) -> None:
        with self._database.write("save_routing") as connection:
            self._database.serialise(connection, "routing")
            unrouted_rows = _unrouted_rows(connection, [decision.alert_id for decision in routed])
            fresh = [decision for decision in routed if decision.alert_id in unrouted_rows]
            keys = {one.group.id: one.group for decision in fresh for one in decision.deliveries}
            groups = group_ids(self._database, connection, keys)
            rows = [
                _waiting(unrouted_rows[decision.alert_id], one.group, groups[one.group.id], now)
                for decision in fresh
                for one in decision.deliveries
            ]
            execute_many(connection, self._database.insert_missing(deliveries, ("alert_seq", "channel")), rows)
            _mark_routed(connection, fresh, unrouted_rows, now)

    def reroute_waiting(self, now: datetime) -> int:
        unfrozen = deliveries.c.state.in_(UNFROZEN)
        with self._database.write("reroute_waiting") as connection:
            self._database.serialise(connection, "routing")
            returned = connection.execute(
                update(alerts)
                .where(alerts.c.seq.in_(select(deliveries.c.alert_seq).where(unfrozen)))
                .values(state=AlertState.UNROUTED, reason="")
            )
            connection.execute(delete(deliveries).where(unfrozen))
            return returned.rowcount

    def alerts(self, *, limit: int = 50, topic: str | None = None, since: datetime | None = None) -> list[Alert]:
        query = select(alerts).order_by(alerts.c.created_at.desc(), alerts.c.seq.desc()).limit(limit)
        if topic is not None:
            query = query.where(alerts.c.topic == topic)
        if since is not None:
            query = query.where(alerts.c.created_at >= since)
        with self._database.read() as connection:
            return read_alerts(connection, query)

    def told_alerts(self, since: datetime, until: datetime) -> list[tuple[str, datetime]]:
        query = select(alerts.c.topic, alerts.c.created_at).where(
            alerts.c.created_at.between(since, until), alerts.c.state != AlertState.FOLDED
        )
        with self._database.read() as connection:
            return [(row.topic, row.created_at) for row in connection.execute(query)]

    def alert(self, id_prefix: str) -> Alert | None:
        with self._database.read() as connection:
            found = read_alerts(connection, select(alerts).where(begins_with(alerts.c.id, id_prefix)).limit(2))
        return found[0] if len(found) == 1 else None

    def alert_life(self, alert_id: str) -> list[DeliveryLife]:
        query = (
            select(deliveries, delivery_groups.c.route, notifications.c.key.label("notification_key"))
            .join(alerts, alerts.c.seq == deliveries.c.alert_seq)
            .join(delivery_groups, delivery_groups.c.id == deliveries.c.group_id)
            .outerjoin(notifications, notifications.c.id == deliveries.c.notification_id)
            .where(alerts.c.id == alert_id)
            .order_by(deliveries.c.channel)
        )
        with self._database.read() as connection:
            return [_life(row) for row in connection.execute(query)]


def unrouted(limit: int) -> Select[Any]:
    """The query for alerts that no route has seen, oldest first."""
    return select(alerts).where(ALERT_IS_UNROUTED).order_by(alerts.c.seq).limit(limit)


def read_alerts(connection: Connection, query: Select[Any]) -> list[Alert]:
    """The alerts that a query on whole rows finds, with the sources folded into them so far."""
    rows = connection.execute(query).all()
    sources = _sources(connection, [row.id for row in rows])
    return [_alert(row, sources.get(row.id, ())) for row in rows]


def _alert(row: AnyRow, sources: Sequence[str]) -> Alert:
    others = tuple(title for title in dict.fromkeys(sources) if title != row.feed_title)
    return replace(
        documents.alerts.read(row.document),
        sources=others,
        state=row.state,
        reason=row.reason,
        folded_into=row.folded_into,
        created_at=row.created_at,
    )


def _sources(connection: Connection, ids: Collection[str]) -> dict[str, list[str]]:
    """Titles of the feeds whose alerts were folded into each of these, in order of creation."""
    sources: dict[str, list[str]] = {}
    folded = select(alerts.c.folded_into, alerts.c.feed_title).order_by(alerts.c.seq)
    for some in chunks(ids):
        for row in connection.execute(folded.where(alerts.c.folded_into.in_(some))):
            sources.setdefault(row.folded_into, []).append(row.feed_title)
    return sources


def _unrouted_rows(connection: Connection, ids: Collection[str]) -> dict[str, AnyRow]:
    query = select(alerts.c.id, alerts.c.seq, alerts.c.score, alerts.c.routed_at)
    return {
        row.id: row
        for some in chunks(set(ids))
        for row in connection.execute(query.where(ALERT_IS_UNROUTED, alerts.c.id.in_(some)).with_for_update())
    }


def group_ids(database: Database, connection: Connection, keys: Mapping[str, GroupKey]) -> dict[str, int]:
    """Row ids of groups by the id of their key; groups that are new are made."""
    rows = [
        {"key": name, "route": key.route, "channel": str(key.channel), "labels": documents.labels.write(key.labels)}
        for name, key in sorted(keys.items())
    ]
    execute_many(connection, database.insert_missing(delivery_groups, ("key",)), rows)
    query = select(delivery_groups.c.key, delivery_groups.c.id)
    return {
        row.key: row.id
        for some in chunks(keys)
        for row in connection.execute(query.where(delivery_groups.c.key.in_(some)))
    }


def _waiting(alert: AnyRow, group: GroupKey, group_id: int, now: datetime) -> dict[str, Any]:
    return {
        "alert_seq": alert.seq,
        "channel": str(group.channel),
        "group_id": group_id,
        "score": alert.score,
        "waiting_since": alert.routed_at or now,
        "state": DeliveryState.WAITING,
        "reason": "routed",
        "since": now,
    }


def _mark_routed(connection: Connection, routed: Sequence[Routed], rows: dict[str, AnyRow], now: datetime) -> None:
    statement = (
        update(alerts)
        .where(alerts.c.seq == bindparam("row_seq"))
        .values(state=AlertState.ROUTED, reason=bindparam("why"), routed_at=bindparam("first_routed_at"))
    )
    decided = [
        {
            "row_seq": rows[decision.alert_id].seq,
            "why": decision.reason,
            "first_routed_at": rows[decision.alert_id].routed_at or now,
        }
        for decision in routed
    ]
    execute_many(connection, statement, decided)


def _life(row: AnyRow) -> DeliveryLife:
    return DeliveryLife(
        ChannelRef.parse(row.channel), row.route, row.state, row.reason, row.since, row.notification_key
    )
