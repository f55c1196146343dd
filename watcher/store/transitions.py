"""How notifications end, and come back: the moves of the outbox that also move deliveries (I5)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, select, update

from watcher.errors import AttemptReason
from watcher.model.notification import AttemptResult, DeliveryState, NotificationState
from watcher.store import documents
from watcher.store.database import AnyRow, chunks
from watcher.store.groups import has_unfinished
from watcher.store.routing import reexamine_copies
from watcher.store.tables import NOTIFICATION_WANTS_RETRY, alerts, attempts, deliveries, delivery_groups, notifications


def start_attempt(connection: Connection, notification: AnyRow, now: datetime) -> None:
    """Counts and logs that an attempt begins."""
    number = notification.attempts + 1
    connection.execute(update(notifications).where(notifications.c.id == notification.id).values(attempts=number))
    connection.execute(attempts.insert().values(notification_id=notification.id, number=number, started_at=now))


def log_end(
    connection: Connection,
    notification: AnyRow,
    result: AttemptResult,
    reason: AttemptReason | None,
    detail: str,
    now: datetime,
) -> None:
    """Completes the attempt that is open; a decision without an attempt gets a line of its own."""
    ended = {"finished_at": now, "outcome": result.value, "reason": reason.value if reason else "", "detail": detail}
    latest = (
        select(attempts.c.id)
        .where(attempts.c.notification_id == notification.id, attempts.c.finished_at.is_(None))
        .order_by(attempts.c.id.desc())
        .limit(1)
    )
    completed = connection.execute(update(attempts).where(attempts.c.id == latest.scalar_subquery()).values(**ended))
    if completed.rowcount == 0:
        line = {"notification_id": notification.id, "number": notification.attempts, "started_at": now, **ended}
        connection.execute(attempts.insert().values(**line))


OMITTED_REASON = "only counted in its message"


def deliver(connection: Connection, notification: AnyRow, shown: Collection[str] | None, now: datetime) -> None:
    """The receiver took it: alerts that it was shown are delivered, for the reason the notification was made; the
    others are omitted (I14). `shown` are alert ids; None stands for those of the snapshot.
    """
    _finish(connection, notification, NotificationState.SENT, now)
    if shown is None and not notification.omitted:
        _move_deliveries(connection, notification, DeliveryState.DELIVERED, notification.reason, now)
        return
    if shown is None:
        shown = {alert.id for alert in documents.snapshots.read(notification.snapshot)}
    _move_deliveries(connection, notification, DeliveryState.OMITTED, OMITTED_REASON, now)
    _show(connection, notification, shown, now)
    reexamine_copies(connection, _is_in(notification, DeliveryState.OMITTED))


def die(
    connection: Connection,
    notification: AnyRow,
    reason: AttemptReason,
    now: datetime,
    shown: Collection[str] = (),
) -> None:
    """A dead letter, until the operator retries it; alerts that the receiver was `shown` all the same are delivered.
    Copies that were silent behind the others are examined again.
    """
    _finish(connection, notification, NotificationState.DEAD, now)
    _move_deliveries(connection, notification, DeliveryState.DEAD, reason.value, now)
    _show(connection, notification, shown, now)
    reexamine_copies(connection, _is_in(notification, DeliveryState.DEAD))


def settle(connection: Connection, notification: AnyRow, reason: AttemptReason, now: datetime) -> None:
    """The operator dropped a dead letter: it stays dead, and a retry that was waiting is cancelled."""
    _lock_group(connection, notification.group_id)
    _set(connection, notification, retry_wanted_at=None)
    _move_deliveries(connection, notification, DeliveryState.DEAD, reason.value, now)


def postpone(
    connection: Connection, notification: AnyRow, reason: AttemptReason, until: datetime, now: datetime
) -> None:
    """Back into the outbox; the deliveries say why they are not there yet."""
    _set(
        connection,
        notification,
        state=NotificationState.READY,
        next_attempt_at=until,
        lease_owner=None,
        lease_until=None,
    )
    _move_deliveries(connection, notification, DeliveryState.SENDING, reason.value, now)


def retry(connection: Connection, notification: AnyRow, now: datetime) -> None:
    """READY now; a dead letter whose group has something unfinished becomes READY when that has ended (I2)."""
    _lock_group(connection, notification.group_id)
    if notification.state is not NotificationState.DEAD:
        _set(connection, notification, state=NotificationState.READY, attempts=0, next_attempt_at=now, retried_at=now)
    elif has_unfinished(connection, notification.group_id):
        _set(connection, notification, retry_wanted_at=now)
    else:
        _revive(connection, notification, now)


def _finish(connection: Connection, notification: AnyRow, state: NotificationState, now: datetime) -> None:
    _lock_group(connection, notification.group_id)
    _set(
        connection, notification, state=state, finished_at=now, next_attempt_at=None, lease_owner=None, lease_until=None
    )
    wanted = (
        select(notifications)
        .where(NOTIFICATION_WANTS_RETRY, notifications.c.group_id == notification.group_id)
        .order_by(notifications.c.retry_wanted_at, notifications.c.id)
        .limit(1)
    )
    next_one = connection.execute(wanted).one_or_none()
    if next_one is not None:
        _revive(connection, next_one, now)


def _revive(connection: Connection, notification: AnyRow, now: datetime) -> None:
    _set(
        connection,
        notification,
        state=NotificationState.READY,
        attempts=0,
        next_attempt_at=now,
        finished_at=None,
        retry_wanted_at=None,
        retried_at=now,
    )
    _move_deliveries(connection, notification, DeliveryState.SENDING, notification.reason, now)


def _is_in(notification: AnyRow, state: DeliveryState) -> ColumnElement[bool]:
    return and_(deliveries.c.notification_id == notification.id, deliveries.c.state == state)


def _set(connection: Connection, notification: AnyRow, **values: object) -> None:
    connection.execute(update(notifications).where(notifications.c.id == notification.id).values(**values))


def _move_deliveries(
    connection: Connection, notification: AnyRow, state: DeliveryState, reason: str, now: datetime
) -> None:
    """Moves every delivery of the notification but those whose alert the receiver was shown already."""
    ours = update(deliveries).where(
        deliveries.c.notification_id == notification.id, deliveries.c.state != DeliveryState.DELIVERED
    )
    connection.execute(ours.values(state=state, reason=reason, since=now))


def _show(connection: Connection, notification: AnyRow, alert_ids: Collection[str], now: datetime) -> None:
    """The receiver was shown these alerts of the notification."""
    shown = update(deliveries).where(
        deliveries.c.notification_id == notification.id, deliveries.c.state != DeliveryState.DELIVERED
    )
    delivered = shown.values(state=DeliveryState.DELIVERED, reason=notification.reason, since=now)
    for some in chunks(alert_ids):
        of_alerts = select(alerts.c.seq).where(alerts.c.id.in_(some))
        connection.execute(delivered.where(deliveries.c.alert_seq.in_(of_alerts)))


def _lock_group(connection: Connection, group_id: int) -> None:
    """One at a time decides what of a group is unfinished."""
    group = select(delivery_groups.c.id).where(delivery_groups.c.id == group_id)
    connection.execute(group.with_for_update()).one()
