"""Deliveries that are held for quiet hours or over a budget, and how they leave."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, update

from watcher.errors import NotifyReason
from watcher.model.notification import (
    BudgetUse,
    DeliveryState,
    GroupKey,
    HeldGroup,
    HoldReason,
    Notification,
    NotificationState,
    WaitingAlert,
)
from watcher.model.route import ChannelRef
from watcher.store.database import StorePart, chunks
from watcher.store.groups import freeze_deliveries
from watcher.store.routing import group_ids, reexamine_copies
from watcher.store.tables import (
    DELIVERY_IS_HELD,
    DELIVERY_IS_WAITING,
    NOTIFICATION_IS_UNFINISHED,
    alerts,
    deliveries,
    delivery_groups,
    entries,
    feeds,
    notifications,
)


class Holds(StorePart):
    """Deliveries held back for quiet hours or over a budget."""

    def hold(
        self,
        groups: Sequence[GroupKey],
        reason: HoldReason,
        until: datetime,
        now: datetime,
        *,
        only: Collection[str] | None = None,
    ) -> int:
        """Makes waiting deliveries of these groups HELD until `until`; returns how many.

        With `only`, just the deliveries of these alerts (ids). Copies that were silent behind them are unexamined
        again.
        """
        held = update(deliveries).values(state=DeliveryState.HELD, reason=reason.value, since=now, held_until=until)
        with self._database.write("hold_waiting") as connection:
            self._database.serialise(connection, "routing")
            count = 0
            for keys in chunks([group.id for group in groups]):
                ids = select(delivery_groups.c.id).where(delivery_groups.c.key.in_(keys))
                waiting = held.where(DELIVERY_IS_WAITING, deliveries.c.group_id.in_(ids))
                for some in [None] if only is None else chunks(only):
                    chosen = waiting if some is None else waiting.where(_of_alerts(some))
                    count += connection.execute(chosen).rowcount
                moved = and_(DELIVERY_IS_HELD, deliveries.c.since == now, deliveries.c.group_id.in_(ids))
                reexamine_copies(connection, moved)
            return count

    def held(self) -> list[HeldGroup]:
        """What is held, by route, channel and reason."""
        query = (
            select(
                delivery_groups.c.route,
                delivery_groups.c.channel,
                deliveries.c.reason,
                func.max(deliveries.c.held_until).label("until"),
                func.count().label("gathered"),
                func.max(deliveries.c.score).label("best_score"),
            )
            .join(delivery_groups, delivery_groups.c.id == deliveries.c.group_id)
            .where(DELIVERY_IS_HELD)
            .group_by(delivery_groups.c.route, delivery_groups.c.channel, deliveries.c.reason)
            .order_by(delivery_groups.c.route, delivery_groups.c.channel, deliveries.c.reason)
        )
        with self._database.read() as connection:
            return [
                HeldGroup(
                    row.route,
                    ChannelRef.parse(row.channel),
                    HoldReason(row.reason),
                    row.until,
                    row.gathered,
                    row.best_score,
                )
                for row in connection.execute(query)
            ]

    def extend(self, held: HeldGroup, reason: HoldReason, until: datetime, now: datetime) -> None:
        """Keeps it held until a later time, perhaps for another reason."""
        longer: dict[str, Any] = {"held_until": until}
        if reason is not held.reason:
            longer |= {"reason": reason.value, "since": now}
        with self._database.write("hold_longer") as connection:
            connection.execute(update(deliveries).where(_held(held)).values(**longer))

    def release(self, held: HeldGroup, reason: NotifyReason, now: datetime, limit: int) -> Notification | None:
        """Turns all that is held there into one READY notification of the group `held.key`, as `Groups.freeze` does."""
        with self._database.write("release") as connection:
            self._database.serialise(connection, "routing")
            (group_id,) = group_ids(self._database, connection, {held.key.id: held.key}).values()
            return freeze_deliveries(connection, group_id, held.key, reason, now, _held(held), limit)

    def budget_use(self, route: str, channel: ChannelRef, since: datetime) -> BudgetUse:
        """What a route has sent to a channel after `since`, by time of delivery, and how many notifications are under
        way.
        """
        made = _notifications_of(route, channel)
        unfinished = select(func.count()).select_from(made.where(NOTIFICATION_IS_UNFINISHED).subquery())
        sent = made.where(
            notifications.c.state == NotificationState.SENT, notifications.c.finished_at > since
        ).order_by(notifications.c.finished_at)
        with self._database.read() as connection:
            times = tuple(row.finished_at for row in connection.execute(sent))
            return BudgetUse(connection.scalar(unfinished) or 0, times)

    def waiting_alerts(self, route: str, channel: ChannelRef) -> list[WaitingAlert]:
        """What waits on a route and channel, in whatever groups, with the address of each alert's feed."""
        query = (
            select(
                alerts.c.id.label("alert_id"),
                delivery_groups.c.key.label("group_id"),
                feeds.c.url.label("feed_url"),
                alerts.c.level,
                deliveries.c.score,
                deliveries.c.waiting_since.label("since"),
            )
            .select_from(deliveries)
            .join(delivery_groups, delivery_groups.c.id == deliveries.c.group_id)
            .join(alerts, alerts.c.seq == deliveries.c.alert_seq)
            .outerjoin(entries, entries.c.key == alerts.c.entry_key)
            .outerjoin(feeds, feeds.c.id == entries.c.feed_id)
            .where(DELIVERY_IS_WAITING, delivery_groups.c.route == route, delivery_groups.c.channel == str(channel))
            .order_by(deliveries.c.waiting_since, alerts.c.seq)
        )
        with self._database.read() as connection:
            return [
                WaitingAlert(row.alert_id, row.group_id, row.feed_url or "", row.level, row.score, row.since)
                for row in connection.execute(query)
            ]

    def sent_by_feed(self, route: str, channel: ChannelRef, since: datetime) -> dict[str, int]:
        """How many alerts of each feed (address) a route put into messages at once to a channel after `since`."""
        at_once = [NotifyReason.FIRST.value, NotifyReason.MORE.value]
        query = (
            select(feeds.c.url, func.count().label("sent"))
            .select_from(notifications)
            .join(delivery_groups, delivery_groups.c.id == notifications.c.group_id)
            .join(deliveries, deliveries.c.notification_id == notifications.c.id)
            .join(alerts, alerts.c.seq == deliveries.c.alert_seq)
            .join(entries, entries.c.key == alerts.c.entry_key)
            .join(feeds, feeds.c.id == entries.c.feed_id)
            .where(
                notifications.c.created_at > since,
                notifications.c.reason.in_(at_once),
                notifications.c.channel == str(channel),
                delivery_groups.c.route == route,
            )
            .group_by(feeds.c.url)
        )
        with self._database.read() as connection:
            return {row.url: row.sent for row in connection.execute(query)}


def _of_alerts(ids: Sequence[str]) -> ColumnElement[bool]:
    return deliveries.c.alert_seq.in_(select(alerts.c.seq).where(alerts.c.id.in_(ids)))


def _held(held: HeldGroup) -> ColumnElement[bool]:
    """The condition for the deliveries of a held group, whatever their own group's labels."""
    groups = select(delivery_groups.c.id).where(
        delivery_groups.c.route == held.route, delivery_groups.c.channel == str(held.channel)
    )
    return and_(DELIVERY_IS_HELD, deliveries.c.reason == held.reason.value, deliveries.c.group_id.in_(groups))


def _notifications_of(route: str, channel: ChannelRef) -> Select[Any]:
    return (
        select(notifications.c.finished_at)
        .join(delivery_groups, delivery_groups.c.id == notifications.c.group_id)
        .where(delivery_groups.c.route == route, notifications.c.channel == str(channel))
    )
