"""The tables of what users said and did."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, PrimaryKeyConstraint, Table, Text

from watcher.store.columns import ForeignText, Instant, Key, RowId, metadata

marks = Table(
    "marks",
    metadata,
    Column("alert_id", Key, nullable=False, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("is_relevant", Boolean, nullable=False),
    Column("marked_at", Instant, nullable=False),
    Column("document", Text, nullable=False),
)
"""What users said of alerts. Marks outlive the alerts: they are work that evaluation needs."""

Index("ix_marks_topic", marks.c.topic, marks.c.marked_at, marks.c.is_relevant)

missed_entries = Table(
    "missed_entries",
    metadata,
    Column("topic", Text, nullable=False),
    Column("entry_key", Key, nullable=False),
    Column("feed_url", Text, nullable=False),
    Column("marked_at", Instant, nullable=False),
    Column("document", Text, nullable=False),
    PrimaryKeyConstraint("topic", "entry_key"),
)
"""Entries that users miss among the alerts of a topic. Like marks, they outlive what they are about."""

acts = Table(
    "acts",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("author", ForeignText, nullable=False),
    Column("way", Text, nullable=False),
    Column("deed", Text, nullable=False),
    Column("subject", ForeignText, nullable=False),
    Column("detail", ForeignText, nullable=False),
)
"""Who did what, when."""
