"""The tables, in SQLAlchemy Core; every index says which question it answers.

A condition that is both in a partial index and in a query is defined once, with its literals: an engine uses such an
index only when it can see that the query implies it, which a bound parameter hides.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    and_,
    literal,
)

from watcher.errors import NotifyReason
from watcher.model.alert import AlertState
from watcher.model.feed import FeedIssueKind
from watcher.model.notification import DeliveryState, NotificationState
from watcher.model.topic import Level
from watcher.store.columns import ForeignText, Instant, Key, RowId, State, metadata

PARTIAL_INDEXES: list[tuple[Index, ColumnElement[bool]]] = []
"""With the condition of each."""


def _partial_index(name: str, *columns: ColumnElement[Any], where: ColumnElement[bool], unique: bool = False) -> Index:
    """An index on the rows that meet a condition. `watcher.store.postgres` gives its dialect the condition, too: naming
    the dialect here would import it with every SQLite store.
    """
    index = Index(name, *columns, unique=unique, sqlite_where=where)
    PARTIAL_INDEXES.append((index, where))
    return index


def _is_in(column: Column[Any], state: StrEnum) -> ColumnElement[bool]:
    """The condition for rows in a state, with the state as a literal."""
    return column == literal(state, column.type, literal_execute=True)


hosts = Table(
    "hosts",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("due_at", Instant),
    Column("asked_at", Instant),
    Column("paused_until", Instant),
    Column("lease_owner", Text),
    Column("lease_until", Instant),
)
"""Registrable domains. A node that polls feeds of a host has the host under lease, so that no two nodes ask it at once.

`due_at` is when the first feed that nobody polls is due; NULL without such a feed.
`asked_at`: no request began later than that before the lease ended. `paused_until`: the host asked us to wait.
"""

HOST_IS_FREE = hosts.c.lease_owner.is_(None)
HOST_IS_LEASED = hosts.c.lease_owner.is_not(None)

_partial_index("ix_hosts_due", hosts.c.due_at, hosts.c.name, where=HOST_IS_FREE)
_partial_index("ix_hosts_leased", hosts.c.lease_owner, where=HOST_IS_LEASED)

feeds = Table(
    "feeds",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    Column("next_poll_at", Instant, nullable=False),
    Column("not_before", Instant),
    Column("last_polled_at", Instant),
    Column("failures", Integer, nullable=False, default=0),
    Column("paused", Boolean, nullable=False, default=False),
    Column("epoch", Integer, nullable=False, default=0),
    Column("title", ForeignText, nullable=False, default=""),
    Column("labels", Text),
    Column("keys_refreshed_at", Instant),
    Column("issues_from", Instant, nullable=False, server_default="0"),
    Column("host_id", RowId),
)
"""`issues_from`: the first moment at which the feed may have an issue, by `watcher.schedule.health`. `epoch`: that of
the last lease under which a poll was saved.
"""

FEED_IS_ACTIVE = feeds.c.paused.is_(False)

_partial_index("ix_feeds_due", feeds.c.host_id, feeds.c.next_poll_at, feeds.c.id, where=FEED_IS_ACTIVE)
Index("ix_feeds_issues", feeds.c.issues_from)

feed_states = Table(
    "feed_states",
    metadata,
    Column("feed_id", RowId, primary_key=True, autoincrement=False),
    Column("document", Text),
)
"""What is remembered of each feed that was polled. It is long and changes with every poll, and so does `next_poll_at`,
which is in an index. Apart from that, PostgreSQL writes a document beside its old version and into no index
(https://www.postgresql.org/docs/current/storage-hot.html).
"""

seen = Table(
    "seen",
    metadata,
    Column("feed_id", RowId, ForeignKey("feeds.id"), nullable=False),
    Column("key", Key, nullable=False),
    Column("link_hash", Key),
    Column("title_fingerprint", Key),
    Column("text_fingerprint", Key),
    Column("original", Key),
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    PrimaryKeyConstraint("feed_id", "key"),
    sqlite_with_rowid=False,
)
"""Clustered by feed, so that what one poll asks for lies together."""

Index(None, seen.c.feed_id, seen.c.link_hash)
Index(None, seen.c.feed_id, seen.c.title_fingerprint)
Index(None, seen.c.feed_id, seen.c.text_fingerprint)
Index("ix_seen_last_seen", seen.c.last_seen)

entries = Table(
    "entries",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("key", Key, nullable=False, unique=True),
    Column("feed_id", RowId, ForeignKey("feeds.id"), nullable=False),
    Column("first_seen", Instant, nullable=False),
    Column("document", Text, nullable=False),
    Column("changed_at", Instant),
)
"""`changed_at` is when a later version of an entry replaced the first one."""

ENTRY_IS_CHANGED = entries.c.changed_at.is_not(None)

Index("ix_entries_first_seen", entries.c.first_seen, entries.c.key)
Index("ix_entries_feed", entries.c.feed_id, entries.c.first_seen)
_partial_index("ix_entries_changed", entries.c.changed_at, where=ENTRY_IS_CHANGED)

alerts = Table(
    "alerts",
    metadata,
    Column("seq", RowId, primary_key=True),
    Column("id", Key, nullable=False, unique=True),
    Column("topic", Text, nullable=False),
    Column("entry_key", Key, nullable=False),
    Column("story", Text, nullable=False),
    Column("feed_title", ForeignText, nullable=False),
    Column("level", State(Level), nullable=False),
    Column("score", Integer, nullable=False),
    Column("state", State(AlertState), nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("folded_into", Key),
    Column("created_at", Instant, nullable=False),
    Column("routed_at", Instant),
    Column("document", Text, nullable=False),
    Column("trust", Integer, nullable=False, server_default="1"),
)
"""`seq` is the order of creation. `feed_title` is the publisher's name where the entry gives it. `routed_at` is the
first routing, kept when a changed configuration routes again.
"""

ALERT_IS_UNROUTED = _is_in(alerts.c.state, AlertState.UNROUTED)
ALERT_IS_UNEXAMINED = and_(_is_in(alerts.c.state, AlertState.FOLDED), alerts.c.routed_at.is_(None))
ALERT_IS_FOLDED = alerts.c.folded_into.is_not(None)

_partial_index("ix_alerts_unrouted", alerts.c.seq, where=ALERT_IS_UNROUTED)
_partial_index("ix_alerts_unexamined", alerts.c.seq, where=ALERT_IS_UNEXAMINED)
_partial_index("ix_alerts_folded", alerts.c.folded_into, where=ALERT_IS_FOLDED)
Index("ix_alerts_entry", alerts.c.entry_key, alerts.c.topic)
Index("ix_alerts_story", alerts.c.story, alerts.c.topic, alerts.c.created_at)
Index("ix_alerts_created", alerts.c.created_at, alerts.c.seq, alerts.c.topic, alerts.c.level, alerts.c.folded_into)

delivery_groups = Table(
    "delivery_groups",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("key", Key, nullable=False, unique=True),
    Column("route", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("labels", Text, nullable=False),
    Column("last_flush_at", Instant),
)

Index("ix_delivery_groups_flushed", delivery_groups.c.last_flush_at)

notifications = Table(
    "notifications",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("key", Key, nullable=False, unique=True),
    Column("group_id", RowId, ForeignKey("delivery_groups.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("snapshot", Text, nullable=False),
    Column("omitted", Integer, nullable=False, default=0),
    Column("state", State(NotificationState), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_attempt_at", Instant),
    Column("attempts", Integer, nullable=False, default=0),
    Column("accepted", Text),
    Column("lease_owner", Text),
    Column("lease_until", Instant),
    Column("epoch", Integer, nullable=False, default=0),
    Column("finished_at", Instant),
    Column("retry_wanted_at", Instant),
    Column("retried_at", Instant),
    Column("late", Text),
)
"""`retry_wanted_at`: the operator wants a dead letter sent as soon as its group has nothing unfinished (I2).
`late`: the copies of earlier alerts that a digest lists.
"""

NOTIFICATION_IS_UNFINISHED = notifications.c.finished_at.is_(None)
NOTIFICATION_IS_FINISHED = notifications.c.finished_at.is_not(None)
NOTIFICATION_WANTS_RETRY = notifications.c.retry_wanted_at.is_not(None)
NOTIFICATION_IS_DEAD = _is_in(notifications.c.state, NotificationState.DEAD)
NOTIFICATION_IS_DIGEST = _is_in(notifications.c.reason, NotifyReason.DIGEST)

_partial_index(
    "ix_notifications_due", notifications.c.next_attempt_at, notifications.c.key, where=NOTIFICATION_IS_UNFINISHED
)
_partial_index("uq_notifications_unfinished", notifications.c.group_id, where=NOTIFICATION_IS_UNFINISHED, unique=True)
_partial_index("ix_notifications_retry", notifications.c.group_id, where=NOTIFICATION_WANTS_RETRY)
Index("ix_notifications_created", notifications.c.created_at)
_partial_index("ix_notifications_dead", notifications.c.created_at, where=NOTIFICATION_IS_DEAD)
_partial_index("ix_notifications_digest", notifications.c.created_at, where=NOTIFICATION_IS_DIGEST)
_partial_index("ix_notifications_finished", notifications.c.finished_at, where=NOTIFICATION_IS_FINISHED)
Index("ix_notifications_group", notifications.c.group_id)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("alert_seq", RowId, ForeignKey("alerts.seq"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("group_id", RowId, ForeignKey("delivery_groups.id"), nullable=False),
    Column("notification_id", RowId, ForeignKey("notifications.id")),
    Column("score", Integer, nullable=False),
    Column("waiting_since", Instant, nullable=False),
    Column("state", State(DeliveryState), nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("held_until", Instant),
    UniqueConstraint("alert_seq", "channel"),
)
"""An alert is delivered once per channel. `since` is when the delivery came into its state; `held_until` is when to
decide again about a HELD delivery.
"""

DELIVERY_IS_WAITING = _is_in(deliveries.c.state, DeliveryState.WAITING)
DELIVERY_IS_HELD = _is_in(deliveries.c.state, DeliveryState.HELD)
DELIVERY_IS_DEAD = _is_in(deliveries.c.state, DeliveryState.DEAD)
DELIVERY_IS_SILENCED = _is_in(deliveries.c.state, DeliveryState.SILENCED)
RARE_STATES = {
    DeliveryState.WAITING: DELIVERY_IS_WAITING,
    DeliveryState.HELD: DELIVERY_IS_HELD,
    DeliveryState.DEAD: DELIVERY_IS_DEAD,
    DeliveryState.SILENCED: DELIVERY_IS_SILENCED,
}
"""States that have an index of their own."""

_partial_index("ix_deliveries_held", deliveries.c.group_id, deliveries.c.reason, where=DELIVERY_IS_HELD)
WAITING_ORDER = (deliveries.c.group_id, deliveries.c.waiting_since, deliveries.c.score)
_partial_index("ix_deliveries_waiting", *WAITING_ORDER, where=DELIVERY_IS_WAITING)
_partial_index("ix_deliveries_dead", deliveries.c.alert_seq, where=DELIVERY_IS_DEAD)
_partial_index("ix_deliveries_silenced", deliveries.c.alert_seq, where=DELIVERY_IS_SILENCED)
Index("ix_deliveries_notification", deliveries.c.notification_id)
Index("ix_deliveries_group", deliveries.c.group_id)

attempts = Table(
    "attempts",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("notification_id", RowId, ForeignKey("notifications.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("outcome", Text, nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),
    Column("detail", ForeignText, nullable=False, default=""),
)

Index("ix_attempts_notification", attempts.c.notification_id)

silences = Table(
    "silences",
    metadata,
    Column("id", Key, nullable=False, primary_key=True),
    Column("ends_at", Instant, nullable=False),
    Column("document", Text, nullable=False),
)

Index("ix_silences_ends", silences.c.ends_at)

pauses = Table(
    "pauses",
    metadata,
    Column("channel", Text, nullable=False, primary_key=True),
    Column("until", Instant, nullable=False),
)
"""Channels whose circuit breaker is open in some process, for other processes to show."""

feed_reports = Table(
    "feed_reports",
    metadata,
    Column("feed_url", Text, nullable=False),
    Column("kind", State(FeedIssueKind), nullable=False),
    Column("since", Instant),
    Column("reported_at", Instant, nullable=False),
    Column("resolved_at", Instant),
    PrimaryKeyConstraint("feed_url", "kind"),
)
"""Feed issues of which the operator was notified."""

facts = Table(
    "facts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
