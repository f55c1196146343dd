"""Groups of waiting deliveries, and freezing one into a notification (I2)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, case, exists, func, insert, select, update

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
from watcher.model.topic import Level
from watcher.store import documents
from watcher.store.alerts import read_with_copies
from watcher.store.database import AnyRow, StorePart, chunks
from watcher.store.late_copies import late_list, remember_shown
from watcher.store.stories import publishers_of
from watcher.store.tables import (
    DELIVERY_IS_WAITING,
    NOTIFICATION_IS_UNFINISHED,
    alerts,
    deliveries,
    delivery_groups,
    entries,
    notifications,
)

BEST_FIRST = (deliveries.c.score.desc(), alerts.c.created_at, alerts.c.seq)


class Groups(StorePart):
    """Groups of waiting deliveries, until they are frozen into a notification."""

    def waiting(self) -> list[WaitingGroup]:
        """Groups with waiting deliveries, in order of their first waiting alert."""
        with self._database.read() as connection:
            return [_waiting_group(row) for row in connection.execute(waiting())]

    def nth_waiting_at(self, group: GroupKey, number: int) -> datetime | None:
        """Since when `number` alerts have been waiting in a group; None when there are fewer."""
        of_group = select(delivery_groups.c.id).where(delivery_groups.c.key == group.id).scalar_subquery()
        waiting_since = select(deliveries.c.waiting_since).where(DELIVERY_IS_WAITING, deliveries.c.group_id == of_group)
        with self._database.read() as connection:
            return connection.scalar(waiting_since.order_by(deliveries.c.waiting_since).offset(number - 1).limit(1))

    def waiting_alerts(self, group: GroupKey, limit: int) -> list[Alert]:
        """The alerts that `freeze` would take now, in the same order and with the same sources. Changes nothing."""
        with self._database.read() as connection:
            row = connection.execute(_group_row(group)).one_or_none()
            return [] if row is None else _best(connection, waiting_in(row.id), limit)[0]

    def freeze(
        self, group: GroupKey, reason: NotifyReason, now: datetime, limit: int, late: Collection[str] = ()
    ) -> Notification | None:
        """Turns the group's waiting deliveries into one READY notification, in one transaction (I2).

        None when nothing waits any more or an unfinished notification of the group exists. The snapshot holds the
        `limit` best alerts (by score, then age); the others belong to the notification as well and are counted as
        `omitted`. Each alert's `sources` are the titles of the other feeds folded into it so far. `late` are copies
        (ids) of earlier alerts that it lists as well, unless a message does already. The group's last flush becomes
        `now`.
        """
        with self._database.write("close_digest" if reason is NotifyReason.DIGEST else "freeze") as connection:
            self._database.serialise(connection, "routing")
            row = connection.execute(_group_row(group).with_for_update()).one_or_none()
            if row is None:
                return None
            return freeze_deliveries(connection, row.id, group, reason, now, waiting_in(row.id), limit, late)


def waiting_group(connection: Connection, group_id: int) -> WaitingGroup | None:
    """One group; None when nothing waits in it."""
    row = connection.execute(_waiting_in_one(), {"group_id": group_id}).one_or_none()
    return None if row is None else _waiting_group(row)


@cache
def _waiting_in_one() -> Select[Any]:
    """Built once: that takes longer than running it, which is done for each copy and each delivery of its story."""
    return waiting(waiting_in(bindparam("group_id", type_=deliveries.c.group_id.type)))


def waiting(which: ColumnElement[bool] = DELIVERY_IS_WAITING) -> Select[Any]:
    """The query for groups with waiting deliveries, by first waiting alert; `which`: a narrower condition."""
    gathered = (
        select(
            deliveries.c.group_id,
            func.min(deliveries.c.waiting_since).label("first_waiting_at"),
            func.count().label("gathered"),
            func.max(deliveries.c.score).label("best_score"),
        )
        .where(which)
        .group_by(deliveries.c.group_id)
        .subquery()
    )
    unfinished = exists().where(notifications.c.group_id == gathered.c.group_id, NOTIFICATION_IS_UNFINISHED)
    return (
        select(delivery_groups, gathered, unfinished.label("has_unfinished"))
        .join(gathered, gathered.c.group_id == delivery_groups.c.id)
        .order_by(gathered.c.first_waiting_at, delivery_groups.c.key)
    )


def waiting_in(group_id: int | ColumnElement[int]) -> ColumnElement[bool]:
    """The condition for deliveries that wait in a group."""
    return and_(DELIVERY_IS_WAITING, deliveries.c.group_id == group_id)


def best_alerts(taken: ColumnElement[bool], limit: int) -> Select[Any]:
    """The query for at most `limit` alerts of some deliveries, best first: score, then age.

    Where there are more, each feed in its order contributes its next best alert of a level until the limit is reached:
    a flood of one feed, however well it scores, does not push the alerts of others out of a message.
    """
    is_mention = case((alerts.c.level == Level.FOCUS, 0), else_=1)
    place = func.row_number().over(partition_by=(entries.c.feed_id, alerts.c.level), order_by=BEST_FIRST)
    chosen = (
        select(alerts.c.seq)
        .join(deliveries, deliveries.c.alert_seq == alerts.c.seq)
        .outerjoin(entries, entries.c.key == alerts.c.entry_key)
        .where(taken)
        .order_by(is_mention, place, *BEST_FIRST)
        .limit(limit)
    )
    query = select(alerts).join(deliveries, deliveries.c.alert_seq == alerts.c.seq).where(taken)
    return query.where(alerts.c.seq.in_(chosen)).order_by(*BEST_FIRST)


def _best(connection: Connection, taken: ColumnElement[bool], limit: int) -> tuple[list[Alert], set[int]]:
    """The best alerts of some deliveries, as a message shows them: with all publishers of their stories so far. And the
    rows of the copies that it shows with them.
    """
    found, copies = read_with_copies(connection, best_alerts(taken, limit))
    publishers = publishers_of(connection, {alert.story for alert in found})
    return [replace(alert, publishers=publishers.get(alert.story, alert.publishers)) for alert in found], copies


def freeze_deliveries(
    connection: Connection,
    group_id: int,
    group: GroupKey,
    reason: NotifyReason,
    now: datetime,
    taken: ColumnElement[bool],
    limit: int,
    late: Collection[str] = (),
) -> Notification | None:
    """Turns the deliveries that a condition takes into one notification of the group (I2).

    Its snapshot holds the `limit` best alerts; those beyond belong to it as well and are counted in `omitted`. `late`
    are copies (ids) of earlier alerts to list as well.
    """
    query = select(deliveries.c.id, alerts.c.id.label("alert_id"))
    rows = connection.execute(query.join(alerts, deliveries.c.alert_seq == alerts.c.seq).where(taken)).all()
    if not rows or has_unfinished(connection, group_id):
        return None
    shown, copies = _best(connection, taken, limit)
    listed = late_list(connection, group.channel, late, copies, now)
    notification = Notification(
        key=notification_key(group, [row.alert_id for row in rows]),
        group=group,
        reason=reason,
        alerts=tuple(shown),
        created_at=now,
        omitted=len(rows) - len(shown),
        state=NotificationState.READY,
        next_attempt_at=now,
        late=listed.stories,
    )
    notification_id = save_notification(connection, group_id, notification)
    remember_shown(connection, copies.union(listed.rows), str(group.channel), notification_id)
    frozen = update(deliveries).values(
        state=DeliveryState.SENDING, reason=reason.value, since=now, held_until=None, notification_id=notification_id
    )
    for some in chunks([row.id for row in rows]):
        connection.execute(frozen.where(deliveries.c.id.in_(some)))
    return notification


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


def save_notification(connection: Connection, group_id: int, notification: Notification) -> int:
    """Inserts a new READY notification, and notes the group's last flush; returns its row."""
    made_at = notification.created_at
    row = {
        "key": notification.key,
        "group_id": group_id,
        "channel": str(notification.group.channel),
        "reason": notification.reason.value,
        "snapshot": documents.snapshots.write(notification.alerts),
        "omitted": notification.omitted,
        "late": documents.late_copies.write(notification.late) if notification.late else None,
        "state": notification.state,
        "created_at": made_at,
        "next_attempt_at": made_at,
    }
    inserted = connection.execute(insert(notifications).returning(notifications.c.id), [row])
    flushed = update(delivery_groups).where(delivery_groups.c.id == group_id)
    connection.execute(flushed.values(last_flush_at=made_at))
    row_id: int = inserted.scalar_one()
    return row_id
