"""Which copies of a story a channel was shown, and those that a digest lists late.

Copies of before count as shown wherever their story went: the next digest lists none of them.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

SHOWN_BEFORE = """
INSERT INTO shown_copies (alert_seq, channel)
SELECT DISTINCT copy.seq, deliveries.channel
FROM alerts AS copy
JOIN alerts AS other ON other.topic = copy.topic AND other.story = copy.story AND other.seq <> copy.seq
JOIN deliveries ON deliveries.alert_seq = other.seq
WHERE copy.folded_into IS NOT NULL AND copy.story <> '' AND deliveries.state IN ('delivered', 'omitted', 'sending')
"""


def upgrade() -> None:
    op.create_table(
        "shown_copies",
        sa.Column("alert_seq", ROW_ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("notification_id", ROW_ID),
        sa.PrimaryKeyConstraint("alert_seq", "channel", name="pk_shown_copies"),
        sa.ForeignKeyConstraint(["alert_seq"], ["alerts.seq"], name="fk_shown_copies_alert_seq"),
        sa.ForeignKeyConstraint(["notification_id"], ["notifications.id"], name="fk_shown_copies_notification_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_shown_copies_notification", "shown_copies", ["notification_id"])
    op.add_column("notifications", sa.Column("late", sa.Text()))
    op.execute(SHOWN_BEFORE)
