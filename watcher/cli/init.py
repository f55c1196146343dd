"""`watcher init`: a configuration to begin with."""

from __future__ import annotations

import typer

from watcher.cli.files import write_atomically
from watcher.cli.options import DEFAULT_CONFIG, Config
from watcher.errors import UsageError

app = typer.Typer()


@app.command(epilog="Example: watcher init -c config.yaml")
def init(config: Config = DEFAULT_CONFIG) -> None:
    """Write a commented starter configuration."""
    from watcher.config.starter import starter_text

    if config.exists():
        raise UsageError(f"{config} exists already; name another file with -c")
    write_atomically(config, starter_text(config))
    typer.echo(f"wrote {config}; edit its feeds, topics and receivers, then run: watcher check -c {config}")
