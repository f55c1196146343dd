"""A copy of a whole store in another one, also on another engine: the move from SQLite to a server."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, exists, func, select

from watcher.errors import UsageError
from watcher.lazy_dataclass import dataclass
from watcher.store.columns import metadata
from watcher.store.database import Database, execute_many
from watcher.store.hosts import settle
from watcher.store.node_tables import NODE_IS_DEAD, nodes
from watcher.store.tables import HOST_IS_LEASED, hosts

CHUNK = 2_000
"""Rows read and written at a time."""

_NOT_COPIED = frozenset({nodes.name})
"""Processes of the old store do not work on the new one."""

_NO_LEASE: Mapping[str, None] = {"lease_owner": None, "lease_until": None}


def copy_store(source: Database, target_database: Database, now: datetime) -> dict[str, int]:
    """Copies every table in one transaction, compares both, and returns the rows of each.

    Both schemas must be this version's. Leases are dropped and their epochs grow, so that nothing of the old store
    can be written into the new one. Raises `UsageError` when a process works on the source, when the target is not
    empty, or when the copy differs; nothing is kept then.
    """
    counts = {}
    with source.read() as reading, target_database.write("copy_store", is_bulk=True) as writing:
        _refuse_living(source, reading, now)
        _refuse_full(target_database, writing)
        for table in metadata.sorted_tables:
            if table.name not in _NOT_COPIED:
                counts[table.name] = _copy(table, reading, writing)
        leased = list(reading.scalars(select(hosts.c.id).where(HOST_IS_LEASED)))
        settle(target_database, writing, leased, now)
    return counts


def _refuse_living(source: Database, reading: Connection, now: datetime) -> None:
    living = list(reading.scalars(select(nodes.c.name).where(~NODE_IS_DEAD, nodes.c.alive_until > now)))
    if living:
        raise UsageError(f"{living[0]} works on {source.where}: stop the daemon, then copy again")


def _refuse_full(target: Database, writing: Connection) -> None:
    full = [table.name for table in metadata.sorted_tables if writing.scalar(select(exists().select_from(table)))]
    if full:
        raise UsageError(f"{target.where} is not empty ({full[0]} has rows): name an empty database")


def _copy(table: Table, reading: Connection, writing: Connection) -> int:
    """Copies a table, reads the copy again and compares the two; returns the rows."""
    original = _Digest()
    for rows in _rows(table, reading):
        execute_many(writing, table.insert(), rows)
        original.add(rows)
    _move_sequence(table, writing)
    copy = _Digest()
    for rows in _rows(table, writing):
        copy.add(rows)
    if copy != original:
        raise UsageError(
            f"the copy of {table.name} ({original.count:,} rows) differs from the original: please report this"
        )
    return original.count


def _rows(table: Table, connection: Connection) -> Iterator[list[dict[str, Any]]]:
    """The rows as they are to be in the copy, in chunks."""
    query = select(table).order_by(*table.primary_key).execution_options(yield_per=CHUNK)
    result = connection.execute(query).mappings()
    for chunk in result.partitions():
        yield [_without_lease(row) for row in chunk]


def _without_lease(row: RowMapping) -> dict[str, Any]:
    if "lease_owner" not in row:
        return dict(row)
    epoch = {"epoch": row["epoch"] + (row["lease_owner"] is not None)} if "epoch" in row else {}
    return {**row, **_NO_LEASE, **epoch}


def _move_sequence(table: Table, writing: Connection) -> None:
    """The next row gets a number that no copied row has; SQLite takes the highest by itself."""
    column = table.autoincrement_column
    if column is not None and writing.dialect.name == "postgresql":
        highest = writing.scalar(select(func.max(column)))
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        if highest is not None:
            writing.execute(select(func.setval(sequence, highest)))


@dataclass(slots=True)
class _Digest:
    """The number of rows and the sum of their hashes: engines sort texts differently."""

    count: int = 0
    total: int = 0

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.count += len(rows)
        hashes = (hashlib.blake2b(repr(list(row.values())).encode(), digest_size=16).digest() for row in rows)
        self.total = (self.total + sum(map(int.from_bytes, hashes))) % 2**128
