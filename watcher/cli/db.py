"""`watcher db`: the database itself."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from watcher.cli.options import DEFAULT_CONFIG, AsJson, Config, command_group, load_to_read, store_of
from watcher.cli.tables import show_json, show_table
from watcher.errors import UsageError

app = command_group("Upgrade, back up and measure the store.")


@app.command(epilog="Example: watcher db upgrade")
def upgrade(config: Config = DEFAULT_CONFIG) -> None:
    """Bring the database to this version's schema.

    Safe to repeat, also after a crash half-way.
    """
    from watcher.service.load import settings_store

    with closing(settings_store(load_to_read(config).settings)) as store:
        typer.echo(f"schema {store.upgrade()}")


@app.command(epilog="Example: watcher db backup /var/backups/watcher-monday.db")
def backup(
    target: Annotated[Path, typer.Argument(help="Write the copy to this file, which must not exist yet.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write a consistent copy of the database, also while the daemon runs."""
    from watcher.service.load import settings_store

    if target.exists():
        raise UsageError(f"{target} exists already; name a file that does not")
    with closing(settings_store(load_to_read(config).settings)) as store:
        store.check_schema()
        store.backup(target)
    typer.echo(f"{target}: {target.stat().st_size:,} bytes")


@app.command(epilog="Example: watcher db stats --json")
def stats(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Count what the store holds, and the deliveries in each state."""
    with store_of(config) as store:
        counts = asdict(store.stats())
    if as_json:
        show_json(counts)
        return
    rows: list[tuple[str, str]] = []
    for name, value in counts.items():
        if isinstance(value, dict):
            rows += [(f"{name}, {state}", f"{count:,}") for state, count in sorted(value.items())]
        else:
            rows.append((name, f"{value:,}" if isinstance(value, int) else str(value)))
    show_table(("what", "count"), rows, empty="nothing")
