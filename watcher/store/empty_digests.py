"""Digests that say that nothing matched: one for each slot, whichever process asks, and however often."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, select, update

from watcher.errors import NotifyReason
from watcher.model.notification import DeliveryState, EmptySlot, Notification, NotificationState
from watcher.store import documents
from watcher.store.database import StorePart
from watcher.store.groups import has_unfinished
from watcher.store.routing import group_ids
from watcher.store.tables import (
    ALERT_IS_UNROUTED,
    DELIVERY_IS_HELD,
    DELIVERY_IS_WAITING,
    deliveries,
    delivery_groups,
    notifications,
)


class EmptyDigests(StorePart):
    """Digests that say that there were no alerts."""

    def freeze(self, slot: EmptySlot, now: datetime) -> Notification | None:
        """Makes a READY notification without alerts for a slot in which nothing gathered; its `omitted` says how many
        alerts were silenced there.

        None when there is anything to report: alerts that are not routed yet; deliveries of these routes and this
        channel that are held, or waiting since before `due`; a notification made since the slot or not finished yet; or
        this very notification.
        """
        with self._database.read() as connection:
            if _has_something(connection, slot):
                return None
        with self._database.write("freeze_empty") as connection:
            self._database.serialise(connection, "routing")
            if _has_something(connection, slot):
                return None
            (group_id,) = group_ids(self._database, connection, {slot.group.id: slot.group}).values()
            if has_unfinished(connection, group_id):
                return None
            silenced = connection.scalar(select(func.count()).select_from(deliveries).where(_silenced(slot))) or 0
            return _save(connection, group_id, slot, silenced, now)


def _has_something(connection: Connection, slot: EmptySlot) -> bool:
    """Whether there is, or was since the slot, anything to send there; also when an empty digest was made already.

    Asked every second for an hour: what answers on most days, and by an index, comes first.
    """
    of_groups = deliveries.c.group_id.in_(_groups(slot))
    made = select(notifications.c.id).join(delivery_groups, delivery_groups.c.id == notifications.c.group_id)
    since = (notifications.c.channel == str(slot.channel), notifications.c.created_at >= slot.slot)
    questions = (
        exists().where(notifications.c.key == slot.key),
        made.where(*since, delivery_groups.c.route.in_(slot.routes)).exists(),
        exists().where(ALERT_IS_UNROUTED),
        exists().where(of_groups, DELIVERY_IS_WAITING, deliveries.c.waiting_since <= slot.due),
        exists().where(of_groups, DELIVERY_IS_HELD),
    )
    return any(connection.scalar(select(question)) for question in questions)


def _silenced(slot: EmptySlot) -> ColumnElement[bool]:
    """The condition for what was silenced when the slot came: it would have been sent there."""
    return and_(
        deliveries.c.group_id.in_(_groups(slot)),
        deliveries.c.state == DeliveryState.SILENCED,
        deliveries.c.since >= slot.slot,
    )


def _groups(slot: EmptySlot) -> ColumnElement[int]:
    ids = select(delivery_groups.c.id).where(
        delivery_groups.c.route.in_(slot.routes), delivery_groups.c.channel == str(slot.channel)
    )
    return ids.scalar_subquery()


def _save(connection: Connection, group_id: int, slot: EmptySlot, silenced: int, now: datetime) -> Notification:
    made = Notification(
        slot.key, slot.group, NotifyReason.NOTHING, (), now, omitted=silenced, state=NotificationState.READY,
        next_attempt_at=now,
    )  # fmt: skip
    row = {
        "key": made.key,
        "group_id": group_id,
        "channel": str(slot.channel),
        "reason": made.reason.value,
        "snapshot": documents.snapshots.write(()),
        "omitted": silenced,
        "state": made.state,
        "created_at": now,
        "next_attempt_at": now,
    }
    connection.execute(insert(notifications), [row])
    connection.execute(update(delivery_groups).where(delivery_groups.c.id == group_id).values(last_flush_at=now))
    return made
