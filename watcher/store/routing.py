"""Routing: which channels an alert goes to, as deliveries that wait in groups."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, select, update

from watcher.model.alert import Alert, AlertState
from watcher.model.notification import DeliveryState, GroupKey, Routed
from watcher.store import documents
from watcher.store.alerts import read_alerts
from watcher.store.database import AnyRow, Database, StorePart, chunks, execute_many
from watcher.store.tables import (
    ALERT_IS_UNEXAMINED,
    ALERT_IS_UNROUTED,
    alerts,
    deliveries,
    delivery_groups,
)

UNFROZEN = (DeliveryState.WAITING, DeliveryState.HELD)


class Routing(StorePart):
    """Alerts that are to be routed, for the notify pipeline."""

    def unrouted(self, limit: int) -> list[Alert]:
        """Alerts that are not routed yet, oldest first."""
        with self._database.read() as connection:
            return read_alerts(connection, unrouted(limit))

    def save(self, routed: Sequence[Routed], now: datetime) -> None:
        """Stores deliveries as waiting; an alert that is already delivered or waiting on a channel is left as it is there."""
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
        """Alerts folded into a story for which routing was not decided yet, oldest first."""
        with self._database.read() as connection:
            return read_alerts(connection, unexamined(limit))

    def save_copies(self, routed: Sequence[Routed], now: datetime) -> None:
        """Stores that folded alerts were examined, and those deliveries whose channel has none of the same topic and
        story yet. An alert that gets one is ROUTED from then on, still folded into the first alert of its story.
        """
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

    def withdraw(self, now: datetime) -> int:
        """After a change of configuration: withdraws unfrozen deliveries; their alerts are unrouted again.

        Returns how many alerts. What waited keeps the time since when it waits.
        """
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


def unrouted(limit: int) -> Select[Any]:
    """The query for alerts that no route has seen, oldest first."""
    return select(alerts).where(ALERT_IS_UNROUTED).order_by(alerts.c.seq).limit(limit)


def unexamined(limit: int) -> Select[Any]:
    """The query for folded alerts that no route has been asked about, oldest first."""
    return select(alerts).where(ALERT_IS_UNEXAMINED).order_by(alerts.c.seq).limit(limit)


def _channels_told(topic: str, story: str) -> Select[Any]:
    of_story = select(deliveries.c.channel).join(alerts, alerts.c.seq == deliveries.c.alert_seq)
    return of_story.where(alerts.c.topic == topic, alerts.c.story == story)


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
