"""When an entry was replaced by a later version, for the index of words; the entries of a feed, newest first.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

IS_CHANGED = sa.text("changed_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("entries", sa.Column("changed_at", sa.BigInteger()))
    op.create_index("ix_entries_feed", "entries", ["feed_id", "first_seen"])
    op.create_index(
        "ix_entries_changed", "entries", ["changed_at"], sqlite_where=IS_CHANGED, postgresql_where=IS_CHANGED
    )
