"""What is remembered of entries, so that newness is identity and never date (I6).

Keys that a document shows again are marked as seen at most once a week per feed: retention only needs to know which
keys a feed still carries, and a write for every known key at every poll would be most of what the store does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, select, update

from watcher.model.entry import Identified, Seen, SeenProbe
from watcher.store.database import AnyRow, Database, chunks, execute_many
from watcher.store.records import PollRecord
from watcher.store.tables import feeds, seen

REFRESH_KEYS_AFTER = timedelta(days=7)

_SHARED_BY = 50
"""Entries with one title: a bulletin has the same one every day, and needs no comparison with all of them."""

_MAX_SIMILAR = 100_000
"""Rows for one document at most; only one that means harm resembles so many."""


def seen_entries(connection: Connection, feed_url: str, probe: SeenProbe) -> list[Seen]:
    """What is remembered of this feed that shares a key, link hash or fingerprint with the probe, by key."""
    feed_id = connection.scalar(select(feeds.c.id).where(feeds.c.url == feed_url))
    named = [row for some in chunks(probe.keys) for row in connection.execute(_of_feed(feed_id, seen.c.key.in_(some)))]
    similar = islice(_similar(connection, feed_id, probe), _MAX_SIMILAR)
    rows = {row.key: _seen(row) for row in chain(named, similar)}
    return [rows[key] for key in sorted(rows)]


def _similar(connection: Connection, feed_id: int | None, probe: SeenProbe) -> Iterator[AnyRow]:
    """What shares a link hash or a fingerprint with the probe; of one that very many share, some."""
    asked = (
        (seen.c.link_hash, probe.link_hashes),
        (seen.c.title_fingerprint, probe.fingerprints),
        (seen.c.text_fingerprint, probe.fingerprints),
    )
    for column, values in asked:
        for some in chunks(values - {""}):
            few = _SHARED_BY * len(some)
            rows = connection.execute(_of_feed(feed_id, column.in_(some)).limit(few + 1)).all()
            if len(rows) <= few:
                yield from rows
                continue
            for value in some:
                alike = _of_feed(feed_id, column == value).limit(_SHARED_BY + 2 * len(probe.keys))
                yield from connection.execute(alike)


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
