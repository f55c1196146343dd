"""The log of acts. Each is written in the transaction of the change itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, select

from watcher.model.act import Act, Actor, Deed, WayIn
from watcher.store.database import StorePart
from watcher.store.page_tables import acts

LONGEST_DETAIL = 500


class Acts(StorePart):
    """What users did."""

    def newest(self, limit: int, before: int | None = None) -> list[Act]:
        """Acts, newest first; with `before` those with a smaller number."""
        query = select(acts).order_by(acts.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(acts.c.id < before)
        return self._read(query)

    def about(self, subject: str, limit: int) -> list[Act]:
        """What was done with an alert, an entry, a silence, a message or a feed, newest first."""
        return self._read(select(acts).where(acts.c.subject == subject).order_by(acts.c.id.desc()).limit(limit))

    def _read(self, query: Select[Any]) -> list[Act]:
        with self._database.read() as connection:
            return [
                Act(row.id, row.at, Actor(row.author, WayIn(row.way)), Deed(row.deed), row.subject, row.detail)
                for row in connection.execute(query)
            ]


def note_act(
    connection: Connection, by: Actor | None, deed: Deed, subject: str, now: datetime, detail: str = ""
) -> None:
    """Writes an act down; nothing when it is not known who acts."""
    if by is not None:
        row = {
            "at": now,
            "author": by.name,
            "way": by.way,
            "deed": deed,
            "subject": subject,
            "detail": detail[:LONGEST_DETAIL],
        }
        connection.execute(acts.insert(), [row])


def forget_acts(connection: Connection, before: datetime, chunk: int) -> int:
    """Deletes acts done before `before`, the oldest first; returns how many."""
    old = select(acts.c.id).where(acts.c.at < before).order_by(acts.c.at, acts.c.id).limit(chunk)
    return connection.execute(delete(acts).where(acts.c.id.in_(old))).rowcount
