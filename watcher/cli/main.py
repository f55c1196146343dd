"""The program: names the commands, loads the one that is asked for, maps errors to exit codes.

0 fine · 1 something failed at run time · 2 bad usage or configuration.

A command's module is imported when the command is run, and imports what it needs when it needs it: `watcher --help`
must not wait for a database library.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Mapping, Sequence
from copy import copy
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from watcher import __version__
from watcher.cli.options import CONFIG_VARIABLE, DEFAULT_CONFIG
from watcher.cli.os_errors import explain_os_error
from watcher.cli.tables import Display, say
from watcher.errors import ConfigError, StoreError, UsageError

COMMANDS: Mapping[str, str] = {
    "demo": "See everything work on this machine alone: sample feeds, scores, one chat message, one digest.",
    "init": "Write a commented starter configuration.",
    "check": "Validate the configuration, its topics' examples, its channels and its templates.",
    "run": "Run the daemon.",
    "once": "Poll what is due, deliver what is ready, and exit.",
    "web": "Serve the pages: what was read, what alerted and why, what was sent.",
    "nodes": "List the processes that work on the store.",
    "status": "Show how watcher is doing, and what needs attention.",
    "explain": "Show why a text or an entry matches a topic, or why it does not.",
    "evaluate": "Measure the topics against entries judged by hand.",
    "preview": "Render the next digests to files without sending them.",
    "backtest": "Show what a topic would have sent over stored entries.",
    "topics": "Draft a topic, or improve one from what was marked.",
    "feeds": "List, add, import and export feeds, and show their health.",
    "entries": "List, search, show and mark everything that was read.",
    "alerts": "List alerts, show what became of each, and mark them.",
    "outbox": "List messages, and retry or drop those that were not delivered.",
    "silence": "Stop alerts for a time, with an author and a comment.",
    "routes": "Test which receivers would get an alert.",
    "receivers": "List receivers and send test messages.",
    "db": "Upgrade, back up, restore and check the store.",
    "service": "Install watcher as a service of systemd.",
    "completion": "Print a script that completes commands and options.",
    "man": "Print the manual page in roff, for `man -l -` or a folder of $MANPATH.",
    "debug": "List failpoints and timings for tests.",
}
"""Each command, in the order of `--help`, with its help line. Its module is `watcher.cli.<name>`, with a Typer `app`.
"""

WITHOUT_PLUGINS = ("PYDANTIC_DISABLE_PLUGINS", "__all__")
"""Looking for plugins of pydantic reads the metadata of every installed distribution. We have none."""
NEW_OBJECTS = 500_000
"""How many new objects the cyclic garbage collector waits for: imports alone make 200,000, and most commands end
before. With the 700 of Python it takes a tenth of a start, with 10,000 or 100,000 a twentieth."""
HIDDEN = frozenset({"debug"})
SUMMARY = "Poll news feeds, score every entry against your topics, and alert the right people with the reasons."
_PYDANTIC_PREFIX = "Value error, "
"""What pydantic, which typer uses to read arguments, puts before our own messages."""


class CommandTable(TyperGroup):
    """The commands of `COMMANDS`, each imported when it is used."""

    def list_commands(self, ctx: Any) -> list[str]:  # typer does not publish the type of its contexts
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return load_command(cmd_name) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Lists the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, text in COMMANDS.items() if name not in HIDDEN])

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix(_PYDANTIC_PREFIX)
            raise


def load_command(name: str) -> Any:
    """The command or group of this name, imported now. Commands that print tables or JSON also take --utc."""
    command = typer.main.get_command(import_module(f"watcher.cli.{name}").app)
    for one in getattr(command, "commands", {"": command}).values():
        if any(parameter.name == "as_json" for parameter in one.params):
            one.params.append(_utc_option())
    return command


def _utc_option() -> Any:
    """The option of `watcher` itself, for a command."""
    option = copy(next(one for one in typer.main.get_command(app).params if one.name == "utc"))
    option.expose_value = False
    return option


def _show_utc(wanted: bool) -> None:
    if wanted:
        Display.utc = True


app = typer.Typer(
    name="watcher",
    cls=CommandTable,
    help=SUMMARY,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"watcher {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    config: Path = typer.Option(
        DEFAULT_CONFIG,
        "-c",
        "--config",
        metavar="FILE",
        envvar=CONFIG_VARIABLE,
        readable=False,
        help="Use this configuration.",
    ),
    utc: bool = typer.Option(False, "--utc", callback=_show_utc, help="Show times in UTC, not in this machine's zone."),
    _: bool = typer.Option(
        False, "-V", "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    pass


def main(words: Sequence[str] | None = None) -> None:
    """Runs a command and ends with `SystemExit`; known errors become a message with its remedy and an exit code.

    `words` are the command line after `watcher`; that of this process by default.
    """
    gc.set_threshold(NEW_OBJECTS)
    atexit.register(gc.freeze)  # else Python looks for cycles among all that was imported: a fifth of a short run
    _print_anything()
    Display.utc = False
    if "_WATCHER_COMPLETE" in os.environ:
        from typer._completion_classes import completion_init

        completion_init()
    os.environ.setdefault(*WITHOUT_PLUGINS)
    try:
        app(args=words)
    except ConfigError as error:
        for problem in error.problems:
            say(str(problem), hang=2, err=True)
        count = len(error.problems)
        say(f"{count} problem{'s' if count != 1 else ''}; the configuration is refused", err=True)
        sys.exit(2)
    except UsageError as error:
        _fail(str(error), 2)
    except StoreError as error:
        _fail(f"the store failed: {error}", 1)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - for what is still buffered
        sys.exit(1)
    except OSError as error:
        explained = explain_os_error(error)
        if explained is None:
            raise
        _fail(explained.message, explained.exit_code)


def _fail(message: str, code: int) -> None:
    say(f"watcher: {message}", hang=2, err=True)
    sys.exit(code)


def _print_anything() -> None:
    """Lets characters that the locale's encoding lacks print as `?`: a title in Arabic must not end a command.

    A stream that the caller closed (`>&-`) is nowhere to print to.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - for the whole process
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
