"""Groups of waiting deliveries, and freezing one into a notification (I2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, exists, func, insert, select, update

from watcher.errors import NotifyReason
from watcher.model.alert import Alert
from watcher.model.notification import (
    DeliveryState,
    GroupKey,
    Notification,
    NotificationState,
    WaitingGroup,
    notification_key,
)
from watcher.model.route import ChannelRef
from watcher.store import documents
from watcher.store.alerts import read_alerts
from watcher.store.database import AnyRow, Shelf
from watcher.store.tables import (
    DELIVERY_IS_WAITING,
    NOTIFICATION_IS_UNFINISHED,
    alerts,
    deliveries,
    delivery_groups,
    notifications,
)


class SqlGroups(Shelf):
    """The part of `AlertStore` that gathers and freezes."""

    def waiting_groups(self) -> list[WaitingGroup]:
        with self._database.read() as connection:
            return [_waiting_group(row) for row in connection.execute(waiting())]

    def waiting_alerts(self, group: GroupKey, limit: int) -> list[Alert]:
        with self._database.read() as connection:
            row = connection.execute(_group_row(group)).one_or_none()
            return [] if row is None else read_alerts(connection, best_waiting(row.id, limit))

    def freeze(self, group: GroupKey, reason: NotifyReason, now: datetime, limit: int) -> Notification | None:
        with self._database.write("close_digest" if reason is NotifyReason.DIGEST else "freeze") as connection:
            self._database.serialise(connection, "routing")
            row = connection.execute(_group_row(group).with_for_update()).one_or_none()
            if row is None or has_unfinished(connection, row.id):
                return None
            taken = read_alerts(connection, best_waiting(row.id, limit))
            if not taken:
                return None
            notification = _frozen(group, reason, taken, now)
            _save(connection, row.id, notification, now)
            return notification


def waiting() -> Select[Any]:
    """The query for groups with waiting deliveries, by first waiting alert."""
    gathered = (
        select(
            deliveries.c.group_id,
            func.min(deliveries.c.waiting_since).label("first_waiting_at"),
            func.count().label("gathered"),
            func.max(deliveries.c.score).label("best_score"),
        )
        .where(DELIVERY_IS_WAITING)
        .group_by(deliveries.c.group_id)
        .subquery()
    )
    unfinished = exists().where(notifications.c.group_id == gathered.c.group_id, NOTIFICATION_IS_UNFINISHED)
    return (
        select(delivery_groups, gathered, unfinished.label("has_unfinished"))
        .join(gathered, gathered.c.group_id == delivery_groups.c.id)
        .order_by(gathered.c.first_waiting_at, delivery_groups.c.key)
    )


def best_waiting(group_id: int, limit: int) -> Select[Any]:
    """The query for a group's waiting alerts, best first: score, then age."""
    return (
        select(alerts)
        .join(deliveries, deliveries.c.alert_seq == alerts.c.seq)
        .where(DELIVERY_IS_WAITING, deliveries.c.group_id == group_id)
        .order_by(deliveries.c.score.desc(), alerts.c.created_at, alerts.c.seq)
        .limit(limit)
    )


def has_unfinished(connection: Connection, group_id: int) -> bool:
    """Whether a notification of the group is still in the outbox."""
    query = select(exists().where(notifications.c.group_id == group_id, NOTIFICATION_IS_UNFINISHED))
    return bool(connection.scalar(query))


def group_key(row: AnyRow) -> GroupKey:
    """The key of a group from a row with its route, channel and labels."""
    return GroupKey(row.route, ChannelRef.parse(row.channel), documents.labels.read(row.labels))


def _group_row(group: GroupKey) -> Select[Any]:
    return select(delivery_groups.c.id).where(delivery_groups.c.key == group.id)


def _waiting_group(row: AnyRow) -> WaitingGroup:
    return WaitingGroup(
        key=group_key(row),
        first_waiting_at=row.first_waiting_at,
        last_flush_at=row.last_flush_at,
        count=row.gathered,
        best_score=row.best_score,
        has_unfinished=bool(row.has_unfinished),
    )


def _frozen(group: GroupKey, reason: NotifyReason, taken: list[Alert], now: datetime) -> Notification:
    return Notification(
        key=notification_key(group, [alert.id for alert in taken]),
        group=group,
        reason=reason,
        alerts=tuple(taken),
        created_at=now,
        state=NotificationState.READY,
        next_attempt_at=now,
    )


def _save(connection: Connection, group_id: int, notification: Notification, now: datetime) -> None:
    inserted = connection.execute(
        insert(notifications).returning(notifications.c.id),
        [
            {
                "key": notification.key,
                "group_id": group_id,
                "channel": str(notification.group.channel),
                "reason": notification.reason.value,
                "snapshot": documents.snapshots.write(notification.alerts),
                "state": notification.state,
                "created_at": now,
                "next_attempt_at": now,
            }
        ],
    )
    taken = select(alerts.c.seq).where(alerts.c.id.in_([alert.id for alert in notification.alerts]))
    connection.execute(
        update(deliveries)
        .where(deliveries.c.channel == str(notification.group.channel), deliveries.c.alert_seq.in_(taken))
        .values(
            state=DeliveryState.SENDING,
            reason=notification.reason.value,
            since=now,
            notification_id=inserted.scalar_one(),
        )
    )
    flushed = update(delivery_groups).where(delivery_groups.c.id == group_id)
    connection.execute(flushed.values(last_flush_at=now))
