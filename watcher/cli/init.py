"""`init` and `demo`: the commands of the first hour."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from watcher.cli.options import DEFAULT_CONFIG, Config
from watcher.cli.tables import console
from watcher.config.starter import starter_text
from watcher.demo.run import run_demo
from watcher.errors import UsageError


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: watcher demo --output /tmp/watcher-demo")(demo)
    app.command(epilog="Example: watcher init -c config.yaml")(init)


def demo(
    output: Annotated[Path | None, typer.Option(help="Where to write the digest; a new folder by default.")] = None,
) -> None:
    """The whole walk on this machine alone: sample feeds, scores, one chat message, one digest. No network."""
    raise typer.Exit(run_demo(output, console))


def init(config: Config = DEFAULT_CONFIG) -> None:
    """Writes a commented starter configuration."""
    if config.exists():
        raise UsageError(f"{config} exists already; name another file with -c")
    config.write_text(starter_text(config), encoding="utf-8")
    typer.echo(f"wrote {config}; edit its feeds, topics and receivers, then: watcher check -c {config}")
