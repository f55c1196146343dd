"""`watcher init`: a configuration to begin with."""

from __future__ import annotations

import re
import shlex
from importlib.resources import files
from pathlib import Path

from watcher.cli.files import write_atomically
from watcher.cli.options import DEFAULT_CONFIG, Config, single_command
from watcher.cli.tables import say
from watcher.errors import UsageError

app = single_command()

_STORE = "sqlite:///watcher.db "
_PLAIN_NAME = re.compile(r"[\w.-]+", re.ASCII)


@app.command(epilog="Example: watcher init -c config.yaml")
def init(config: Config = DEFAULT_CONFIG) -> None:
    """Write a commented starter configuration."""
    if config.exists():
        raise UsageError(f"{config} exists already; name another file with -c")
    write_atomically(config, starter_text(config))
    say(f"wrote {config}; edit its feeds, topics and receivers, then run: watcher check -c {config}")


def starter_text(file: Path) -> str:
    """A configuration that passes `check` unchanged, with comments that say what to change.

    The store is named after the file, except for `config.yaml`: two files in one folder must not share a store.
    """
    text = files("watcher.config").joinpath("starter.yaml").read_text(encoding="utf-8")
    text = text.replace("watcher check ", f"watcher check{_option(file)} ").replace(
        "watcher run ", f"watcher run{_option(file)} "
    )
    if file.stem == "config" or not _PLAIN_NAME.fullmatch(file.stem):
        return text
    return text.replace(_STORE, f"sqlite:///{file.stem}.db ", 1)


def _option(file: Path) -> str:
    """The option that commands need for this file; none for the default name."""
    return "" if file.name == "config.yaml" else f" -c {shlex.quote(file.name)}"
