"""What the rest of this package asks of an engine, so that SQL dialects stay behind one small file each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, Connection, Executable, Row, Select, Table

T = TypeVar("T", str, int)

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
"""A row of a query whose columns are known by name only."""


class Database(Protocol):
    """An engine. `where` names the store in messages, without a password."""

    where: str

    def write(self, what: str, *, is_bulk: bool = False) -> AbstractContextManager[Connection]:
        """One writing transaction: committed at the end, rolled back on any exception. Raises `StoreError` itself.

        `what` names it (a method of the interface): the two sides of its commit are failpoints of that name. A server
        ends one that pauses for longer than other nodes can wait; one that `is_bulk` may compute for longer between two
        statements.
        """

    def read(self) -> AbstractContextManager[Connection]:
        """One reading transaction: a consistent view."""

    def beat(self) -> AbstractContextManager[Connection]:
        """A short writing transaction on a connection of its own.

        A commit may be lost with the machine's power: only for what is written again every few seconds.
        """

    def mark(self) -> object | None:
        """Another value once anybody committed anything but a `beat`; None where asking costs as much as looking."""

    def time(self) -> datetime | None:
        """The server's time; None where there is no server."""

    def has_just_started(self, connection: Connection, now: datetime, within: timedelta) -> bool:
        """Whether the server started so recently before `now` that nodes may not have reached it yet."""

    def name_sessions(self, node: str) -> None:
        """From now on, sessions with the server are of this node: `end_sessions` ends them."""

    def end_sessions(self, connection: Connection, nodes: Collection[str]) -> None:
        """Ends what these nodes have open at the server, with the locks that they hold there."""

    def serialise(self, connection: Connection, what: str) -> None:
        """Until the end of the transaction, nobody else passes here for the same `what`."""

    def insert_missing(self, table: Table, key: Sequence[str]) -> Executable:
        """An INSERT that leaves a row alone whose `key` exists."""

    def upsert(self, table: Table, key: Sequence[str], replaced: Collection[str]) -> Executable:
        """An INSERT that overwrites the `replaced` columns of a row whose `key` exists."""

    def is_in(self, column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
        """The condition for a column whose value is one of these, as a statement whose text does not depend on them."""

    @staticmethod
    def is_given(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
        """The same for values that are given later, as a list, under this name: such a statement can be built once."""

    def texts(self, values: Collection[str]) -> ColumnElement[str]:
        """The column of a table of these texts, however many they are, for the FROM of a query."""

    def is_among(self, column: ColumnElement[Any], query: Select[Any]) -> ColumnElement[bool]:
        """The condition for a key that is in a short result, which may depend on the other side of a join.

        Each row of the join costs one run of the query and one look-up for each of its results.
        """

    def update_rows(
        self, connection: Connection, table: Table, key: Sequence[str], rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Sets columns of many rows, named by `key`, as one statement. All rows give the same columns."""

    def insert_rows(
        self,
        connection: Connection,
        table: Table,
        rows: Sequence[Mapping[str, Any]],
        key: Sequence[str] = (),
        replaced: Collection[str] = (),
    ) -> None:
        """Inserts many rows as one statement, in their order. All rows give the same columns.

        Of a row whose `key` exists, the `replaced` columns are overwritten; of several with one key the last counts.
        """

    def text_in(self, document: ColumnElement[Any], *path: str) -> ColumnElement[Any]:
        """A text inside a column of JSON documents, NULL where it has none."""

    def backup(self, target: Path) -> None:
        """A consistent copy in a new file."""

    def problems(self) -> list[str]:
        """What the engine finds wrong with the file itself; a server checks its own."""

    def size(self) -> int:
        """Bytes that the store takes."""

    def used(self, connection: Connection) -> int:
        """Bytes that its rows take, without the space that deleted ones have left for others."""

    def tidy(self) -> None:
        """What an engine wants after many rows were deleted."""

    def close(self) -> None:
        """Gives every connection back."""


class StorePart:
    """A part of the store, over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database


def execute_many(connection: Connection, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
    """Runs a statement for each row; no rows, no statement."""
    if rows:
        connection.execute(statement, list(rows))


CHUNK = 5_000


def chunks(values: Collection[T], size: int = CHUNK) -> list[list[T]]:
    """The values in lists that stay below the parameter limit of every engine (SQLite 32,766, PostgreSQL 65,535)."""
    ordered = sorted(values)
    return [ordered[start : start + size] for start in range(0, len(ordered), size)]
