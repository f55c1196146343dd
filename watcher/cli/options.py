"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from watcher.config.quantities import read_duration
from watcher.errors import UsageError
from watcher.match.percolator import CompiledTopic
from watcher.service.app import open_config_store
from watcher.service.load import CompiledConfig, load_config
from watcher.store.interface import Store

Config = Annotated[
    Path, typer.Option("-c", "--config", metavar="FILE", help="The configuration.", envvar="WATCHER_CONFIG")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]

DEFAULT_CONFIG = Path("config.yaml")


def plan_to_run(config: Path) -> CompiledConfig:
    """A plan for commands that poll or send: secrets resolved, feeds, topics and a route demanded."""
    return load_config(config, os.environ, secrets="require", must_run=True)


def plan_to_read(config: Path) -> CompiledConfig:
    """A plan for commands that send nothing: they do without secrets."""
    return load_config(config, os.environ, secrets="defer")


@contextmanager
def opened_store(plan: CompiledConfig) -> Iterator[Store]:
    """The store of a plan, for a command that only looks or decides."""
    store = open_config_store(plan)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def store_of(config: Path) -> Iterator[Store]:
    """The store a configuration names, for a command that only looks or decides."""
    with opened_store(plan_to_read(config)) as store:
        yield store


def duration(text: str, option: str) -> timedelta:
    """`2h`, `7d`, `1h30m` as given to an option."""
    try:
        return read_duration(text)
    except ValueError as error:
        raise UsageError(f"{option} {text}: {error}") from error


def chosen_topics(plan: CompiledConfig, topic: str | None) -> list[CompiledTopic]:
    """The topic of this name, or all of them."""
    chosen = [compiled for compiled in plan.topics if topic is None or compiled.topic.name == topic]
    if not chosen:
        names = ", ".join(compiled.topic.name for compiled in plan.topics) or "none at all"
        raise UsageError(f"no topic is named {topic}; the configuration has {names}" if topic else "there is no topic")
    return chosen
