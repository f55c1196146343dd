"""The tables of stories: their members, where replies to them go, and which copies a channel was shown."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from watcher.store.columns import ForeignText, Instant, Key, RowId, metadata

story_members = Table(
    "story_members",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("entry_key", Key, nullable=False, unique=True),
    Column("story", Text, nullable=False),
    Column("feed_url", Text, nullable=False),
    Column("publisher", ForeignText, nullable=False),
    Column("counts", Boolean, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("sketch", LargeBinary, nullable=False),
)
"""Entries that have alerts, for as long as their stories live. `begun_at` is when the story began, `seen_at` when the
entry joined it; `counts` says whether its publisher is one more for the story.
"""

Index("ix_story_members_story", story_members.c.story)
Index("ix_story_members_begun", story_members.c.begun_at)

story_hashes = Table(
    "story_hashes",
    metadata,
    Column("hash", BigInteger, nullable=False),
    Column("member_id", RowId, ForeignKey("story_members.id", ondelete="CASCADE"), nullable=False),
    PrimaryKeyConstraint("hash", "member_id"),
    sqlite_with_rowid=False,
)
"""The first member of each story that has a hash: a hundred copies are found as quickly as one."""

Index("ix_story_hashes_member", story_hashes.c.member_id)

threads = Table(
    "threads",
    metadata,
    Column("channel", Text, nullable=False),
    Column("story", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("begun_at", Instant, nullable=False),
    PrimaryKeyConstraint("channel", "story"),
    sqlite_with_rowid=False,
)
"""The first message about a story on a channel, by the receiver's own name of it."""

Index("ix_threads_begun", threads.c.begun_at)

shown_copies = Table(
    "shown_copies",
    metadata,
    Column("alert_seq", RowId, ForeignKey("alerts.seq"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("notification_id", RowId, ForeignKey("notifications.id")),
    PrimaryKeyConstraint("alert_seq", "channel"),
    sqlite_with_rowid=False,
)
"""Folded alerts that a message to a channel shows, beneath the alert of their story or as copies of an earlier one.
`notification_id` is empty when the message is gone, or was made by a version that did not remember it.
"""

Index("ix_shown_copies_notification", shown_copies.c.notification_id)
