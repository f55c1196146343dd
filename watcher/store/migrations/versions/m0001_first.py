"""The first schema.

Revision ID: 0001
Revises: nothing
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.LargeBinary(16)
INSTANT = sa.BigInteger()


def upgrade() -> None:
    create_alerts()
    create_delivery_groups()
    create_facts()
    create_feeds()
    create_entries()
    create_notifications()
    create_marks()
    create_seen()
    create_attempts()
    create_deliveries()
    create_silences()
    create_stories()


def where(condition: str) -> dict[str, Any]:
    """The condition of a partial index, for every engine."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition.replace("IS 0", "IS false"))}


def create_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("seq", ROW_ID, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("entry_key", KEY, nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("feed_title", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("folded_into", KEY),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("routed_at", INSTANT),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_alerts"),
        sa.UniqueConstraint("id", name="uq_alerts_id"),
    )
    op.create_index("ix_alerts_created", "alerts", ["created_at", "seq"])
    op.create_index("ix_alerts_entry", "alerts", ["entry_key", "topic"])
    op.create_index("ix_alerts_folded", "alerts", ["folded_into"], **where("folded_into IS NOT NULL"))
    op.create_index("ix_alerts_story", "alerts", ["topic", "story", "created_at"])
    op.create_index("ix_alerts_unexamined", "alerts", ["seq"], **where("state = 'folded' AND routed_at IS NULL"))
    op.create_index("ix_alerts_unrouted", "alerts", ["seq"], **where("state = 'unrouted'"))


def create_delivery_groups() -> None:
    op.create_table(
        "delivery_groups",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("last_flush_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_delivery_groups"),
        sa.UniqueConstraint("key", name="uq_delivery_groups_key"),
    )
    op.create_index("ix_delivery_groups_flushed", "delivery_groups", ["last_flush_at"])


def create_facts() -> None:
    op.create_table(
        "facts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_facts"),
    )


def create_marks() -> None:
    op.create_table(
        "marks",
        sa.Column("alert_id", KEY, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("is_relevant", sa.Boolean(), nullable=False),
        sa.Column("marked_at", INSTANT, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", name="pk_marks"),
    )


def create_feeds() -> None:
    op.create_table(
        "feeds",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("next_poll_at", INSTANT, nullable=False),
        sa.Column("not_before", INSTANT),
        sa.Column("last_polled_at", INSTANT),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", INSTANT),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text()),
        sa.Column("keys_refreshed_at", INSTANT),
        sa.Column("document", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_feeds"),
        sa.UniqueConstraint("url", name="uq_feeds_url"),
    )
    op.create_index("ix_feeds_due", "feeds", ["next_poll_at", "url"], **where("paused IS 0"))
    op.create_index("ix_feeds_leased", "feeds", ["lease_until"], **where("lease_owner IS NOT NULL"))


def create_entries() -> None:
    op.create_table(
        "entries",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("feed_id", ROW_ID, nullable=False),
        sa.Column("first_seen", INSTANT, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_entries"),
        sa.UniqueConstraint("key", name="uq_entries_key"),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_entries_feed_id"),
    )
    op.create_index("ix_entries_first_seen", "entries", ["first_seen", "key"])


def create_notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("group_id", ROW_ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("omitted", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("next_attempt_at", INSTANT),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Text()),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", INSTANT),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("finished_at", INSTANT),
        sa.Column("retry_wanted_at", INSTANT),
        sa.Column("retried_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
        sa.UniqueConstraint("key", name="uq_notifications_key"),
        sa.ForeignKeyConstraint(["group_id"], ["delivery_groups.id"], name="fk_notifications_group_id"),
    )
    op.create_index("ix_notifications_created", "notifications", ["created_at"])
    op.create_index("ix_notifications_due", "notifications", ["next_attempt_at", "key"], **where("finished_at IS NULL"))
    op.create_index("ix_notifications_finished", "notifications", ["finished_at"], **where("finished_at IS NOT NULL"))
    op.create_index("ix_notifications_group", "notifications", ["group_id"])
    op.create_index("ix_notifications_retry", "notifications", ["group_id"], **where("retry_wanted_at IS NOT NULL"))
    op.create_index(
        "uq_notifications_unfinished", "notifications", ["group_id"], unique=True, **where("finished_at IS NULL")
    )


def create_seen() -> None:
    op.create_table(
        "seen",
        sa.Column("feed_id", ROW_ID, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("link_hash", KEY),
        sa.Column("title_fingerprint", KEY),
        sa.Column("text_fingerprint", KEY),
        sa.Column("original", KEY),
        sa.Column("first_seen", INSTANT, nullable=False),
        sa.Column("last_seen", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "key", name="pk_seen"),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_seen_feed_id"),
        sqlite_with_rowid=False,
    )
    op.create_index(("ix_seen_feed_id_link_hash"), "seen", ["feed_id", "link_hash"])
    op.create_index(("ix_seen_feed_id_text_fingerprint"), "seen", ["feed_id", "text_fingerprint"])
    op.create_index(("ix_seen_feed_id_title_fingerprint"), "seen", ["feed_id", "title_fingerprint"])
    op.create_index("ix_seen_last_seen", "seen", ["last_seen"])


def create_attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("notification_id", ROW_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        sa.ForeignKeyConstraint(["notification_id"], ["notifications.id"], name="fk_attempts_notification_id"),
    )
    op.create_index("ix_attempts_notification", "attempts", ["notification_id"])


def create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("alert_seq", ROW_ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("group_id", ROW_ID, nullable=False),
        sa.Column("notification_id", ROW_ID),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("waiting_since", INSTANT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("held_until", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("alert_seq", "channel", name="uq_deliveries_alert_seq_channel"),
        sa.ForeignKeyConstraint(["alert_seq"], ["alerts.seq"], name="fk_deliveries_alert_seq"),
        sa.ForeignKeyConstraint(["group_id"], ["delivery_groups.id"], name="fk_deliveries_group_id"),
        sa.ForeignKeyConstraint(["notification_id"], ["notifications.id"], name="fk_deliveries_notification_id"),
    )
    op.create_index("ix_deliveries_group", "deliveries", ["group_id"])
    op.create_index("ix_deliveries_held", "deliveries", ["group_id", "reason"], **where("state = 'held'"))
    op.create_index("ix_deliveries_notification", "deliveries", ["notification_id"])
    op.create_index(
        "ix_deliveries_waiting", "deliveries", ["group_id", "waiting_since", "score"], **where("state = 'waiting'")
    )


def create_silences() -> None:
    op.create_table(
        "silences",
        sa.Column("id", KEY, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_silences"),
    )
    op.create_index("ix_silences_ends", "silences", ["ends_at"])


def create_stories() -> None:
    op.create_table(
        "story_traces",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("entry_key", KEY, nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("sketch", sa.LargeBinary(), nullable=False),
        sa.Column("alive_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_story_traces"),
        sa.UniqueConstraint("entry_key", name="uq_story_traces_entry_key"),
    )
    op.create_index("ix_story_traces_alive", "story_traces", ["alive_at"])
    op.create_index("ix_story_traces_story", "story_traces", ["story"])
    op.create_table(
        "story_hashes",
        sa.Column("hash", sa.BigInteger(), nullable=False),
        sa.Column("trace_id", ROW_ID, nullable=False),
        sa.PrimaryKeyConstraint("hash", "trace_id", name="pk_story_hashes"),
        sa.ForeignKeyConstraint(["trace_id"], ["story_traces.id"], name="fk_story_hashes_trace_id", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_story_hashes_trace", "story_hashes", ["trace_id"])
