"""`watcher debug`: what tests and benches can do to the program. Nothing here is meant for service."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import typer

from watcher import failpoints, timings
from watcher.cli.tables import show_table

app = typer.Typer(help="For tests and benches: places to crash at, waits to shorten.", no_args_is_help=True)


@app.command("failpoints", epilog=f"Example: {failpoints.VARIABLE}=send.after:3 watcher run")
def list_failpoints() -> None:
    """The names that WATCHER_FAILPOINT=NAME:N takes: the process dies there (with :stop, stands still) at the N-th passage."""
    show_table(("name", "what happens there"), sorted(failpoints.FAILPOINTS.items()), empty="none")


@app.command("timings", epilog=f"Example: {timings.VARIABLE}=tick=0.1,notification_lease=6,backoff=0.02 watcher run")
def list_timings() -> None:
    """The names that WATCHER_TIMINGS=NAME=SECONDS,… takes, and what they are in service."""
    rows = (
        (name, f"{value.total_seconds():g} s" if isinstance(value, timedelta) else f"× {value:g}")
        for name, value in asdict(timings.Timings()).items()
    )
    show_table(("name", "in service"), rows, empty="none")
