"""Generations of configurations: with several nodes, only those with the newest one change feeds and routes.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "configurations",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("announced_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("generation", name="pk_configurations"),
    )
    op.add_column("nodes", sa.Column("version", sa.Text(), nullable=True))
    op.add_column("nodes", sa.Column("roles", sa.Text(), nullable=True))
    op.add_column("nodes", sa.Column("generation", sa.Integer(), nullable=True))
