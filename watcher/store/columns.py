"""The collection of all tables, and how values of the model are kept in columns, the same in every engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, MetaData, Text, TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""All tables; each constraint gets the same name in every engine."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

RowId = BigInteger().with_variant(Integer, "sqlite")
"""A surrogate key; SQLite makes only `INTEGER PRIMARY KEY` the row id itself."""

S = TypeVar("S", bound=StrEnum)


class Key(TypeDecorator[str]):
    """A key or hash: 32 hex digits in the model, 16 bytes in the store, "" as NULL."""

    impl = LargeBinary(16)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return bytes.fromhex(value) if value else None

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else bytes(value).hex()


class Instant(TypeDecorator[datetime]):
    """A time: aware in the model, microseconds since 1970 in UTC in the store (exact, sortable)."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + value * MICROSECOND


class ForeignText(TypeDecorator[str]):
    """Text that others wrote: NUL and lone surrogates, which engines refuse, become question marks."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return value.replace("\0", "?").encode("utf-8", "replace").decode()


class State(TypeDecorator[S]):
    """A member of a closed list, by its value."""

    impl = Text
    cache_ok = True

    def __init__(self, members: type[S]) -> None:
        super().__init__()
        self.members = members

    def process_bind_param(self, value: S | None, dialect: Dialect) -> str | None:
        return None if value is None else value.value

    def process_literal_param(self, value: S | None, dialect: Dialect) -> str:
        return "" if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> S | None:
        return None if value is None else self.members(value)
