"""Copies that joined a story after a message about it had gone out: the next digest of the channel lists them (I13).

Each freeze remembers, in its own transaction, which copies its message shows. What was folded and is not remembered for
a channel that has the story is late there. So every copy is listed once on a channel, whatever crashes. Those that a
chat had no space for are forgotten when the message is delivered: the next digest lists them (I14).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, delete, exists, or_, select, update

from watcher.lazy_dataclass import dataclass
from watcher.model.alert import Alert, AlertState, FoldedReport, LateCopies
from watcher.model.notification import DeliveryState
from watcher.model.route import ChannelRef
from watcher.store import documents
from watcher.store.alerts import read_alerts
from watcher.store.database import AnyRow, StorePart, chunks, execute_many
from watcher.store.story_tables import shown_copies
from watcher.store.tables import alerts, deliveries, notifications

MOST = 50
"""Copies that one digest lists; further ones are listed by the next."""
LISTED_FOR = timedelta(days=14)
"""A copy that is older is not listed any more: its channel had no digest for so long."""


@dataclass(frozen=True, slots=True)
class LateList:
    """The late copies of a digest, by the alert that they are folded into; `rows` are theirs in `alerts`."""

    stories: tuple[LateCopies, ...] = ()
    rows: tuple[int, ...] = ()


class ShownCopies(StorePart):
    """Which copies a channel was shown, and which it was not."""

    def late(self, channel: ChannelRef, now: datetime) -> list[Alert]:
        """Copies that no message to the channel shows although it has their story, oldest first, at most `MOST`."""
        with self._database.read() as connection:
            return read_alerts(connection, _late(channel, now))

    def messages_with(self, alert_id: str) -> list[tuple[ChannelRef, str | None]]:
        """The channels that were shown a folded alert, and the key of the message; None when that is gone."""
        query = (
            select(shown_copies.c.channel, notifications.c.key)
            .join(alerts, alerts.c.seq == shown_copies.c.alert_seq)
            .outerjoin(notifications, notifications.c.id == shown_copies.c.notification_id)
            .where(alerts.c.id == alert_id)
            .order_by(shown_copies.c.channel)
        )
        with self._database.read() as connection:
            return [(ChannelRef.parse(row.channel), row.key) for row in connection.execute(query)]


def late_list(
    connection: Connection, channel: ChannelRef, wanted: Collection[str], shown: Collection[int], now: datetime
) -> LateList:
    """Those of the wanted copies (ids) that are late still, without the rows that this very message shows anyway."""
    if not wanted:
        return LateList()
    rows = [row for row in connection.execute(_late(channel, now)) if row.id in wanted and row.seq not in shown]
    return LateList(_by_story(connection, rows), tuple(row.seq for row in rows))


def remember_shown(connection: Connection, rows: Collection[int], channel: str, notification_id: int) -> None:
    """Remembers that a message shows these copies. The caller freezes alone (`serialise`)."""
    known: set[int] = set()
    of_channel = select(shown_copies.c.alert_seq).where(shown_copies.c.channel == channel)
    for some in chunks(rows):
        known.update(connection.scalars(of_channel.where(shown_copies.c.alert_seq.in_(some))))
    new = [
        {"alert_seq": row, "channel": channel, "notification_id": notification_id}
        for row in sorted(rows)
        if row not in known
    ]
    execute_many(connection, shown_copies.insert(), new)


def forget_unlisted(connection: Connection, notification: AnyRow, listed: Collection[str]) -> None:
    """The message listed the copies of these alerts only (ids): the other ones of its `late` are late still."""
    late = () if notification.late is None else documents.late_copies.read(notification.late)
    for some in chunks([one.alert_id for one in late if one.alert_id not in listed]):
        copies = select(alerts.c.seq).where(or_(alerts.c.folded_into.in_(some), alerts.c.id.in_(some)))
        of_message = shown_copies.c.notification_id == notification.id
        connection.execute(delete(shown_copies).where(of_message, shown_copies.c.alert_seq.in_(copies)))


def forget_notifications(connection: Connection, ids: Sequence[int]) -> None:
    """The messages are gone; that they showed the copies is still known."""
    of_messages = update(shown_copies).where(shown_copies.c.notification_id.in_(ids))
    connection.execute(of_messages.values(notification_id=None))


def _late(channel: ChannelRef, now: datetime) -> Select[Any]:
    first = alerts.alias("first")
    has_story = (
        exists()
        .where(first.c.topic == alerts.c.topic, first.c.story == alerts.c.story, first.c.seq != alerts.c.seq)
        .where(deliveries.c.alert_seq == first.c.seq, deliveries.c.channel == str(channel))
        .where(deliveries.c.state.in_((DeliveryState.DELIVERED, DeliveryState.SENDING)))
    )
    is_shown = exists().where(shown_copies.c.alert_seq == alerts.c.seq, shown_copies.c.channel == str(channel))
    return (
        select(alerts)
        .where(alerts.c.created_at > now - LISTED_FOR, alerts.c.state == AlertState.FOLDED)
        .where(alerts.c.routed_at.is_not(None), alerts.c.story != "", has_story, ~is_shown)
        .order_by(alerts.c.created_at, alerts.c.seq)
        .limit(MOST)
    )


def _by_story(connection: Connection, copies: Sequence[AnyRow]) -> tuple[LateCopies, ...]:
    """In the order of the first copy of each; a copy whose alert is gone stands for itself."""
    ids = {row.folded_into for row in copies}
    firsts = {row.id: row for row in connection.execute(select(alerts).where(alerts.c.id.in_(ids)))} if ids else {}
    grouped: dict[str, list[AnyRow]] = {}
    for row in copies:
        grouped.setdefault(row.folded_into, []).append(row)
    return tuple(_late_copies(firsts.get(into, rows[0]), rows) for into, rows in grouped.items())


def _late_copies(first: AnyRow, copies: Sequence[AnyRow]) -> LateCopies:
    alert = documents.alerts.read(first.document)
    reports = (FoldedReport(row.feed_title, *documents.headline(row.document)) for row in copies)
    return LateCopies(
        first.id, alert.topic, alert.topic_title, alert.entry.title, alert.entry.link, tuple(reports), first.feed_title
    )
