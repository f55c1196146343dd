"""The statements that write rows into SQLite. Each is built once: that takes longer than running it for a few rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Executable, Table, bindparam, update
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from watcher.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class StatementColumn:
    """A column of an INSERT: its default where the rows do not give it, and what makes a value one of SQLite's."""

    name: str
    default: Any
    convert: Callable[[Any], Any] | None

    def values(self, rows: Sequence[Mapping[str, Any]]) -> Iterable[Any]:
        name = self.name
        values = [row[name] for row in rows] if name in rows[0] else [self.default] * len(rows)
        if self.convert is None:
            return values
        if values.count(values[0]) == len(values):  # as times of what is saved together
            return [self.convert(values[0])] * len(values)
        return map(self.convert, values)


@cache
def insert_statement(
    table: Table, names: tuple[str, ...], key: tuple[str, ...], replaced: tuple[str, ...]
) -> tuple[str, tuple[StatementColumn, ...]]:
    """The text of an INSERT, with its columns in order. Run as a statement of SQLAlchemy, each row would cost more than
    SQLite needs to insert it: names are looked up and values converted one by one.
    """
    new: Insert = insert(table)
    if replaced:
        new = upsert_statement(table, key, replaced)
    elif key:
        new = new.on_conflict_do_nothing(index_elements=list(key))
    dialect = sqlite_dialect()
    compiled = new.compile(dialect=dialect, column_keys=names)
    columns = [table.c[name] for name in compiled.positiontup or ()]
    return str(compiled), tuple(
        StatementColumn(
            one.name, getattr(one.default, "arg", None), one.type.dialect_impl(dialect).bind_processor(dialect)
        )
        for one in columns
    )


@cache
def upsert_statement(table: Table, key: tuple[str, ...], replaced: tuple[str, ...]) -> Insert:
    statement = insert(table)
    return statement.on_conflict_do_update(
        index_elements=list(key), set_={name: statement.excluded[name] for name in replaced}
    )


@cache
def update_statement(table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> Executable:
    values: dict[str, Any] = {name: bindparam(f"its_{name}") for name in names if name not in key}
    return update(table).where(*(table.c[name] == bindparam(f"its_{name}") for name in key)).values(values)
