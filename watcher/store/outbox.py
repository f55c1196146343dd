"""The outbox: leases on frozen notifications, their attempts and what those came to (I3, I4)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, select, tuple_, update

from watcher.errors import AttemptReason, NotifyReason
from watcher.model.act import Actor, Deed
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
from watcher.store import documents, transitions
from watcher.store.acts import note_act
from watcher.store.database import AnyRow, StorePart, chunks, execute_many
from watcher.store.groups import group_key
from watcher.store.late_copies import forget_unlisted
from watcher.store.nodes import is_free, may_acquire, may_write
from watcher.store.prefix import begins_with
from watcher.store.reply_threads import begin_threads, thread_of
from watcher.store.tables import (
    NOTIFICATION_IS_DEAD,
    NOTIFICATION_IS_DIGEST,
    NOTIFICATION_IS_FINISHED,
    NOTIFICATION_IS_UNFINISHED,
    attempts,
    delivery_groups,
    notifications,
    pauses,
)


class Outbox(StorePart):
    """Frozen notifications and the attempts to send them (I3, I4)."""

    def acquire(
        self, owner: str, now: datetime, until: datetime, limit: int, *, channels: Collection[ChannelRef] | None = None
    ) -> list[AcquiredNotification]:
        """Leases notifications that are due, oldest first; with `channels` only theirs.

        `attempts` does not count the attempt to come. A notification about one story says which earlier message on its
        channel it replies to (`reply_to`).
        """
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
            if not may_acquire(self._database, connection, owner, now):
                return []
            rows = connection.execute(due_notifications(now, limit, channels)).all()
            execute_many(connection, lease, [{"row_id": row.id} for row in rows])
            return [_acquired(connection, row, now, until) for row in rows]

    def begin_attempt(self, owner: str, key: str, epoch: int, now: datetime) -> bool:
        """Checks the lease immediately before a send, and logs that an attempt begins (I3). False: do not send."""
        with self._database.write("begin_attempt") as connection:
            row = _leased(connection, owner, key, epoch)
            if row is None or row.lease_until <= now:
                return False
            transitions.start_attempt(connection, row, now)
            return True

    def record(
        self, owner: str, key: str, epoch: int, outcome: Outcome, now: datetime, next_attempt_at: datetime | None
    ) -> bool:
        """Writes how an attempt ended; False when the lease was no longer ours and nothing was written.

        * `Delivered` finishes it: alerts that were shown are DELIVERED, the others OMITTED (I14); late copies that it
          did not list are for the next digest. Its `receipt` is kept for those of its stories that have none on this
          channel yet.
        * `GiveUp`, or `TryAgain` without `next_attempt_at`, makes it a dead letter; its deliveries are DEAD.
        * `TryAgain` makes it READY again at `next_attempt_at` and keeps `accepted`.
        """
        with self._database.write("record_outcome") as connection:
            row = _leased(connection, owner, key, epoch)
            if row is None:
                return False
            _record(connection, row, outcome, now, next_attempt_at)
            if isinstance(outcome, Delivered) and outcome.receipt:
                shown = documents.snapshots.read(row.snapshot)
                begin_threads(
                    self._database, connection, row.channel, {alert.story for alert in shown}, outcome.receipt, now
                )
            return True

    def bury_removed(self, channels: Collection[ChannelRef], now: datetime) -> int:
        """Makes dead letters of unfinished, unleased notifications to channels not in `channels`; returns how many."""
        names = [str(channel) for channel in channels]
        removed = _whole().where(
            NOTIFICATION_IS_UNFINISHED, is_free(notifications, now), notifications.c.channel.not_in(names)
        )
        with self._database.write("bury_removed") as connection:
            rows = connection.execute(removed.with_for_update(of=notifications)).all()
            for row in rows:
                _bury(connection, row, AttemptReason.RECEIVER_REMOVED, "its receiver left the configuration", now)
            return len(rows)

    def newest(
        self, *, state: NotificationState | None = None, limit: int = 50, before: str | None = None
    ) -> list[Notification]:
        """The outbox, newest first; with `before`, a key, only messages older than that one."""
        query = _whole().order_by(notifications.c.created_at.desc(), notifications.c.id.desc()).limit(limit)
        if state is not None:
            query = query.where(*_in_state(state))
        if before is not None:
            last = notifications.alias("last")
            place = select(last.c.created_at, last.c.id).where(last.c.key == before).scalar_subquery()
            query = query.where(tuple_(notifications.c.created_at, notifications.c.id) < place)
        with self._database.read() as connection:
            return [_notification(row) for row in connection.execute(query)]

    def last_sent(self, reason: NotifyReason) -> Notification | None:
        """The newest message that was made for this reason and has been sent."""
        is_for = NOTIFICATION_IS_DIGEST if reason is NotifyReason.DIGEST else notifications.c.reason == reason.value
        query = _whole().where(is_for, notifications.c.state == NotificationState.SENT)
        newest = query.order_by(notifications.c.created_at.desc(), notifications.c.id.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(newest).one_or_none()
        return None if row is None else _notification(row)

    def sent_by(self, route: str, limit: int) -> list[tuple[Notification, datetime]]:
        """What a route has sent, and when, the last first."""
        query = (
            _whole()
            .where(
                delivery_groups.c.route == route,
                NOTIFICATION_IS_FINISHED,
                notifications.c.state == NotificationState.SENT,
            )
            .order_by(notifications.c.finished_at.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [(_notification(row), row.finished_at) for row in connection.execute(query)]

    def find(self, key_prefix: str) -> Notification | None:
        """The one notification whose key begins with `key_prefix`; None when none or several do."""
        with self._database.read() as connection:
            rows = connection.execute(_whole().where(begins_with(notifications.c.key, key_prefix)).limit(2)).all()
        return _notification(rows[0]) if len(rows) == 1 else None

    def attempts(self, key: str) -> list[Attempt]:
        """The log of one notification, oldest attempt first."""
        query = (
            select(attempts)
            .join(notifications, notifications.c.id == attempts.c.notification_id)
            .where(notifications.c.key == key)
            .order_by(attempts.c.id)
        )
        with self._database.read() as connection:
            return [read_attempt(row) for row in connection.execute(query)]

    def retry(self, key: str, now: datetime, by: Actor | None = None) -> bool:
        """Makes a dead or waiting notification READY now, under the same key, with its attempts counted from zero.

        A dead one whose group has something unfinished becomes READY as soon as that has ended (I2); that is True, too.
        False for what is unknown, sent or being sent.
        """
        with self._database.write("retry_notification") as connection:
            row = _unleased(connection, key, now)
            if row is None or row.state is NotificationState.SENT:
                return False
            transitions.retry(connection, row, now)
            note_act(connection, by, Deed.RETRY_MESSAGE, key, now)
            return True

    def drop(self, key: str, now: datetime, by: Actor | None = None) -> bool:
        """Gives a notification up on request: it becomes, or stays, a dead letter with the reason DROPPED.

        False for what is unknown, sent, being sent or dropped already.
        """
        with self._database.write("drop_notification") as connection:
            row = _unleased(connection, key, now)
            if row is None or row.state is NotificationState.SENT or _dropped(connection, [key]):
                return False
            end = transitions.settle if row.state is NotificationState.DEAD else transitions.die
            transitions.log_end(
                connection, row, AttemptResult.GIVE_UP, AttemptReason.DROPPED, "dropped by the operator", now
            )
            end(connection, row, AttemptReason.DROPPED, now)
            note_act(connection, by, Deed.DROP_MESSAGE, key, now)
            return True

    def dropped(self, keys: Collection[str]) -> set[str]:
        """Those of these notifications that are dead because the operator dropped them."""
        with self._database.read() as connection:
            return _dropped(connection, keys)

    def save_pause(self, channel: ChannelRef, until: datetime | None) -> None:
        """Keeps until when a channel is paused, for other processes to show; None: it is not paused any more."""
        with self._database.write("save_pause") as connection:
            if until is None:
                connection.execute(delete(pauses).where(pauses.c.channel == str(channel)))
            else:
                paused = self._database.upsert(pauses, ("channel",), ("until",))
                connection.execute(paused, [{"channel": str(channel), "until": until}])

    def pauses(self, now: datetime) -> dict[ChannelRef, datetime]:
        """Until when those channels are paused that are paused at `now`."""
        with self._database.read() as connection:
            rows = connection.execute(select(pauses).where(pauses.c.until > now))
            return {ChannelRef.parse(row.channel): row.until for row in rows}


def _in_state(state: NotificationState) -> tuple[ColumnElement[bool], ...]:
    """The conditions for messages in a state, as the indexes of the few that are not sent know them."""
    if state is NotificationState.DEAD:
        return (NOTIFICATION_IS_DEAD,)
    if state is NotificationState.SENT:
        return (notifications.c.state == state,)
    unfinished = select(notifications.c.id).where(NOTIFICATION_IS_UNFINISHED)
    return notifications.c.state == state, notifications.c.id.in_(unfinished)


def due_notifications(now: datetime, limit: int, channels: Collection[ChannelRef] | None = None) -> Select[Any]:
    """The query for notifications that may be leased at `now`, in order of their due time, then their key."""
    query = _whole().where(
        NOTIFICATION_IS_UNFINISHED, notifications.c.next_attempt_at <= now, is_free(notifications, now)
    )
    if channels is not None:
        query = query.where(notifications.c.channel.in_([str(channel) for channel in channels]))
    ordered = query.order_by(notifications.c.next_attempt_at, notifications.c.key).limit(limit)
    return ordered.with_for_update(of=notifications, skip_locked=True)


def _whole() -> Select[Any]:
    group = delivery_groups.c.id == notifications.c.group_id
    return select(notifications, delivery_groups.c.route, delivery_groups.c.labels).join(delivery_groups, group)


def _leased(connection: Connection, owner: str, key: str, epoch: int) -> AnyRow | None:
    """The notification if it is still under this very lease, locked until the end of the transaction."""
    if not may_write(connection, owner):
        return None
    ours = (
        notifications.c.key == key,
        notifications.c.state == NotificationState.LEASED,
        notifications.c.lease_owner == owner,
        notifications.c.epoch == epoch,
    )
    return connection.execute(select(notifications).where(*ours).with_for_update()).one_or_none()


def _unleased(connection: Connection, key: str, now: datetime) -> AnyRow | None:
    """The notification unless somebody is sending it at this moment."""
    query = select(notifications).where(notifications.c.key == key, is_free(notifications, now))
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
        transitions.log_end(connection, row, AttemptResult.DELIVERED, None, outcome.detail, now)
        transitions.deliver(connection, row, outcome.shown, now)
        if outcome.late is not None:
            forget_unlisted(connection, row, outcome.late)
        return
    _keep_accepted(connection, row, outcome.accepted)
    result = AttemptResult.GIVE_UP if isinstance(outcome, GiveUp) else AttemptResult.TRY_AGAIN
    transitions.log_end(connection, row, result, outcome.reason, outcome.detail, now)
    if isinstance(outcome, TryAgain) and next_attempt_at is not None:
        transitions.postpone(connection, row, outcome.reason, next_attempt_at, now)
    else:
        shown = outcome.shown if isinstance(outcome, GiveUp) else frozenset()
        transitions.die(connection, row, outcome.reason, now, shown=shown)


def _bury(connection: Connection, row: AnyRow, reason: AttemptReason, detail: str, now: datetime) -> None:
    transitions.log_end(connection, row, AttemptResult.GIVE_UP, reason, detail, now)
    transitions.die(connection, row, reason, now)


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


def read_attempt(row: AnyRow) -> Attempt:
    """One line of the log of attempts."""
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
        late=() if row.late is None else documents.late_copies.read(row.late),
    )
