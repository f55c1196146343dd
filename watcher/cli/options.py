"""Options that several commands share, and what they stand for."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.errors import UsageError

if TYPE_CHECKING:
    from watcher.match.compile import CompiledTopic
    from watcher.model.act import Actor
    from watcher.service.load import CompiledConfig
    from watcher.store.store import Store

DEFAULT_CONFIG = Path("config.yaml")
CONFIG_VARIABLE = "WATCHER_CONFIG"


def _config_of(context: typer.Context, value: Path) -> Path:
    """The configuration given to the command, else to `watcher` before it, else in the environment."""
    source = context.get_parameter_source("config")
    if source is not None and source.name == "COMMANDLINE":
        return value
    given = context.find_root().params.get("config")
    return given if isinstance(given, Path) else value


Config = Annotated[
    Path,
    typer.Option("-c", "--config", metavar="FILE", help="Use this configuration.", readable=False, callback=_config_of),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]


Limit = Annotated[int, typer.Option(min=1, metavar="NUMBER", help="List at most this many.")]


class LogFormat(StrEnum):
    """How events are written."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"

    @property
    def as_text(self) -> bool | None:
        """None where it depends on the terminal."""
        return None if self is LogFormat.AUTO else self is LogFormat.TEXT


LogFormatOption = Annotated[
    LogFormat, typer.Option("--log-format", help="Write the log as text or JSON; auto: text on a terminal, else JSON.")
]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Log more.")]


def single_command() -> typer.Typer:
    """The app of a module with one command that is named like the module."""
    return typer.Typer(rich_markup_mode=None, add_completion=False)


def command_group(text: str) -> typer.Typer:
    """The app of a module with several commands. A group stays one while it has a single command."""
    group = typer.Typer(help=text, no_args_is_help=True, rich_markup_mode=None, add_completion=False)
    group.callback()(lambda: None)
    return group


def load_to_run(config: Path) -> CompiledConfig:
    """The configuration for commands that poll or send: secrets resolved; feeds, topics and a route required."""
    from watcher.service.load import load_config

    return load_config(config, os.environ, secrets="require", must_run=True)


def load_to_read(config: Path) -> CompiledConfig:
    """The configuration for commands that send nothing: they do without secrets."""
    from watcher.service.load import load_config

    return load_config(config, os.environ, secrets="defer")


@contextmanager
def opened_store(compiled: CompiledConfig) -> Iterator[Store]:
    """The store of a configuration, for a command that reads it or records a decision."""
    from watcher.service.load import open_config_store

    store = open_config_store(compiled)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def store_of(config: Path) -> Iterator[Store]:
    """The store that a configuration names, for a command that reads it or records a decision."""
    with opened_store(load_to_read(config)) as store:
        yield store


def login_name() -> str | None:
    """Who runs this command; None for a login without a name, as in some containers."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return None


def at_terminal() -> Actor:
    """Who runs this command, for the log of acts."""
    from watcher.model.act import Actor, WayIn

    return Actor(login_name() or "a user without a name", WayIn.COMMAND)


def duration(text: str, option: str) -> timedelta:
    """`2h`, `7d`, `1h30m` as given to an option."""
    from watcher.config.quantities import read_duration

    try:
        return read_duration(text)
    except ValueError as error:
        raise UsageError(f"{option} {text}: {error}") from error


def long_ago(text: str | None, option: str = "--since") -> datetime | None:
    """The moment that lies this duration before now; None without one."""
    return None if text is None else datetime.now(UTC) - duration(text, option)


def selected_topics(compiled: CompiledConfig, name: str | None) -> list[CompiledTopic]:
    """The topic of this name; all of them without a name. Raises `UsageError` when there is none."""
    selected = [one for one in compiled.topics if name is None or one.topic.name == name]
    if selected:
        return selected
    if name is None:
        raise UsageError("the configuration has no topics; add one under topics")
    from watcher.config.did_you_mean import did_you_mean

    names = [one.topic.name for one in compiled.topics]
    hint = did_you_mean(name, names) or f"; the configuration has {', '.join(names) or 'none'}"
    raise UsageError(f'no topic is named "{name}"{hint}')
