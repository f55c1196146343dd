"""From when a feed has an issue: the digest's footnote and the metrics read those feeds only.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feeds", sa.Column("issues_from", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index(
        "ix_feeds_issues",
        "feeds",
        ["issues_from"],
        sqlite_where=sa.text("paused IS 0"),
        postgresql_where=sa.text("paused IS false"),
    )
