"""Indexes for the pages: no page of a large store reads a whole table.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_alerts_created", table_name="alerts")
    op.create_index("ix_alerts_created", "alerts", ["created_at", "seq", "topic", "level", "folded_into"])
    op.drop_index("ix_alerts_story", table_name="alerts")
    op.create_index("ix_alerts_story", "alerts", ["story", "topic", "created_at"])
    for name, table, columns, condition in (
        ("ix_notifications_dead", "notifications", ["created_at"], "state = 'dead'"),
        ("ix_notifications_digest", "notifications", ["created_at"], "reason = 'digest'"),
        ("ix_deliveries_dead", "deliveries", ["alert_seq"], "state = 'dead'"),
        ("ix_deliveries_silenced", "deliveries", ["alert_seq"], "state = 'silenced'"),
    ):
        where = sa.text(condition)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_marks_topic", "marks", ["topic", "marked_at", "is_relevant"])
