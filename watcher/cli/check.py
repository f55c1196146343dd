"""`check`: whether a configuration would do, on paper and, if wanted, on the network."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.progress import Progress

from watcher.cli.options import DEFAULT_CONFIG, Config
from watcher.cli.tables import counted, points, progress_console, show_table, when
from watcher.config.load import missing_for_run
from watcher.dryrun.feeds import FeedAnswer, ask_feeds
from watcher.errors import ConfigError, Problem
from watcher.fetch.ssrf_guard import AddressPolicy
from watcher.match.explain import explain
from watcher.match.percolator import CompiledTopic
from watcher.model.entry import Entry
from watcher.model.settings import Settings
from watcher.model.topic import Example
from watcher.notify.template_check import failed_templates, without_trouble
from watcher.service.load import CompiledConfig, load_config


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: watcher check -c config.yaml --online")(check)


def check(
    config: Config = DEFAULT_CONFIG,
    online: Annotated[bool, typer.Option("--online", help="Also ask every feed once.")] = False,
) -> None:
    """Validates the configuration, runs the examples of its topics, tries own templates.

    With --online: what each feed answers now. Exit 1 if none does.
    """
    plan = load_config(config, os.environ, secrets="require" if online else "defer")
    lacking = (f"{problem} (`run` and `once` refuse this)" for problem in missing_for_run(plan.settings))
    for warning in (*plan.settings.warnings, *lacking, *_inside_addresses(plan.settings)):
        typer.echo(f"warning: {warning}", err=True)
    failed = [problem for topic in plan.topics for problem in _failed_examples(topic, plan)]
    failed += failed_templates(plan.settings)
    if failed:
        raise ConfigError(failed)
    for doubt in without_trouble(plan.settings):
        typer.echo(f"warning: {doubt}", err=True)
    settings = plan.settings
    examples = sum(len(topic.examples) for topic in settings.topics)
    typer.echo(
        f"{config}: {counted(len(settings.feeds), 'feed')}, {counted(len(settings.topics), 'topic')}, "
        f"{counted(examples, 'example')} as expected, {counted(len(settings.receivers), 'receiver')}"
    )
    if online:
        _check_online(plan)


def _inside_addresses(settings: Settings) -> Iterator[str]:
    """Feeds whose address is one, and one that would not be dialled; what names resolve to, `--online` finds out."""
    policy = AddressPolicy(settings.network.allow)
    for feed in settings.feeds if settings.network.proxy is None else ():
        address = _literal(urlsplit(feed.url).hostname or "")
        if address is not None and not policy.permits(address):
            yield (
                f"{settings.file}: feeds: {feed.url} is inside a private or special network and would not be fetched; "
                f"if that is intended, write network: {{allow: [{ip_network(address)}]}}"
            )


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return None


def _failed_examples(compiled: CompiledTopic, plan: CompiledConfig) -> list[Problem]:
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


def _check_online(plan: CompiledConfig) -> None:
    feeds = plan.settings.feeds
    with Progress(console=progress_console, transient=True, disable=not progress_console.is_terminal) as progress:
        task = progress.add_task("asking", total=len(feeds))
        answers = asyncio.run(ask_feeds(plan, feeds, lambda _: progress.advance(task)))
    show_table(("feed", "answer", "entries", "newest", "detail", "url"), _rows(answers), empty="there are no feeds")
    answering = sum(answer.parsed is not None for answer in answers)
    typer.echo(f"{answering} of {counted(len(answers), 'feed')} answered")
    if answers and not answering:
        typer.echo("no feed could be read: check the network, then the addresses", err=True)
        raise typer.Exit(1)


def _rows(answers: Sequence[FeedAnswer]) -> Iterator[tuple[str, ...]]:
    for answer in answers:
        moved = f"moved for good to {answer.moved_to}" if answer.moved_to else ""
        name, url = answer.feed.name or "", answer.feed.url
        if answer.parsed is not None:
            newest, count = when(answer.newest), str(len(answer.parsed.entries))
            yield (name or answer.parsed.title, answer.parsed.reader, count, newest, moved, url)
        elif answer.failed is not None:
            yield (name, answer.failed.reason.value, "-", "-", answer.failed.detail, url)
