"""Alerts on the shelf: reading them, and routing them into deliveries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from watcher.model.alert import Alert, AlertState
from watcher.model.notification import DeliveryState
from watcher.model.route import ChannelRef
from watcher.store import documents
from watcher.store.database import AnyRow, StorePart, chunks
from watcher.store.prefix import begins_with
from watcher.store.records import DeliveryLife
from watcher.store.tables import (
    alerts,
    deliveries,
    delivery_groups,
    notifications,
)

UNFROZEN = (DeliveryState.WAITING, DeliveryState.HELD)


class Alerts(StorePart):
    """Stored alerts and what became of them; reading only."""

    def newest(self, *, limit: int = 50, topic: str | None = None, since: datetime | None = None) -> list[Alert]:
        """Alerts, newest first."""
        query = select(alerts).order_by(alerts.c.created_at.desc(), alerts.c.seq.desc()).limit(limit)
        if topic is not None:
            query = query.where(alerts.c.topic == topic)
        if since is not None:
            query = query.where(alerts.c.created_at >= since)
        with self._database.read() as connection:
            return read_alerts(connection, query)

    def times(self, since: datetime, until: datetime) -> list[tuple[str, datetime]]:
        """Topic and time of every alert made in [since, until] that was not folded into another."""
        query = select(alerts.c.topic, alerts.c.created_at).where(
            alerts.c.created_at.between(since, until), alerts.c.state != AlertState.FOLDED
        )
        with self._database.read() as connection:
            return [(row.topic, row.created_at) for row in connection.execute(query)]

    def find(self, id_prefix: str) -> Alert | None:
        """The one alert whose id begins with `id_prefix`; None when none or several do."""
        with self._database.read() as connection:
            found = read_alerts(connection, select(alerts).where(begins_with(alerts.c.id, id_prefix)).limit(2))
        return found[0] if len(found) == 1 else None

    def copies_of(self, alert_id: str) -> list[Alert]:
        """The alerts folded into this one, in order of creation."""
        query = select(alerts).where(alerts.c.folded_into == alert_id).order_by(alerts.c.seq)
        with self._database.read() as connection:
            return read_alerts(connection, query)

    def delivery_states(self, alert_ids: Collection[str]) -> dict[str, dict[DeliveryState, int]]:
        """How many deliveries of each alert are in which state; alerts without a delivery are left out."""
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

    def deliveries(self, alert_id: str) -> list[DeliveryLife]:
        """Every delivery of the alert, in order of channel."""
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


def _life(row: AnyRow) -> DeliveryLife:
    return DeliveryLife(
        ChannelRef.parse(row.channel), row.route, row.state, row.reason, row.since, row.notification_key
    )
