"""Leases of feeds and what is remembered of feeds have tables of their own; due feeds of a host are found by an index.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "feed_states",
        sa.Column("feed_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("document", sa.Text()),
        sa.PrimaryKeyConstraint("feed_id", name="pk_feed_states"),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "feed_leases",
        sa.Column("feed_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("host_id", ROW_ID, nullable=False),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", name="pk_feed_leases"),
    )
    op.create_index("ix_feed_leases_host", "feed_leases", ["host_id"])
    op.execute("INSERT INTO feed_states SELECT id, document FROM feeds WHERE document IS NOT NULL")
    op.execute(
        "INSERT INTO feed_leases SELECT id, host_id, lease_owner, lease_until, epoch FROM feeds "
        "WHERE lease_owner IS NOT NULL"
    )
    op.drop_index("ix_feeds_host", "feeds")
    for column in ("lease_owner", "lease_until", "document"):
        op.drop_column("feeds", column)
    is_active = sa.text("paused IS false")
    columns = ["host_id", "next_poll_at", "id"]
    op.create_index("ix_feeds_due", "feeds", columns, sqlite_where=sa.text("paused IS 0"), postgresql_where=is_active)
