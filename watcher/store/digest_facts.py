"""What a digest says beside its alerts: what silences took out of it, and how much was read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import case, func, select

from watcher.model.notification import DeliveryState, GroupKey
from watcher.store.database import StorePart
from watcher.store.tables import FEED_IS_ACTIVE, deliveries, delivery_groups, feeds, notifications


class DigestFacts(StorePart):
    """Counts for the footer of a digest."""

    def previous_at(self, group: GroupKey, before: datetime) -> datetime | None:
        """When the last message of the group's route to its channel was made before this moment; None for the first."""
        query = (
            select(func.max(notifications.c.created_at))
            .join(delivery_groups, delivery_groups.c.id == notifications.c.group_id)
            .where(
                delivery_groups.c.route == group.route,
                delivery_groups.c.channel == str(group.channel),
                notifications.c.created_at < before,
            )
        )
        with self._database.read() as connection:
            found: datetime | None = connection.scalar(query)
            return found

    def silenced(self, group: GroupKey, after: datetime | None, until: datetime) -> dict[str, int]:
        """How many deliveries of the group's route to its channel each silence took out, by its short id."""
        of_groups = select(delivery_groups.c.id).where(
            delivery_groups.c.route == group.route, delivery_groups.c.channel == str(group.channel)
        )
        query = (
            select(deliveries.c.reason, func.count().label("taken"))
            .where(
                deliveries.c.group_id.in_(of_groups.scalar_subquery()),
                deliveries.c.state == DeliveryState.SILENCED,
                deliveries.c.since <= until,
            )
            .group_by(deliveries.c.reason)
            .order_by(deliveries.c.reason)
        )
        if after is not None:
            query = query.where(deliveries.c.since > after)
        with self._database.read() as connection:
            return {row.reason.removeprefix("silence "): row.taken for row in connection.execute(query)}

    def feeds_read(self, since: datetime) -> tuple[int, int]:
        """How many feeds are configured, and how many of them answered at their last poll, at or after `since`."""
        is_answered = (feeds.c.failures == 0) & (feeds.c.last_polled_at >= since)
        query = select(func.count(), func.sum(case((is_answered, 1), else_=0))).where(FEED_IS_ACTIVE)
        with self._database.read() as connection:
            total, answered = connection.execute(query).one()
            return total, answered or 0
