"""The outbox: leases on frozen notifications, their attempts and what those came to (I3, I4)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, or_, select, update

from watcher.errors import AttemptReason, NotifyReason
from watcher.model.notification import (
    AcquiredNotification,
    Attempt,
    AttemptResult,
    Delivered,
    GiveUp,
    Notification,
    NotificationState,
    Outcome,
    TryAgain,
)
from watcher.model.route import ChannelRef
from watcher.store import documents
from watcher.store import transitions as finishing
from watcher.store.database import AnyRow, StorePart, chunks, execute_many
from watcher.store.groups import group_key
from watcher.store.prefix import begins_with
from watcher.store.reply_threads import begin_threads, thread_of
from watcher.store.tables import NOTIFICATION_IS_UNFINISHED, attempts, delivery_groups, notifications


class SqlOutbox(StorePart):
    """The `Outbox`."""

    def acquire_notifications(
        self, owner: str, now: datetime, until: datetime, limit: int, *, paused: Collection[ChannelRef] = ()
    ) -> list[AcquiredNotification]:
        lease = (
            update(notifications)
            .where(notifications.c.id == bindparam("row_id"))
            .values(
                state=NotificationState.LEASED,
                lease_owner=owner,
                lease_until=until,
                epoch=notifications.c.epoch + 1,
            )
        )
        with self._database.write("acquire_notifications") as connection:
            rows = connection.execute(due_notifications(now, limit, paused)).all()
            execute_many(connection, lease, [{"row_id": row.id} for row in rows])
            return [_acquired(connection, row, now, until) for row in rows]

    def begin_attempt(self, owner: str, key: str, epoch: int, now: datetime) -> bool:
        with self._database.write("begin_attempt") as connection:
            row = _leased(connection, owner, key, epoch)
            if row is None or row.lease_until <= now:
                return False
            finishing.start_attempt(connection, row, now)
            return True

    def record_outcome(
        self, owner: str, key: str, epoch: int, outcome: Outcome, now: datetime, next_attempt_at: datetime | None
    ) -> bool:
        with self._database.write("record_outcome") as connection:
            row = _leased(connection, owner, key, epoch)
            if row is None:
                return False
            _record(connection, row, outcome, now, next_attempt_at)
            if isinstance(outcome, Delivered) and outcome.receipt:
                told = documents.snapshots.read(row.snapshot)
                begin_threads(
                    self._database, connection, row.channel, {alert.story for alert in told}, outcome.receipt, now
                )
            return True

    def bury_removed(self, channels: Collection[ChannelRef], now: datetime) -> int:
        names = [str(channel) for channel in channels]
        removed = _whole().where(NOTIFICATION_IS_UNFINISHED, _is_free(now), notifications.c.channel.not_in(names))
        with self._database.write("bury_removed") as connection:
            rows = connection.execute(removed.with_for_update(of=notifications)).all()
            for row in rows:
                _bury(connection, row, AttemptReason.RECEIVER_REMOVED, "its receiver left the configuration", now)
            return len(rows)

    def notifications(self, *, state: NotificationState | None = None, limit: int = 50) -> list[Notification]:
        query = _whole().order_by(notifications.c.created_at.desc(), notifications.c.id.desc()).limit(limit)
        if state is not None:
            query = query.where(notifications.c.state == state)
        with self._database.read() as connection:
            return [_notification(row) for row in connection.execute(query)]

    def notification(self, key_prefix: str) -> Notification | None:
        with self._database.read() as connection:
            rows = connection.execute(_whole().where(begins_with(notifications.c.key, key_prefix)).limit(2)).all()
        return _notification(rows[0]) if len(rows) == 1 else None

    def attempts(self, key: str) -> list[Attempt]:
        query = (
            select(attempts)
            .join(notifications, notifications.c.id == attempts.c.notification_id)
            .where(notifications.c.key == key)
            .order_by(attempts.c.id)
        )
        with self._database.read() as connection:
            return [_attempt(row) for row in connection.execute(query)]

    def retry_notification(self, key: str, now: datetime) -> bool:
        with self._database.write("retry_notification") as connection:
            row = _for_a_person(connection, key, now)
            if row is None or row.state is NotificationState.SENT:
                return False
            finishing.retry(connection, row, now)
            return True

    def drop_notification(self, key: str, now: datetime) -> bool:
        with self._database.write("drop_notification") as connection:
            row = _for_a_person(connection, key, now)
            if row is None or row.state is NotificationState.SENT or _dropped(connection, [key]):
                return False
            end = finishing.settle if row.state is NotificationState.DEAD else finishing.die
            finishing.log_end(
                connection, row, AttemptResult.GIVE_UP, AttemptReason.DROPPED, "dropped by the operator", now
            )
            end(connection, row, AttemptReason.DROPPED, now)
            return True

    def dropped(self, keys: Collection[str]) -> set[str]:
        with self._database.read() as connection:
            return _dropped(connection, keys)

    def next_attempt_at(self) -> datetime | None:
        ready = notifications.c.state == NotificationState.READY
        waiting = select(func.min(notifications.c.next_attempt_at)).where(NOTIFICATION_IS_UNFINISHED, ready)
        lapsing = select(func.min(notifications.c.lease_until)).where(NOTIFICATION_IS_UNFINISHED, ~ready)
        with self._database.read() as connection:
            times = [connection.scalar(waiting), connection.scalar(lapsing)]
        return min((time for time in times if time is not None), default=None)


def due_notifications(now: datetime, limit: int, paused: Collection[ChannelRef] = ()) -> Select[Any]:
    """The query for notifications that may be leased at `now`, in order of their due time, then their key."""
    query = _whole().where(NOTIFICATION_IS_UNFINISHED, notifications.c.next_attempt_at <= now, _is_free(now))
    if paused:
        query = query.where(notifications.c.channel.not_in([str(channel) for channel in paused]))
    ordered = query.order_by(notifications.c.next_attempt_at, notifications.c.key).limit(limit)
    return ordered.with_for_update(of=notifications, skip_locked=True)


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(notifications.c.lease_until.is_(None), notifications.c.lease_until <= now)


def _whole() -> Select[Any]:
    group = delivery_groups.c.id == notifications.c.group_id
    return select(notifications, delivery_groups.c.route, delivery_groups.c.labels).join(delivery_groups, group)


def _leased(connection: Connection, owner: str, key: str, epoch: int) -> AnyRow | None:
    """The notification if it is still under this very lease, locked until the end of the transaction."""
    ours = (
        notifications.c.key == key,
        notifications.c.state == NotificationState.LEASED,
        notifications.c.lease_owner == owner,
        notifications.c.epoch == epoch,
    )
    return connection.execute(select(notifications).where(*ours).with_for_update()).one_or_none()


def _for_a_person(connection: Connection, key: str, now: datetime) -> AnyRow | None:
    """The notification unless somebody is sending it at this moment."""
    query = select(notifications).where(notifications.c.key == key, _is_free(now))
    return connection.execute(query.with_for_update()).one_or_none()


def _dropped(connection: Connection, keys: Collection[str]) -> set[str]:
    last_word = (
        select(attempts.c.reason)
        .where(attempts.c.notification_id == notifications.c.id, attempts.c.finished_at.is_not(None))
        .order_by(attempts.c.finished_at.desc(), attempts.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(notifications.c.key).where(
        notifications.c.state == NotificationState.DEAD, last_word == AttemptReason.DROPPED.value
    )
    found = (connection.scalars(query.where(notifications.c.key.in_(some))) for some in chunks(keys))
    return {key for some in found for key in some}


def _record(
    connection: Connection, row: AnyRow, outcome: Outcome, now: datetime, next_attempt_at: datetime | None
) -> None:
    if isinstance(outcome, Delivered):
        finishing.log_end(connection, row, AttemptResult.DELIVERED, None, outcome.detail, now)
        finishing.deliver(connection, row, outcome.shown, now)
        return
    _keep_accepted(connection, row, outcome.accepted)
    result = AttemptResult.GIVE_UP if isinstance(outcome, GiveUp) else AttemptResult.TRY_AGAIN
    finishing.log_end(connection, row, result, outcome.reason, outcome.detail, now)
    if isinstance(outcome, TryAgain) and next_attempt_at is not None:
        finishing.postpone(connection, row, outcome.reason, next_attempt_at, now)
    else:
        shown = outcome.shown if isinstance(outcome, GiveUp) else frozenset()
        finishing.die(connection, row, outcome.reason, now, shown=shown)


def _bury(connection: Connection, row: AnyRow, reason: AttemptReason, detail: str, now: datetime) -> None:
    finishing.log_end(connection, row, AttemptResult.GIVE_UP, reason, detail, now)
    finishing.die(connection, row, reason, now)


def _keep_accepted(connection: Connection, row: AnyRow, accepted: tuple[str, ...]) -> None:
    """Adds recipients that took the message now to those that took it earlier."""
    if accepted:
        together = documents.names.write(tuple(dict.fromkeys((*_accepted(row), *accepted))))
        connection.execute(update(notifications).where(notifications.c.id == row.id).values(accepted=together))


def _accepted(row: AnyRow) -> tuple[str, ...]:
    return () if row.accepted is None else documents.names.read(row.accepted)


def _acquired(connection: Connection, row: AnyRow, now: datetime, until: datetime) -> AcquiredNotification:
    epoch, ready = row.epoch + 1, _notification(row)
    reply_to = thread_of(connection, row.channel, ready.story, now) if ready.story else ""
    leased = replace(ready, state=NotificationState.LEASED, epoch=epoch, reply_to=reply_to)
    return AcquiredNotification(leased, epoch, until)


def _attempt(row: AnyRow) -> Attempt:
    result = AttemptResult(row.outcome) if row.outcome else None
    return Attempt(row.number, row.started_at, row.finished_at, result, row.reason, row.detail)


def _notification(row: AnyRow) -> Notification:
    return Notification(
        key=row.key,
        group=group_key(row),
        reason=NotifyReason(row.reason),
        alerts=documents.snapshots.read(row.snapshot),
        created_at=row.created_at,
        omitted=row.omitted,
        state=row.state,
        attempts=row.attempts,
        epoch=row.epoch,
        next_attempt_at=row.next_attempt_at,
        accepted=_accepted(row),
        retried_at=row.retried_at,
    )
