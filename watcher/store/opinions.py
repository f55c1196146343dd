"""What opinions on entries need to remember: values that are costly to compute, and what is used of each budget."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    delete,
    func,
    select,
    tuple_,
    update,
)

from watcher.store.columns import Instant, Key, metadata
from watcher.store.database import StorePart, chunks

VALUES_KEPT = timedelta(days=60)
USES_KEPT = timedelta(days=2)
BUDGET_SPAN = timedelta(days=1)
"""A budget is for any span of this length."""

opinion_values = Table(
    "opinion_values",
    metadata,
    Column("key", Key, nullable=False, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("used_at", Instant, nullable=False),
)
"""Vectors of texts and answers of a model, by a hash of what they were made from."""

Index("ix_opinion_values_used", opinion_values.c.used_at)

opinion_uses = Table(
    "opinion_uses",
    metadata,
    Column("budget", Text, nullable=False),
    Column("key", Key, nullable=False),
    Column("used_at", Instant, nullable=False),
    PrimaryKeyConstraint("budget", "key"),
)
"""What was taken out of a budget, and for which entry: the same one again costs nothing."""

Index("ix_opinion_uses_used", opinion_uses.c.used_at)


class Opinions(StorePart):
    """Values by key, and budgets by name."""

    def values(self, keys: Collection[str], now: datetime) -> dict[str, bytes]:
        """The values that are kept, by key. Those that would soon be forgotten are kept for longer."""
        with self._database.read() as connection:
            query = select(opinion_values)
            rows = [row for some in chunks(keys) for row in connection.execute(query.where(_is_one_of(some)))]
        if old := [row.key for row in rows if now - row.used_at > VALUES_KEPT / 2]:
            with self._database.write("use_values") as connection:
                for some in chunks(old):
                    connection.execute(update(opinion_values).where(_is_one_of(some)).values(used_at=now))
        return {row.key: bytes(row.value) for row in rows}

    def keep(self, values: Mapping[str, bytes], now: datetime) -> None:
        """Keeps values; what is kept under a key already stays, since it was made from the same."""
        rows = [{"key": key, "value": value, "used_at": now} for key, value in values.items()]
        with self._database.write("keep_values") as connection:
            self._database.insert_rows(connection, opinion_values, rows, ("key",))

    def take(self, budget: str, key: str, most: int, now: datetime) -> bool:
        """Takes one out of a budget of `most` in `BUDGET_SPAN`; whether there was one, or `key` had taken it before."""
        mine = select(opinion_uses.c.key).where(opinion_uses.c.budget == budget, opinion_uses.c.key == key)
        with self._database.write("take_budget") as connection:
            self._database.serialise(connection, "budgets")
            if connection.execute(mine).one_or_none() is not None:
                return True
            if _used(connection, budget, now) >= most:
                return False
            connection.execute(opinion_uses.insert(), [{"budget": budget, "key": key, "used_at": now}])
            return True

    def used(self, budget: str, now: datetime) -> int:
        """How much of a budget was taken in the last `BUDGET_SPAN`."""
        with self._database.read() as connection:
            return _used(connection, budget, now)


def forget_opinions(connection: Connection, now: datetime, chunk: int) -> int:
    """Forgets at most `chunk` values that nobody used for long, and uses that no budget counts; returns how many."""
    keys, uses = opinion_values.c.key, (opinion_uses.c.budget, opinion_uses.c.key)
    unused = select(keys).where(opinion_values.c.used_at < now - VALUES_KEPT).limit(chunk)
    over = select(*uses).where(opinion_uses.c.used_at < now - USES_KEPT).limit(chunk)
    return (
        connection.execute(delete(opinion_values).where(keys.in_(unused))).rowcount
        + connection.execute(delete(opinion_uses).where(tuple_(*uses).in_(over))).rowcount
    )


def _used(connection: Connection, budget: str, now: datetime) -> int:
    counted = opinion_uses.c.budget == budget, opinion_uses.c.used_at > now - BUDGET_SPAN
    return connection.scalar(select(func.count()).select_from(opinion_uses).where(*counted)) or 0


def _is_one_of(keys: Collection[str]) -> ColumnElement[bool]:
    return opinion_values.c.key.in_(keys)
