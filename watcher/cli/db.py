"""`watcher db`: migrations, a consistent copy, sizes."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from watcher.cli.options import DEFAULT_CONFIG, Config, plan_to_read, store_of
from watcher.cli.tables import show_table
from watcher.errors import UsageError
from watcher.service.app import settings_store

app = typer.Typer(help="Migrations, a consistent copy, sizes.", no_args_is_help=True)


@app.command(epilog="Example: watcher db upgrade")
def upgrade(config: Config = DEFAULT_CONFIG) -> None:
    """Brings the database to this version's schema; safe to repeat, also after a crash half-way."""
    with closing(settings_store(plan_to_read(config).settings)) as store:
        typer.echo(f"schema {store.upgrade()}")


@app.command(epilog="Example: watcher db backup /var/backups/watcher-monday.db")
def backup(
    target: Annotated[Path, typer.Argument(help="A file that does not exist yet.")], config: Config = DEFAULT_CONFIG
) -> None:
    """A consistent copy of the live database; the daemon may go on meanwhile."""
    if target.exists():
        raise UsageError(f"{target} exists already; name a file that does not")
    with closing(settings_store(plan_to_read(config).settings)) as store:
        store.check_schema()
        store.backup(target)
    typer.echo(f"{target}: {target.stat().st_size:,} bytes")


@app.command(epilog="Example: watcher db stats")
def stats(config: Config = DEFAULT_CONFIG) -> None:
    """What the store holds, and every delivery by its state."""
    rows: list[tuple[str, str]] = []
    with store_of(config) as store:
        counted = store.stats()
    for name, value in asdict(counted).items():
        if isinstance(value, dict):
            rows += [(f"{name}, {state}", f"{count:,}") for state, count in sorted(value.items())]
        else:
            rows.append((name, f"{value:,}" if isinstance(value, int) else str(value)))
    show_table(("what", "count"), rows, empty="nothing")
