"""What is remembered of entries, so that newness is identity and never date (I6).

Keys that a document shows again are marked as seen at most once a week per feed: retention only needs to know which
keys a feed still carries, and a write for every known key at every poll would be most of what the store does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    CompoundSelect,
    Connection,
    Select,
    bindparam,
    literal_column,
    select,
    union_all,
)

from watcher.lazy_dataclass import dataclass
from watcher.model.entry import Identified, Seen, SeenProbe
from watcher.store.database import CHUNK, AnyRow, Database, chunks
from watcher.store.records import PollRecord
from watcher.store.tables import feeds, seen

REFRESH_KEYS_AFTER = timedelta(days=7)

COLUMNS = (
    seen.c.key,
    seen.c.link_hash,
    seen.c.title_fingerprint,
    seen.c.text_fingerprint,
    seen.c.first_seen,
    seen.c.original,
)

_SHARED_BY = 50
"""Entries with one title: a bulletin has the same one every day, and needs no comparison with all of them."""

_MAX_SIMILAR = 100_000
"""Rows for one document at most; only one that means harm resembles so many."""


def seen_entries(connection: Connection, feed_url: str, probe: SeenProbe) -> list[Seen]:
    """What is remembered of this feed that shares a key, link hash or fingerprint with the probe, by key."""
    lookups = [
        *(_Lookup(seen.c.key, some) for some in chunks(probe.keys)),
        *(_Lookup(column, some) for column, values in _likenesses(probe) for some in chunks(values)),
    ]
    rows: dict[str, AnyRow] = {}
    for some in _together(lookups):
        for row in _look_up(connection, feed_url, some, probe):
            if len(rows) < _MAX_SIMILAR or row.key in probe.keys:
                rows[row.key] = row
    return [_seen(rows[key]) for key in sorted(rows)]


@dataclass(frozen=True, slots=True)
class _Lookup:
    """The values to find in one column. Of values that many entries share, more than `few` rows are too many: one row
    more shows that there are."""

    column: Column[str]
    values: list[str]

    @property
    def few(self) -> int | None:
        """None for keys: each is in one row, and every one must be found."""
        return None if self.column is seen.c.key else _SHARED_BY * len(self.values)


def _likenesses(probe: SeenProbe) -> list[tuple[Column[str], frozenset[str]]]:
    return [
        (seen.c.link_hash, probe.link_hashes - {""}),
        (seen.c.title_fingerprint, probe.fingerprints - {""}),
        (seen.c.text_fingerprint, probe.fingerprints - {""}),
    ]


def _together(lookups: Sequence[_Lookup]) -> list[list[_Lookup]]:
    """Lookups that fit into one statement: nearly always all of them."""
    if sum(len(one.values) for one in lookups) <= CHUNK:
        return [list(lookups)] if lookups else []
    return [[one] for one in lookups]


def _look_up(connection: Connection, feed_url: str, lookups: Sequence[_Lookup], probe: SeenProbe) -> Iterator[AnyRow]:
    """Runs lookups as one statement; one that finds too many is run again, with a few rows for each value."""
    given: dict[str, Any] = {"feed_url": feed_url}
    for number, one in enumerate(lookups):
        given |= {f"values_{number}": one.values, f"few_{number}": one.few and one.few + 1}
    found = connection.execute(_statement(tuple(one.column.key for one in lookups)), given).all()
    counts = Counter(row.lookup for row in found)
    crowded = {number for number, one in enumerate(lookups) if one.few is not None and counts[number] > one.few}
    yield from (row for row in found if row.lookup not in crowded)
    for number in sorted(crowded):
        one = lookups[number]
        for value in one.values:
            alike = {"feed_url": feed_url, "values_0": [value], "few_0": _SHARED_BY + 2 * len(probe.keys) + 1}
            yield from connection.execute(_statement((one.column.key,)), alike)


@cache
def _statement(columns: tuple[str, ...]) -> Select[Any] | CompoundSelect[Any]:
    """The query for rows of a feed by values of these columns. Built once: that takes longer than running it."""
    feed_id = select(feeds.c.id).where(feeds.c.url == bindparam("feed_url")).scalar_subquery()
    parts = []
    for number, name in enumerate(columns):
        wanted = seen.c[name].in_(bindparam(f"values_{number}", expanding=True))
        labels: tuple[Any, ...] = (*COLUMNS, literal_column(str(number)).label("lookup"))
        rows = select(*labels).where(seen.c.feed_id == feed_id, wanted)
        if name != seen.c.key.key:
            # SQLite takes no LIMIT in a part of a UNION, but in a subquery.
            rows = select(rows.limit(bindparam(f"few_{number}")).subquery())
        parts.append(rows)
    return union_all(*parts) if len(parts) > 1 else parts[0]


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
    database.insert_rows(connection, seen, rows, ("feed_id", "key"), replaced)


def refresh_keys(
    database: Database, connection: Connection, polls: Sequence[tuple[int, PollRecord]], now: datetime
) -> None:
    """Marks every known key of these documents as seen now."""
    known = [
        {"feed_id": feed_id, "key": key, "last_seen": now} for feed_id, poll in polls for key in poll.decision.known
    ]
    database.update_rows(connection, seen, ("feed_id", "key"), known)


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
