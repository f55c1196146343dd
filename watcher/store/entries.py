"""Entries as kept for explanation, preview and evaluation on what was really seen."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, func, select

from watcher.model.entry import EntryRecord, Identified
from watcher.store import documents
from watcher.store.database import AnyRow, Database, StorePart, chunks
from watcher.store.prefix import PREFIX_SHOWN, begins_with
from watcher.store.records import EntryFilter, PollRecord, StoredEntry
from watcher.store.tables import ENTRY_IS_CHANGED, entries, feeds
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

    def of_feed(self, url: str, limit: int) -> list[EntryRecord]:
        """The newest entries of one feed, by its whole address."""
        number = select(feeds.c.id).where(feeds.c.url == url).scalar_subquery()
        query = _records().where(entries.c.feed_id == number).order_by(entries.c.first_seen.desc()).limit(limit)
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query)]

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

    def last_seen(self) -> datetime | None:
        """When the newest entry was first seen; None where there is none."""
        with self._database.read() as connection:
            return connection.scalar(select(entries.c.first_seen).order_by(entries.c.id.desc()).limit(1))

    def count(self, since: datetime) -> int:
        """How many entries were first seen at or after `since`."""
        query = select(func.count()).select_from(entries).where(entries.c.first_seen >= since)
        with self._database.read() as connection:
            return connection.scalar(query) or 0

    def ids_between(self, above: int, below: int | None, limit: int, *, newest: bool = False) -> dict[int, datetime]:
        """When entries between two numbers, both excluded, were first seen; the lowest, or the newest, first."""
        query = select(entries.c.id, entries.c.first_seen).where(entries.c.id > above)
        if below is not None:
            query = query.where(entries.c.id < below)
        query = query.order_by(entries.c.id.desc() if newest else entries.c.id).limit(limit)
        with self._database.read() as connection:
            return {row.id: row.first_seen for row in connection.execute(query)}

    def changed_since(self, since: datetime, limit: int) -> dict[int, datetime]:
        """When entries were replaced by a later version, at or after `since`, in the order of that."""
        query = select(entries.c.id, entries.c.changed_at).where(ENTRY_IS_CHANGED, entries.c.changed_at >= since)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(entries.c.changed_at, entries.c.id).limit(limit))
            return {row.id: row.changed_at for row in rows}

    def stored(self, ids: Collection[int]) -> list[StoredEntry]:
        """Those of these entries that are stored, newest first."""
        found: dict[int, StoredEntry] = {}
        with self._database.read() as connection:
            for some in chunks(ids):
                for row in connection.execute(_records().where(entries.c.id.in_(some))):
                    found[row.id] = StoredEntry(row.id, row.feed_id, _record(row))
        return [found[number] for number in sorted(found, reverse=True)]

    def key_of(self, number: int) -> str | None:
        """The key of the entry with this number."""
        with self._database.read() as connection:
            return connection.scalar(select(entries.c.key).where(entries.c.id == number))

    def number_range(self) -> tuple[int, int]:
        """The lowest and the highest number of an entry; 0 and 0 when there is none."""
        with self._database.read() as connection:
            lowest, highest = (connection.scalar(select(end(entries.c.id))) for end in (func.min, func.max))
        return lowest or 0, highest or 0

    def numbers_in(self, since: datetime | None, until: datetime | None) -> tuple[int, int | None]:
        """Numbers between which, both excluded, every entry first seen from `since` until before `until` lies.

        Numbers follow the times but for polls that were saved at the same time: hence `_NEIGHBOURS`.
        """
        first = select(entries.c.id).order_by(entries.c.first_seen, entries.c.key).limit(_NEIGHBOURS)
        last = select(entries.c.id).order_by(entries.c.first_seen.desc(), entries.c.key.desc()).limit(_NEIGHBOURS)
        above, below = 0, None
        with self._database.read() as connection:
            if since is not None:
                ids = list(connection.scalars(first.where(entries.c.first_seen >= since)))
                above = min(ids, default=(connection.scalar(select(func.max(entries.c.id))) or 0) + 1) - 1
            if until is not None:
                ids = list(connection.scalars(last.where(entries.c.first_seen < until)))
                below = max(ids, default=0) + 1
        return above, below


_NEIGHBOURS = 1_000


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
        _row(feed_id, identified, now, changed_at)
        for feed_id, poll in polls
        for changed_at, some in (
            (None, poll.decision.new),
            (now, poll.decision.updated),
            (None, poll.decision.quiet if poll.decision.is_baseline else ()),
        )
        for identified in some
    ]
    database.insert_rows(connection, entries, rows, ("key",), ("document", "changed_at"))


def _records() -> Select[Any]:
    columns = (entries.c.id, entries.c.feed_id, entries.c.key, entries.c.first_seen, entries.c.document)
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


def _row(feed_id: int, identified: Identified, now: datetime, changed_at: datetime | None) -> dict[str, Any]:
    return {
        "key": identified.entry_key,
        "feed_id": feed_id,
        "first_seen": now,
        "document": documents.entries.write(identified.entry),
        "changed_at": changed_at,
    }
