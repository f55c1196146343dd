"""`watcher debug`: what tests and benches can switch on. Not for production."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from watcher import failpoints, timings
from watcher.cli.options import command_group
from watcher.cli.tables import show_table

app = command_group("List failpoints and timings for tests.")


@app.command("failpoints", epilog=f"Example: {failpoints.VARIABLE}=send.after:3 watcher run")
def list_failpoints() -> None:
    """List the names for WATCHER_FAILPOINT=NAME:N.

    The process is killed (with :stop: stopped) when it passes the failpoint for the N-th time.
    """
    show_table(("name", "what happens there"), sorted(failpoints.FAILPOINTS.items()), empty="none")


@app.command("timings", epilog=f"Example: {timings.VARIABLE}=tick=0.1,notification_lease=6,backoff=0.02 watcher run")
def list_timings() -> None:
    """List the names for WATCHER_TIMINGS=NAME=SECONDS,… and their defaults."""
    rows = (
        (name, f"{value.total_seconds():g} s" if isinstance(value, timedelta) else f"× {value:g}")
        for name, value in asdict(timings.Timings()).items()
    )
    show_table(("name", "default"), rows, empty="none")
