"""`init`, `check` and `demo`: the commands of the first hour."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from watcher.cli.options import DEFAULT_CONFIG, Config
from watcher.cli.tables import console, points
from watcher.config.load import missing_for_run
from watcher.config.starter import starter_text
from watcher.demo.run import run_demo
from watcher.errors import ConfigError, Problem, UsageError
from watcher.match.explain import explain
from watcher.match.percolator import CompiledTopic
from watcher.model.entry import Entry
from watcher.model.topic import Example
from watcher.plan import Plan, read_plan


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: watcher demo --output /tmp/watcher-demo")(demo)
    app.command(epilog="Example: watcher init -c config.yaml")(init)
    app.command(epilog="Example: watcher check -c config.yaml")(check)


def demo(
    output: Annotated[Path | None, typer.Option(help="Where to write the digest; a new folder by default.")] = None,
) -> None:
    """The whole walk on this machine alone: sample feeds, scores, one chat message, one digest. No network."""
    raise typer.Exit(run_demo(output, console))


def init(config: Config = DEFAULT_CONFIG) -> None:
    """Writes a commented starter configuration."""
    if config.exists():
        raise UsageError(f"{config} exists already; name another file with -c")
    config.write_text(starter_text(), encoding="utf-8")
    typer.echo(f"wrote {config}; edit its feeds, topics and receivers, then: watcher check -c {config}")


def check(config: Config = DEFAULT_CONFIG) -> None:
    """Validates the configuration and runs the examples of its topics."""
    plan = read_plan(config, os.environ, secrets="defer")
    lacking = (f"{problem} (`run` and `once` refuse this)" for problem in missing_for_run(plan.settings))
    for warning in (*plan.settings.warnings, *lacking):
        typer.echo(f"warning: {warning}", err=True)
    failed = [problem for topic in plan.topics for problem in _failed_examples(topic, plan)]
    if failed:
        raise ConfigError(failed)
    settings = plan.settings
    examples = sum(len(topic.examples) for topic in settings.topics)
    typer.echo(
        f"{config}: {len(settings.feeds)} feeds, {len(settings.topics)} topics, {examples} examples hold, "
        f"{len(settings.receivers)} receivers"
    )


def _failed_examples(compiled: CompiledTopic, plan: Plan) -> list[Problem]:
    topic = compiled.topic
    problems = []
    for number, example in enumerate(topic.examples):
        found = explain(compiled, example_entry(example))
        if found.level is not example.level:
            message = (
                f"the example reaches {found.level.value} with {points(found.score)} points, not {example.level.value}; "
                "`watcher explain` shows why"
            )
            path = f"examples.{number}"
            problems.append(
                Problem(plan.settings.file, topic.positions.get(path), f"topics.{topic.name}.{path}", message)
            )
    return problems


def example_entry(example: Example) -> Entry:
    """An example as an entry: its first line is the title, the rest its content."""
    title, _, content = example.text.strip().partition("\n")
    return Entry(id="", link="", title=title.strip(), content=content.strip())
