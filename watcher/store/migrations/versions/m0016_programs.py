"""Which programs can work on the store, and the schema of each node, so that versions can run side by side.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alembic_version", sa.Column("oldest_program", sa.String(32), nullable=True))
    op.add_column("nodes", sa.Column("schema", sa.Text(), nullable=True))
