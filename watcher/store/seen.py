"""What is remembered of entries, so that newness is identity and never date (I6).

Keys that a document shows again are marked as seen at most once a week per feed: retention only needs to know which
keys a feed still carries, and a write for every known key at every poll would be most of what the store does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, select, update

from watcher.model.entry import Identified, Seen, SeenProbe
from watcher.store.database import AnyRow, Database, Shelf, chunks, execute_many
from watcher.store.interface import PollRecord
from watcher.store.tables import feeds, seen

REFRESH_KEYS_AFTER = timedelta(days=7)


class SqlSeen(Shelf):
    """The part of `FeedStore` that remembers entries."""

    def seen(self, feed_url: str, probe: SeenProbe) -> list[Seen]:
        with self._database.read() as connection:
            feed_id = connection.scalar(select(feeds.c.id).where(feeds.c.url == feed_url))
            rows = {row.key: _seen(row) for query in seen_queries(feed_id, probe) for row in connection.execute(query)}
        return [rows[key] for key in sorted(rows)]


def seen_queries(feed_id: int | None, probe: SeenProbe) -> list[Select[Any]]:
    """One query per index and chunk: what shares a key, a link hash or a fingerprint with the probe."""
    asked = (
        (seen.c.key, probe.keys),
        (seen.c.link_hash, probe.link_hashes),
        (seen.c.title_fingerprint, probe.fingerprints),
        (seen.c.text_fingerprint, probe.fingerprints),
    )
    return [_of_feed(feed_id, column.in_(some)) for column, values in asked for some in chunks(values - {""})]


def remember_keys(
    database: Database, connection: Connection, polls: Sequence[tuple[int, PollRecord]], now: datetime
) -> None:
    """Remembers what is new, updated or quiet; `first_seen` of a known key never changes."""
    rows = [
        _row(feed_id, identified, now)
        for feed_id, poll in polls
        for identified in (*poll.decision.new, *poll.decision.updated, *poll.decision.quiet)
    ]
    replaced = ("link_hash", "title_fingerprint", "text_fingerprint", "last_seen")
    execute_many(connection, database.upsert(seen, ("feed_id", "key"), replaced), rows)


def refresh_keys(connection: Connection, polls: Sequence[tuple[int, PollRecord]], now: datetime) -> None:
    """Marks every known key of these documents as seen now."""
    here = (seen.c.feed_id == bindparam("of_feed")) & (seen.c.key == bindparam("of_key"))
    known = [{"of_feed": feed_id, "of_key": key} for feed_id, poll in polls for key in poll.decision.known]
    execute_many(connection, update(seen).where(here).values(last_seen=now), known)
    refreshed = update(feeds).where(feeds.c.id == bindparam("row_id")).values(keys_refreshed_at=now)
    execute_many(connection, refreshed, [{"row_id": feed_id} for feed_id, _ in polls])


def _of_feed(feed_id: int | None, condition: ColumnElement[bool]) -> Select[Any]:
    return select(seen).where(seen.c.feed_id == feed_id, condition)


def _seen(row: AnyRow) -> Seen:
    return Seen(
        row.key, row.link_hash, row.title_fingerprint or "", row.text_fingerprint or "", row.first_seen, row.original
    )


def _row(feed_id: int, identified: Identified, now: datetime) -> dict[str, Any]:
    return {
        "feed_id": feed_id,
        "key": identified.key,
        "link_hash": identified.link_hash,
        "title_fingerprint": identified.title_fingerprint,
        "text_fingerprint": identified.text_fingerprint,
        "original": identified.original,
        "first_seen": now,
        "last_seen": now,
    }
