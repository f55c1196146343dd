"""Members of stories with what a comparison of leads needs; the trust of an alert's feed.

What the former tables held cannot be compared with the new sketches: stories that were alive are not found again, once.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.LargeBinary(16)


def upgrade() -> None:
    op.drop_table("story_hashes")
    op.drop_table("story_traces")
    op.create_table(
        "story_members",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("entry_key", KEY, nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("feed_url", sa.Text(), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("sketch", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_story_members"),
        sa.UniqueConstraint("entry_key", name="uq_story_members_entry_key"),
    )
    op.create_index("ix_story_members_story", "story_members", ["story"])
    op.create_index("ix_story_members_begun", "story_members", ["begun_at"])
    op.create_table(
        "story_hashes",
        sa.Column("hash", sa.BigInteger(), nullable=False),
        sa.Column("member_id", ROW_ID, nullable=False),
        sa.PrimaryKeyConstraint("hash", "member_id", name="pk_story_hashes"),
        sa.ForeignKeyConstraint(
            ["member_id"], ["story_members.id"], name="fk_story_hashes_member_id", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_story_hashes_member", "story_hashes", ["member_id"])
    op.add_column("alerts", sa.Column("trust", sa.Integer(), nullable=False, server_default="1"))
