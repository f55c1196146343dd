"""Entries as kept for explanation, preview and evaluation on what was really seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from watcher.model.entry import EntryRecord, Identified
from watcher.store import documents
from watcher.store.database import AnyRow, Database, StorePart, execute_many
from watcher.store.prefix import PREFIX_SHOWN, begins_with
from watcher.store.records import PollRecord
from watcher.store.tables import entries, feeds


class Entries(StorePart):
    """Stored entries, for the commands."""

    def find(self, key_prefix: str) -> EntryRecord | None:
        """The one entry whose key begins with `key_prefix` (8 or more hex digits); None when none or several do."""
        matching = begins_with(entries.c.key, key_prefix, at_least=PREFIX_SHOWN)
        with self._database.read() as connection:
            rows = connection.execute(_records().where(matching).limit(2)).all()
        return _record(rows[0]) if len(rows) == 1 else None

    def since(self, since: datetime, limit: int = 100_000) -> list[EntryRecord]:
        """Entries first seen at or after `since`, oldest first."""
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(entries_since(since, limit))]


def entries_since(since: datetime, limit: int) -> Select[Any]:
    """The query for entries first seen at or after `since`, oldest first."""
    return _records().where(entries.c.first_seen >= since).order_by(entries.c.first_seen, entries.c.key).limit(limit)


def save_entries(
    database: Database, connection: Connection, polls: Sequence[tuple[int, PollRecord]], now: datetime
) -> None:
    """Keeps what is new or updated, and a baseline; what was only re-keyed is kept already, under its old key."""
    rows = [
        _row(feed_id, identified, now)
        for feed_id, poll in polls
        for identified in (
            *poll.decision.new,
            *poll.decision.updated,
            *(poll.decision.quiet if poll.decision.is_baseline else ()),
        )
    ]
    execute_many(connection, database.upsert(entries, ("key",), ("document",)), rows)


def _records() -> Select[Any]:
    columns = (entries.c.key, entries.c.first_seen, entries.c.document)
    return select(*columns, feeds.c.url, feeds.c.title, feeds.c.labels).join(feeds, feeds.c.id == entries.c.feed_id)


def _record(row: AnyRow) -> EntryRecord:
    return EntryRecord(
        key=row.key,
        feed_url=row.url,
        feed_title=row.title,
        entry=documents.entries.read(row.document),
        first_seen=row.first_seen,
        labels={} if row.labels is None else documents.labels.read(row.labels),
    )


def _row(feed_id: int, identified: Identified, now: datetime) -> dict[str, Any]:
    return {
        "key": identified.entry_key,
        "feed_id": feed_id,
        "first_seen": now,
        "document": documents.entries.write(identified.entry),
    }
