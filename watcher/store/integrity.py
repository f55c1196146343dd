"""Invariants that every store must hold, as queries that count what breaks them: `watcher db check`."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Select, and_, func, or_, select

from watcher.model.notification import DeliveryState, NotificationState
from watcher.store.database import Database
from watcher.store.node_tables import feed_leases
from watcher.store.tables import (
    FEED_IS_ACTIVE,
    NOTIFICATION_IS_UNFINISHED,
    alerts,
    deliveries,
    entries,
    feeds,
    hosts,
    notifications,
)

_UNSENT = (NotificationState.SENT, NotificationState.DEAD)


def _queries() -> Mapping[str, Select[int]]:
    """What must not be found → how often it is."""
    with_message = deliveries.outerjoin(notifications, notifications.c.id == deliveries.c.notification_id)
    state, message = deliveries.c.state, notifications.c.state
    rows = select(func.count()).select_from(with_message)
    unfinished = select(notifications.c.group_id).where(NOTIFICATION_IS_UNFINISHED)
    twice = unfinished.group_by(notifications.c.group_id).having(func.count() > 1).subquery()
    with_alert = deliveries.outerjoin(alerts, alerts.c.seq == deliveries.c.alert_seq)
    with_feed = entries.outerjoin(feeds, feeds.c.id == entries.c.feed_id)
    with_host = feeds.outerjoin(hosts, hosts.c.id == feeds.c.host_id)
    has_lease = select(feed_leases.c.feed_id).where(feed_leases.c.feed_id == feeds.c.id).exists()
    is_waiting = and_(FEED_IS_ACTIVE, ~has_lease)
    is_passed_over = or_(hosts.c.due_at.is_(None), hosts.c.due_at > feeds.c.next_poll_at)
    return {
        "feeds that are due before their host is": select(func.count())
        .select_from(with_host)
        .where(is_waiting, is_passed_over),
        "deliveries of an alert that is missing": select(func.count())
        .select_from(with_alert)
        .where(alerts.c.seq.is_(None)),
        "entries of a feed that is missing": select(func.count()).select_from(with_feed).where(feeds.c.id.is_(None)),
        "deliveries in a message that is missing": rows.where(
            deliveries.c.notification_id.is_not(None), notifications.c.id.is_(None)
        ),
        "deliveries being sent, in a message that is finished (I5)": rows.where(
            state == DeliveryState.SENDING, message.in_(_UNSENT)
        ),
        "delivered deliveries, in a message that was not sent (I4)": rows.where(
            state.in_((DeliveryState.DELIVERED, DeliveryState.OMITTED)), message != NotificationState.SENT
        ),
        "groups with two unfinished messages (I2)": select(func.count()).select_from(twice),
    }


def violations(database: Database) -> dict[str, int]:
    """The invariants that do not hold, each with how many rows break it."""
    with database.read() as connection:
        counts = {what: connection.scalar(query) or 0 for what, query in _queries().items()}
    return {what: count for what, count in counts.items() if count}
