"""What the meaning of texts and second looks came to, and how much of their budgets is used.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "opinion_values",
        sa.Column("key", sa.LargeBinary(16), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_opinion_values"),
    )
    op.create_index("ix_opinion_values_used", "opinion_values", ["used_at"])
    op.create_table(
        "opinion_uses",
        sa.Column("budget", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(16), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("budget", "key", name="pk_opinion_uses"),
    )
    op.create_index("ix_opinion_uses_used", "opinion_uses", ["used_at"])
