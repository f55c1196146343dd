"""Entries that should have made an alert, as users mark them.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "missed_entries",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("entry_key", sa.LargeBinary(16), nullable=False),
        sa.Column("feed_url", sa.Text(), nullable=False),
        sa.Column("marked_at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "entry_key", name="pk_missed_entries"),
    )
