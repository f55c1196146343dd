"""Digests that say that nothing matched: one for each slot, whichever process asks, and however often."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select

from watcher.errors import NotifyReason
from watcher.model.notification import DeliveryState, EmptySlot, Notification, NotificationState
from watcher.store.database import StorePart
from watcher.store.groups import has_unfinished, save_notification
from watcher.store.late_copies import late_list, remember_shown
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

    def is_wanted(self, slot: EmptySlot) -> bool:
        """Whether `freeze` would make one at this moment; asked every second for an hour, so it takes no lock."""
        with self._database.read() as connection:
            return not _has_something(connection, slot)

    def freeze(self, slot: EmptySlot, now: datetime, late: Collection[str] = ()) -> Notification | None:
        """Makes a READY notification without alerts for a slot in which nothing gathered; its `omitted` says how many
        alerts were silenced there, and it lists the copies `late` (ids).

        None when there is anything to report: alerts that are not routed yet; deliveries of these routes and this
        channel that are held, or waiting since before `due`; a notification made since the slot or not finished yet; or
        this very notification.
        """
        with self._database.write("freeze_empty") as connection:
            self._database.serialise(connection, "routing")
            if _has_something(connection, slot):
                return None
            (group_id,) = group_ids(self._database, connection, {slot.group.id: slot.group}).values()
            if has_unfinished(connection, group_id):
                return None
            silenced = connection.scalar(select(func.count()).select_from(deliveries).where(_silenced(slot))) or 0
            listed = late_list(connection, slot.channel, late, (), now)
            made = Notification(
                slot.key, slot.group, NotifyReason.NOTHING, (), now, omitted=silenced, state=NotificationState.READY,
                next_attempt_at=now, late=listed.stories,
            )  # fmt: skip
            remember_shown(connection, listed.rows, str(slot.channel), save_notification(connection, group_id, made))
            return made


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
