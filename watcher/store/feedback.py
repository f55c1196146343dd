"""What people said of alerts: relevant, or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from watcher.model.alert import MarkedAlert
from watcher.store import documents
from watcher.store.database import StorePart
from watcher.store.tables import alerts, entries, marks


class Marks(StorePart):
    """What users said of alerts: relevant, or not."""

    def mark(self, alert_id: str, is_relevant: bool, now: datetime) -> bool:
        """Keeps what a user says of an alert, with the alert and the entry's full text; the last word counts.

        False when there is no such alert. Marks stay when the alert is deleted after its time.
        """
        found = (
            select(alerts.c.topic, alerts.c.document, entries.c.document.label("entry"))
            .outerjoin(entries, entries.c.key == alerts.c.entry_key)
            .where(alerts.c.id == alert_id)
        )
        replaced = ("is_relevant", "marked_at", "document")
        with self._database.write("mark_alert") as connection:
            row = connection.execute(found).one_or_none()
            if row is None:
                return False
            mark = {
                "alert_id": alert_id,
                "topic": row.topic,
                "is_relevant": is_relevant,
                "marked_at": now,
                "document": _with_full_text(row.document, row.entry),
            }
            connection.execute(self._database.upsert(marks, ("alert_id",), replaced), [mark])
            return True

    def alerts(self, topic: str | None = None) -> list[MarkedAlert]:
        """Marked alerts, oldest mark first."""
        query = select(marks).order_by(marks.c.marked_at, marks.c.alert_id)
        if topic is not None:
            query = query.where(marks.c.topic == topic)
        with self._database.read() as connection:
            return [
                MarkedAlert(documents.alerts.read(row.document), row.is_relevant, row.marked_at)
                for row in connection.execute(query)
            ]


def _with_full_text(alert: str, entry: str | None) -> str:
    """The alert's document with the entry as long as the store has it; the alert's own is shortened."""
    if entry is None:
        return alert
    return documents.alerts.write(replace(documents.alerts.read(alert), entry=documents.entries.read(entry)))
