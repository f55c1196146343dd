"""What only the pages ask: reasons, counts and names for what is shown in a list."""

from __future__ import annotations

import string
from collections.abc import Collection
from datetime import datetime
from itertools import takewhile
from operator import eq

from sqlalchemy import Column, func, select

from watcher.model.alert import Alert
from watcher.model.notification import Attempt, DeliveryState
from watcher.model.route import ChannelRef
from watcher.store.alerts import read_alerts
from watcher.store.database import StorePart, chunks
from watcher.store.outbox import read_attempt
from watcher.store.prefix import KEY_DIGITS
from watcher.store.silences import reason_of
from watcher.store.tables import (
    ALERT_IS_FOLDED,
    DELIVERY_IS_SILENCED,
    alerts,
    attempts,
    deliveries,
    entries,
    feeds,
    notifications,
)


class PageQuestions(StorePart):
    """Questions of pages; reading only."""

    def last_attempts(self, keys: Collection[str]) -> dict[str, Attempt]:
        """How these notifications ended last, by key: the last attempt that is finished, or that a user dropped it."""
        query = (
            select(attempts, notifications.c.key)
            .join(notifications, notifications.c.id == attempts.c.notification_id)
            .where(attempts.c.finished_at.is_not(None))
            .order_by(attempts.c.finished_at, attempts.c.id)
        )
        with self._database.read() as connection:
            return {
                row.key: read_attempt(row)
                for some in chunks(keys)
                for row in connection.execute(query.where(notifications.c.key.in_(some)))
            }

    def kept_back(self, silence_id: str, limit: int) -> list[Alert]:
        """The alerts that a silence has taken from a channel, the last ones first."""
        taken = (
            select(deliveries.c.alert_seq, func.max(deliveries.c.since).label("at"))
            .where(DELIVERY_IS_SILENCED, deliveries.c.reason == reason_of(silence_id))
            .group_by(deliveries.c.alert_seq)
            .subquery()
        )
        query = select(alerts).join(taken, taken.c.alert_seq == alerts.c.seq)
        with self._database.read() as connection:
            return read_alerts(connection, query.order_by(taken.c.at.desc(), alerts.c.seq.desc()).limit(limit))

    def count_kept_back(self, silence_ids: Collection[str]) -> dict[str, int]:
        """How many alerts each of these silences has taken from a channel."""
        reasons = {reason_of(one): one for one in silence_ids}
        counted = select(deliveries.c.reason, func.count(deliveries.c.alert_seq.distinct()).label("number"))
        counted = counted.where(DELIVERY_IS_SILENCED).group_by(deliveries.c.reason)
        found = dict.fromkeys(silence_ids, 0)
        with self._database.read() as connection:
            for some in chunks(reasons):
                rows = connection.execute(counted.where(deliveries.c.reason.in_(some)))
                found |= {reasons[row.reason]: row.number for row in rows}
        return found

    def channels(self, alert_ids: Collection[str]) -> dict[str, list[tuple[DeliveryState, ChannelRef]]]:
        """The channels of each of these alerts, by name, with the state of its delivery; without one it is left out."""
        query = select(alerts.c.id, deliveries.c.state, deliveries.c.channel)
        query = query.join(deliveries, deliveries.c.alert_seq == alerts.c.seq).order_by(deliveries.c.channel)
        found: dict[str, list[tuple[DeliveryState, ChannelRef]]] = {}
        with self._database.read() as connection:
            for some in chunks(alert_ids):
                for row in connection.execute(query.where(alerts.c.id.in_(some))):
                    found.setdefault(row.id, []).append((row.state, ChannelRef.parse(row.channel)))
        return found

    def alerts_by_feed(self, since: datetime) -> dict[str, int]:
        """How many alerts since then are of entries of each feed, by its address. Copies are not counted."""
        counted = (
            select(feeds.c.url, func.count().label("number"))
            .select_from(alerts)
            .join(entries, entries.c.key == alerts.c.entry_key)
            .join(feeds, feeds.c.id == entries.c.feed_id)
            .where(alerts.c.created_at >= since, ~ALERT_IS_FOLDED)
            .group_by(feeds.c.url)
        )
        with self._database.read() as connection:
            return {row.url: row.number for row in connection.execute(counted)}

    def alerts_of(self, ids: Collection[str]) -> list[Alert]:
        """The alerts with these ids, newest first."""
        newest = (alerts.c.created_at.desc(), alerts.c.seq.desc())
        with self._database.read() as connection:
            return [
                alert
                for some in chunks(ids)
                for alert in read_alerts(connection, select(alerts).where(alerts.c.id.in_(some)).order_by(*newest))
            ]

    def nearest_alerts(self, beginning: str, limit: int) -> list[str]:
        """The ids of alerts that begin most like this."""
        return self._nearest(alerts.c.id, beginning, limit)

    def nearest_entries(self, beginning: str, limit: int) -> list[str]:
        """The keys of entries that begin most like this."""
        return self._nearest(entries.c.key, beginning, limit)

    def nearest_messages(self, beginning: str, limit: int) -> list[str]:
        """The keys of notifications that begin most like this."""
        return self._nearest(notifications.c.key, beginning, limit)

    def _nearest(self, column: Column[str], beginning: str, limit: int) -> list[str]:
        """The neighbours in order share the longest beginning."""
        digits = "".join(takewhile(frozenset(string.hexdigits).__contains__, beginning.lower()))[:KEY_DIGITS]
        low = digits.ljust(KEY_DIGITS, "0")
        before = select(column).where(column < low).order_by(column.desc()).limit(limit)
        after = select(column).where(column >= low).order_by(column).limit(limit)
        with self._database.read() as connection:
            found = [*connection.scalars(before), *connection.scalars(after)]
        return nearest_names(digits, found)[:limit]


LEAST_ALIKE = 2


def nearest_names(beginning: str, names: Collection[str]) -> list[str]:
    """Those of some ids that share a beginning with an id as somebody wrote it, the longest first."""
    alike = {name: len(tuple(takewhile(bool, map(eq, beginning, name)))) for name in names}
    return sorted((name for name in alike if alike[name] >= LEAST_ALIKE), key=lambda name: (-alike[name], name))
