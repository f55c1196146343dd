"""Rows for people: an aligned table on a terminal, tab-separated lines for other programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

console = Console(highlight=False)
progress_console = Console(stderr=True)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """Prints rows under columns; `empty` is said when there is none. Cells are plain text, never markup."""
    rows = list(rows)
    if not rows:
        typer.echo(empty, err=True)
        return
    if not console.is_terminal:
        for row in (columns, *rows):
            typer.echo("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def when(moment: datetime | None) -> str:
    """A moment in UTC to the second; "-" for none."""
    return "-" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def points(hundredths: int) -> str:
    """740 → "7.4"."""
    return f"{hundredths / 100:g}"
