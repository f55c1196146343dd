"""What may go, and in which order. Every function deletes at most `chunk` rows, oldest first, and says how many.

Nothing goes that something unfinished still needs: alerts not yet routed, deliveries that are not at their end, and
what is folded into such alerts (a digest that names rows already gone says nothing). Notifications own their snapshot.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, or_, select, tuple_, update

from watcher.model.alert import AlertState
from watcher.model.notification import DeliveryState
from watcher.store.late_copies import forget_notifications
from watcher.store.story_tables import shown_copies
from watcher.store.tables import (
    alerts,
    attempts,
    deliveries,
    delivery_groups,
    entries,
    feeds,
    notifications,
    seen,
)

FINISHED = (DeliveryState.DELIVERED, DeliveryState.OMITTED, DeliveryState.DEAD, DeliveryState.SILENCED)


def forget_keys(connection: Connection, before: datetime, chunk: int) -> int:
    """Forgets keys not seen since `before` that the feed's last documents did not carry any more (I6).

    A feed that failed, stood still or was paused all that time keeps what its last document had.
    """
    old = (
        select(seen.c.feed_id, seen.c.key)
        .join(feeds, feeds.c.id == seen.c.feed_id)
        .where(seen.c.last_seen < before, seen.c.last_seen < feeds.c.keys_refreshed_at)
        .order_by(seen.c.last_seen)
        .limit(chunk)
    )
    return connection.execute(delete(seen).where(tuple_(seen.c.feed_id, seen.c.key).in_(old))).rowcount


def drop_entries(connection: Connection, before: datetime, chunk: int) -> int:
    """Drops entries first seen before `before` that no unfinished alert refers to."""
    needed = exists().where(alerts.c.entry_key == entries.c.key, _alert_is_unfinished(alerts))
    old = (
        select(entries.c.id)
        .where(entries.c.first_seen < before, ~needed)
        .order_by(entries.c.first_seen, entries.c.key)
        .limit(chunk)
    )
    return connection.execute(delete(entries).where(entries.c.id.in_(old))).rowcount


def drop_unmatched(connection: Connection, since: datetime, before: datetime, chunk: int) -> list[datetime]:
    """Drops entries first seen from `since` until `before` that have no alert; returns when each was first seen.

    The search passes over every entry with an alert that lies between: begin where the last chunk ended.
    """
    old = (
        select(entries.c.id, entries.c.first_seen)
        .where(entries.c.first_seen >= since, entries.c.first_seen < before)
        .where(~exists().where(alerts.c.entry_key == entries.c.key))
        .order_by(entries.c.first_seen, entries.c.key)
        .limit(chunk)
    )
    rows = connection.execute(old).all()
    connection.execute(delete(entries).where(entries.c.id.in_([row.id for row in rows])))
    return [row.first_seen for row in rows]


def drop_alerts(connection: Connection, before: datetime, chunk: int) -> int:
    """Drops alerts made before `before` whose deliveries all ended before it, with those deliveries."""
    sent = alerts.alias("sent")
    folded_into_unfinished = exists().where(sent.c.id == alerts.c.folded_into, _alert_is_unfinished(sent))
    ended_lately = exists().where(deliveries.c.alert_seq == alerts.c.seq, deliveries.c.since >= before)
    old = (
        select(alerts.c.seq)
        .where(alerts.c.created_at < before, ~_alert_is_unfinished(alerts), ~folded_into_unfinished, ~ended_lately)
        .order_by(alerts.c.created_at, alerts.c.seq)
        .limit(chunk)
    )
    sequences = list(connection.scalars(old))
    for table in (deliveries, shown_copies):
        connection.execute(delete(table).where(table.c.alert_seq.in_(sequences)))
    return connection.execute(delete(alerts).where(alerts.c.seq.in_(sequences))).rowcount


def drop_notifications(connection: Connection, before: datetime, chunk: int) -> int:
    """Drops notifications finished before `before`, with their log."""
    ids = list(
        connection.scalars(
            select(notifications.c.id)
            .where(notifications.c.finished_at < before, notifications.c.retry_wanted_at.is_(None))
            .order_by(notifications.c.finished_at, notifications.c.id)
            .limit(chunk)
        )
    )
    orphaned = update(deliveries).where(deliveries.c.notification_id.in_(ids))
    connection.execute(orphaned.values(notification_id=None))
    forget_notifications(connection, ids)
    connection.execute(delete(attempts).where(attempts.c.notification_id.in_(ids)))
    return connection.execute(delete(notifications).where(notifications.c.id.in_(ids))).rowcount


def drop_groups(connection: Connection, before: datetime, chunk: int) -> int:
    """Drops groups that nothing refers to, unless flushed since `before`: `group_interval` counts from there."""
    referred = or_(
        exists().where(deliveries.c.group_id == delivery_groups.c.id),
        exists().where(notifications.c.group_id == delivery_groups.c.id),
    )
    old = (
        select(delivery_groups.c.id)
        .where(or_(delivery_groups.c.last_flush_at < before, delivery_groups.c.last_flush_at.is_(None)), ~referred)
        .limit(chunk)
    )
    return connection.execute(delete(delivery_groups).where(delivery_groups.c.id.in_(old))).rowcount


def _alert_is_unfinished(table: Any) -> ColumnElement[bool]:
    open_delivery = exists().where(deliveries.c.alert_seq == table.c.seq, deliveries.c.state.not_in(FINISHED))
    return or_(table.c.state == AlertState.UNROUTED, open_delivery)
