"""The index of feeds with issues has all feeds: PostgreSQL must not read it to find the feeds of a host.

While most feeds were paused, an index of the active ones looked short: its plan for "the first feed of this host" read
all of it, once for each host.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_feeds_issues", "feeds")
    op.create_index("ix_feeds_issues", "feeds", ["issues_from"])
