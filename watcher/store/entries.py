"""Entries as kept for explanation, preview and evaluation on what was really seen."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, func, select

from watcher.model.entry import EntryRecord, Identified
from watcher.store import documents
from watcher.store.database import AnyRow, Database, StorePart, chunks, execute_many
from watcher.store.prefix import PREFIX_SHOWN, begins_with
from watcher.store.records import EntryFilter, PollRecord
from watcher.store.tables import entries, feeds
from watcher.text.fold import fold


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

    def matching(self, wanted: EntryFilter, limit: int) -> list[EntryRecord]:
        """The stored entries that meet all conditions, newest first."""
        with self._database.read() as connection:
            keys = list(islice(self._keys(connection, wanted), limit))
            rows = {row.key: row for some in chunks(keys) for row in connection.execute(_of_keys(some))}
            return [_record(rows[key]) for key in keys]

    def _keys(self, connection: Connection, wanted: EntryFilter) -> Iterator[str]:
        """Keys of the entries wanted, newest first. Text is compared here: no engine folds it as we do."""
        title = self._database.text_in(entries.c.document, "value", "title").label("entry_title")
        link = self._database.text_in(entries.c.document, "value", "link").label("entry_link")
        texts = (title, link) if wanted.text is not None else ()
        query = select(entries.c.key, feeds.c.url, feeds.c.title, *texts)
        query = query.join(feeds, feeds.c.id == entries.c.feed_id)
        if wanted.since is not None:
            query = query.where(entries.c.first_seen >= wanted.since)
        if wanted.until is not None:
            query = query.where(entries.c.first_seen < wanted.until)
        feed, text = fold(wanted.feed or ""), fold(wanted.text or "")
        for row in connection.execute(query.order_by(entries.c.first_seen.desc(), entries.c.key.desc())):
            if feed and not (contains(feed, row.title) or contains(feed, row.url)):
                continue
            if wanted.text is None or row.entry_link == wanted.text or contains(text, row.entry_title):
                yield row.key

    def count(self, since: datetime) -> int:
        """How many entries were first seen at or after `since`."""
        query = select(func.count()).select_from(entries).where(entries.c.first_seen >= since)
        with self._database.read() as connection:
            return connection.scalar(query) or 0


def contains(part: str, text: str | None) -> bool:
    """Whether a text has a part that is folded already, whatever the text's case, accents and letter forms."""
    return part in fold(text or "")


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


def _of_keys(keys: Collection[str]) -> Select[Any]:
    return _records().where(entries.c.key.in_(keys))


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
