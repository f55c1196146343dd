"""How commands print: tables, texts, times and JSON.

On a terminal tables are aligned, texts wrap at words and times are short; other programs get tab-separated lines and
whole times. Times are in the reader's zone (`TZ`, else the machine's), with --utc in UTC; in JSON always in UTC.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

import typer

from watcher.model.local_time import representable
from watcher.text.redact import redact_addresses
from watcher.views.json_text import ADDRESS_KEYS, json_text

if TYPE_CHECKING:
    from rich.console import Console

GAP = "  "
FEWEST = 3
"""Columns that stay side by side on the narrowest terminal."""


Cell = str | datetime | None
"""A text; a time, printed as `when` does; None is printed as "-"."""


class Display:
    """What the whole process prints by; set once by the options of the command line."""

    utc = False


def console() -> Console:
    """Standard output; cells and texts are never markup."""
    from rich.console import Console

    return Console(highlight=False)


def progress_console() -> Console:
    """Standard error, for progress bars."""
    from rich.console import Console

    return Console(stderr=True)


def show_table(
    columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, empty: str, terminal: Console | None = None
) -> None:
    """Prints rows under columns; `empty` goes to standard error when there is none.

    On a terminal that is too narrow the widest columns go below their row and wrap at words.
    """
    addresses = [index for index, column in enumerate(columns) if column in ADDRESS_KEYS]
    rows = [_without_secrets(row, addresses) for row in rows]
    if not rows:
        say(empty, err=True)
        return
    if terminal is None and not sys.stdout.isatty():
        _print_lines(columns, rows)
        return
    terminal = terminal or console()
    if not terminal.is_terminal:
        _print_lines(columns, rows)
        return
    from rich.cells import cell_len

    now = datetime.now(UTC)
    shown = [[_short(cell, now) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(columns, *shown, strict=True)]
    beside = _beside(widths, terminal.width)
    for style, row in (("bold", columns), *(("", row) for row in shown)):
        _print_row(terminal, row, widths, beside, style)


def _without_secrets(row: Sequence[Cell], addresses: Sequence[int]) -> Sequence[Cell]:
    if not addresses:
        return row
    return [
        redact_addresses(cell) if index in addresses and isinstance(cell, str) else cell
        for index, cell in enumerate(row)
    ]


def _print_lines(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    for row in (columns, *rows):
        typer.echo("\t".join(_whole(cell).replace("\t", " ").replace("\n", " ") for cell in row))


def _whole(cell: Cell) -> str:
    return cell if isinstance(cell, str) else when(cell)


def _short(cell: Cell, now: datetime) -> str:
    """A time to the minute, without a year that is this one."""
    if not isinstance(cell, datetime):
        return "-" if cell is None else cell
    local, this_year = _local(cell), _local(now).year
    return local.strftime("%m-%d %H:%M" if local.year == this_year else "%Y-%m-%d %H:%M") + _mark(local)


def _beside(widths: Sequence[int], width: int) -> list[int]:
    """The columns that stay side by side; the first always does."""
    beside = list(range(len(widths)))
    while len(beside) > FEWEST and sum(widths[index] + len(GAP) for index in beside) - len(GAP) > width:
        beside.remove(max(beside[1:], key=lambda index: widths[index]))
    return beside


def _print_row(terminal: Console, row: Sequence[str], widths: Sequence[int], beside: Sequence[int], style: str) -> None:
    from rich.cells import cell_len
    from rich.padding import Padding
    from rich.text import Text

    cells = (row[index] + " " * (widths[index] - cell_len(row[index])) for index in beside)
    terminal.print(Text(GAP.join(cells).rstrip(), style))
    beneath = " · ".join(cell for index, cell in enumerate(row) if index not in beside and cell)
    if beneath:
        terminal.print(Padding(Text(beneath, style), (0, 0, 0, len(GAP)), expand=False))


def say(text: str = "", *, indent: int = 0, hang: int = 0, err: bool = False) -> None:
    """Prints a text; on a terminal it wraps at words, further lines indented by `hang` more than the first.

    Elsewhere a text stays on one line, so that other programs can search it.
    """
    stream = sys.stderr if err else sys.stdout
    if stream.isatty() and text:
        text = "\n".join(_wrapped(line, indent, hang) for line in text.splitlines())
    elif indent:
        text = " " * indent + text
    typer.echo(text, err=err)


def _wrapped(text: str, indent: int, hang: int) -> str:
    from rich.console import Console
    from rich.text import Text

    begin = " " * indent + text[: len(text) - len(text.lstrip())]
    width = max(terminal_width() - len(begin), 20)
    first, *more = Text(text.strip()).wrap(Console(width=width), width)
    if more and hang:
        narrower = max(width - hang, 20)
        rest = Text(text.strip()[len(first.plain) :].lstrip())
        more = list(rest.wrap(Console(width=narrower), narrower))
    return "\n".join(
        f"{begin}{' ' * hang if at else ''}{line.plain.rstrip()}" for at, line in enumerate([first, *more])
    )


def terminal_width() -> int:
    """Columns of the terminal; 80 where it does not say."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            if stream.isatty() and (columns := os.get_terminal_size(stream.fileno()).columns):
                return columns
    return 80


def display_zone() -> tzinfo | None:
    """The zone that times are printed in; None is the local one, with its summer time."""
    return UTC if Display.utc else None


def _local(moment: datetime) -> datetime:
    """Total, as feeds date entries in years that no zone can show."""
    return representable(moment).astimezone(display_zone())


def _mark(local: datetime) -> str:
    """What follows a time: "Z" in UTC, so that nobody takes it for local time; nothing in the reader's own zone."""
    return "Z" if not local.utcoffset() else ""


def when(moment: datetime | None) -> str:
    """A time to the second with its distance from UTC, in the reader's zone; "-" for none."""
    if moment is None:
        return "-"
    local = _local(moment)
    offset = local.strftime("%z")
    return local.strftime("%Y-%m-%d %H:%M:%S") + ("Z" if offset == "+0000" else f"{offset[:3]}:{offset[3:5]}")


def show_json(facts: object) -> None:
    """Prints JSON; aware times as `json_time` writes them, addresses of feeds without their secrets."""
    typer.echo(json_text(facts, indent=2))


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """ "1 feed", "2 feeds"; `plural` where it is not the noun with an s."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def span(length: timedelta) -> str:
    """A length of time to the second: "90 s", "2:05:00"."""
    seconds = round(length.total_seconds())
    return f"{seconds} s" if seconds < 600 else str(timedelta(seconds=seconds))
