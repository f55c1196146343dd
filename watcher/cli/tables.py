"""Rows for people: an aligned table on a terminal, tab-separated lines for other programs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

console = Console(highlight=False)
progress_console = Console(stderr=True)

GAP = "  "
FEWEST = 3
"""Columns that stay side by side on the narrowest terminal."""

_MOMENT = re.compile(r"(\d{4})-(\d\d-\d\d \d\d:\d\d):\d\dZ")


def show_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str, terminal: Console = console
) -> None:
    """Prints rows under columns; `empty` is said when there is none. Cells are plain text, never markup.

    On a terminal that is too narrow the widest columns stand beneath their row instead of being broken into shreds.
    """
    rows = list(rows)
    if not rows:
        typer.echo(empty, err=True)
        return
    if not terminal.is_terminal:
        for row in (columns, *rows):
            typer.echo("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row))
        return
    year = str(datetime.now(UTC).year)
    shown = [[_MOMENT.sub(lambda found: _moment(found, year), cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(columns, *shown, strict=True)]
    beside = _beside(widths, terminal.width)
    for style, row in (("bold", columns), *(("", row) for row in shown)):
        _print_row(terminal, row, widths, beside, style)


def _moment(found: re.Match[str], year: str) -> str:
    """To the minute, without a year that is this one."""
    return f"{found[2]}Z" if found[1] == year else f"{found[1]}-{found[2]}Z"


def _beside(widths: Sequence[int], width: int) -> list[int]:
    """The columns that stand side by side; the first always does."""
    beside = list(range(len(widths)))
    while len(beside) > FEWEST and sum(widths[index] + len(GAP) for index in beside) - len(GAP) > width:
        beside.remove(max(beside[1:], key=lambda index: widths[index]))
    return beside


def _print_row(terminal: Console, row: Sequence[str], widths: Sequence[int], beside: Sequence[int], style: str) -> None:
    cells = (row[index] + " " * (widths[index] - cell_len(row[index])) for index in beside)
    terminal.print(Text(GAP.join(cells).rstrip(), style))
    beneath = " · ".join(cell for index, cell in enumerate(row) if index not in beside and cell)
    if beneath:
        terminal.print(Padding(Text(beneath, style), (0, 0, 0, len(GAP)), expand=False))


def when(moment: datetime | None) -> str:
    """A moment in UTC to the second; "-" for none."""
    return "-" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def counted(count: int, noun: str) -> str:
    """ "1 feed", "2 feeds"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def span(length: timedelta) -> str:
    """A length of time to the second: "90 s", "2:05:00"."""
    seconds = round(length.total_seconds())
    return f"{seconds} s" if seconds < 600 else str(timedelta(seconds=seconds))


def points(hundredths: int) -> str:
    """740 → "7.4"."""
    return f"{hundredths / 100:g}"
