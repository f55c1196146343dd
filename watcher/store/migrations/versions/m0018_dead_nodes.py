"""Dead nodes are found by an index: most statements that lease or save ask for them.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_nodes_died", "nodes", ["died_at"])
