"""The program: puts the command groups together and maps errors to exit codes.

0 fine · 1 something failed at run time · 2 bad usage or configuration.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from watcher import __version__
from watcher.cli import (
    alerts,
    backtest,
    check,
    db,
    debug,
    explain,
    feeds,
    init,
    outbox,
    receivers,
    routes,
    run,
    silence,
)
from watcher.errors import ConfigError, StoreError, UsageError

_NOISE = "Value error, "
"""What pydantic, by which typer reads words, puts before a message of its own."""


class PlainSpoken(TyperGroup):
    """The commands, whose messages about wrong words say only what a person can use."""

    def invoke(self, ctx: Any) -> Any:  # typer does not publish the type of its own contexts
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix(_NOISE)
            raise


app = typer.Typer(
    name="watcher",
    cls=PlainSpoken,
    help="Reads news feeds, scores every entry against your topics, tells the right people why.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for commands in (init, check, run, explain, backtest):
    commands.register(app)
for name, group in (
    ("feeds", feeds.app),
    ("alerts", alerts.app),
    ("outbox", outbox.app),
    ("silence", silence.app),
    ("routes", routes.app),
    ("receivers", receivers.app),
    ("db", db.app),
    ("debug", debug.app),
):
    app.add_typer(group, name=name)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"watcher {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version and exit."),
) -> None:
    pass


def main(words: Sequence[str] | None = None) -> None:
    """Runs a command to its `SystemExit`; the errors of the house become a message with its remedy and an exit code.

    `words` are what stands after `watcher`; those of this process by default.
    """
    try:
        app(args=words)
    except ConfigError as error:
        for problem in error.problems:
            typer.echo(str(problem), err=True)
        count = len(error.problems)
        typer.echo(f"{count} problem{'s' if count != 1 else ''}; the configuration is refused", err=True)
        sys.exit(2)
    except UsageError as error:
        typer.echo(f"watcher: {error}", err=True)
        sys.exit(2)
    except StoreError as error:
        typer.echo(f"watcher: the store failed: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)
