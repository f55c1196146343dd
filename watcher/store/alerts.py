"""Alerts on the shelf: reading them, and routing them into deliveries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, or_, select, update

from watcher.model.alert import Alert, AlertState
from watcher.model.notification import DeliveryState, GroupKey, Routed
from watcher.model.route import ChannelRef
from watcher.store import documents
from watcher.store.database import AnyRow, Database, StorePart, chunks, execute_many
from watcher.store.interface import DeliveryLife
from watcher.store.prefix import begins_with
from watcher.store.tables import (
    ALERT_IS_UNEXAMINED,
    ALERT_IS_UNROUTED,
    alerts,
    deliveries,
    delivery_groups,
    notifications,
)

UNFROZEN = (DeliveryState.WAITING, DeliveryState.HELD)


class SqlAlerts(StorePart):
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

    def unexamined_copies(self, limit: int) -> list[Alert]:
        with self._database.read() as connection:
            return read_alerts(connection, unexamined(limit))

    def save_corroboration(self, routed: Sequence[Routed], now: datetime) -> None:
        with self._database.write("save_routing") as connection:
            self._database.serialise(connection, "routing")
            for decision in routed:
                rows = connection.execute(select(alerts).where(alerts.c.id == decision.alert_id, ALERT_IS_UNEXAMINED))
                for alert in rows:
                    self._corroborate(connection, alert, decision, now)

    def _corroborate(self, connection: Connection, alert: AnyRow, decision: Routed, now: datetime) -> None:
        told_on = set(connection.scalars(_channels_told(alert.topic, alert.story)))
        news = [one for one in decision.deliveries if str(one.group.channel) not in told_on]
        groups = group_ids(self._database, connection, {one.group.id: one.group for one in news})
        rows = [_waiting(alert, one.group, groups[one.group.id], now) for one in news]
        execute_many(connection, self._database.insert_missing(deliveries, ("alert_seq", "channel")), rows)
        becomes: dict[str, Any] = {"routed_at": now}
        if news:
            becomes |= {"state": AlertState.ROUTED, "reason": "a copy of a story not told there yet"}
        connection.execute(update(alerts).where(alerts.c.seq == alert.seq).values(**becomes))

    def reroute_waiting(self, now: datetime) -> int:
        unfrozen = deliveries.c.state.in_(UNFROZEN)
        with self._database.write("reroute_waiting") as connection:
            self._database.serialise(connection, "routing")
            withdrawn = update(alerts).where(alerts.c.seq.in_(select(deliveries.c.alert_seq).where(unfrozen)))
            returned = connection.execute(
                withdrawn.where(alerts.c.folded_into.is_(None)).values(state=AlertState.UNROUTED, reason="")
            )
            copies = withdrawn.where(alerts.c.folded_into.is_not(None))
            connection.execute(copies.values(state=AlertState.FOLDED, reason="", routed_at=None))
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

    def copies_of(self, alert_id: str) -> list[Alert]:
        query = select(alerts).where(alerts.c.folded_into == alert_id).order_by(alerts.c.seq)
        with self._database.read() as connection:
            return read_alerts(connection, query)

    def alert_fates(self, alert_ids: Collection[str]) -> dict[str, dict[DeliveryState, int]]:
        counts = select(alerts.c.id, deliveries.c.state, func.count().label("number"))
        counts = counts.join(deliveries, deliveries.c.alert_seq == alerts.c.seq).group_by(
            alerts.c.id, deliveries.c.state
        )
        fates: dict[str, dict[DeliveryState, int]] = {}
        with self._database.read() as connection:
            for some in chunks(alert_ids):
                for row in connection.execute(counts.where(alerts.c.id.in_(some))):
                    fates.setdefault(row.id, {})[row.state] = row.number
        return fates

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


def unexamined(limit: int) -> Select[Any]:
    """The query for folded alerts that no route has been asked about, oldest first."""
    return select(alerts).where(ALERT_IS_UNEXAMINED).order_by(alerts.c.seq).limit(limit)


def _channels_told(topic: str, story: str) -> Select[Any]:
    of_story = select(deliveries.c.channel).join(alerts, alerts.c.seq == deliveries.c.alert_seq)
    return of_story.where(alerts.c.topic == topic, alerts.c.story == story)


def read_alerts(connection: Connection, query: Select[Any]) -> list[Alert]:
    """The alerts that a query on whole rows finds, with the sources folded into them so far."""
    rows = connection.execute(query).all()
    tellers = _tellers(connection, {row.folded_into or row.id for row in rows})
    return [_alert(row, tellers.get(row.folded_into or row.id, ())) for row in rows]


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


def _tellers(connection: Connection, ids: Collection[str]) -> dict[str, list[str]]:
    """Titles of the feeds that tell each of these stories, by the id of the alert told first, in order of creation."""
    tellers: dict[str, list[str]] = {}
    told = select(alerts.c.id, alerts.c.folded_into, alerts.c.feed_title).order_by(alerts.c.seq)
    for some in chunks(ids):
        for row in connection.execute(told.where(or_(alerts.c.id.in_(some), alerts.c.folded_into.in_(some)))):
            tellers.setdefault(row.folded_into or row.id, []).append(row.feed_title)
    return tellers


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
