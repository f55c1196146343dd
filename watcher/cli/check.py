"""`watcher check`: the configuration validated, on request together with its feeds."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from watcher.cli.options import DEFAULT_CONFIG, Config, opened_store, single_command
from watcher.cli.tables import Cell, counted, progress_console, say, show_json, show_table
from watcher.errors import ConfigError, Problem
from watcher.model.entry import Entry, ReaderName
from watcher.model.topic import Example, Level, format_points

if TYPE_CHECKING:
    from watcher.dryrun.feeds import FeedAnswer
    from watcher.match.compile import CompiledTopic
    from watcher.model.settings import Settings
    from watcher.service.load import CompiledConfig

app = single_command()


@app.command(epilog="Example: watcher check -c config.yaml --online")
def check(
    config: Config = DEFAULT_CONFIG,
    online: Annotated[bool, typer.Option("--online", help="Also ask every feed once.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Also show what a reload would change.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Only print the JSON Schema of the configuration, for editors.")
    ] = False,
    show_defaults: Annotated[bool, typer.Option("--show-defaults", help="Only print the defaults, as YAML.")] = False,
) -> None:
    """Validate the configuration, its topics' examples, its channels and its templates.

    With --online, also show what each feed answers now; exit 1 if none does. Exit 2 also when an example fails,
    although `run` and `once` work with such a configuration.
    """
    from watcher.config.load import missing_for_run
    from watcher.deliver.registry import failed_channels
    from watcher.service.load import load_config
    from watcher.service.route_check import route_warnings

    if schema or show_defaults:
        _print_schema(show_defaults)
        return
    compiled = load_config(config, os.environ, secrets="require" if online else "if_found")
    settings = compiled.settings
    needed = (f"{problem} (`run` and `once` refuse this)" for problem in missing_for_run(settings))
    for warning in (
        *settings.warnings,
        *route_warnings(settings),
        *_of_topics(compiled),
        *needed,
        *_private_addresses(settings),
        *_of_opinions(compiled),
    ):
        say(f"warning: {warning}", err=True)
    failed_templates, warnings = _tested_templates(settings)
    if problems := [*failed_channels(settings), *failed_templates]:
        raise ConfigError(problems)
    for problem in warnings:
        say(f"warning: {problem}", err=True)
    _run_examples(compiled)
    examples = sum(len(topic.examples) for topic in settings.topics)
    say(
        f"{config}: {counted(len(settings.feeds), 'feed')}, {counted(len(settings.topics), 'topic')}, "
        f"{counted(examples, 'example')} as expected, {counted(len(settings.receivers), 'receiver')}"
    )
    if diff:
        _show_changes(compiled)
    if online:
        _check_online(compiled)


def _print_schema(show_defaults: bool) -> None:
    from watcher.config.json_schema import defaults_yaml, json_schema

    if show_defaults:
        typer.echo(defaults_yaml(), nl=False)
    else:
        show_json(json_schema())


def _run_examples(compiled: CompiledConfig) -> None:
    """Exits with 2 when an example fails: a mistake in a topic, not in the file. It does not stop the daemon."""
    failed = [problem for topic in compiled.topics for problem in _failed_examples(topic, compiled)]
    for problem in failed:
        say(str(problem), err=True)
    if failed:
        verb = "fails" if len(failed) == 1 else "fail"
        say(
            f"{counted(len(failed), 'example')} {verb}: change the topic or the example; `run` and `once` still work",
            err=True,
        )
        raise typer.Exit(2)


def _show_changes(compiled: CompiledConfig) -> None:
    """What differs from the configuration that last ran on this store."""
    from watcher.service.changes import MOST_FEEDS, changes, read_summary, summary_of
    from watcher.service.reconcile import Fact

    with opened_store(compiled) as store:
        before = read_summary(store.facts.recall(Fact.SUMMARY))
    if before is None:
        say("nothing to compare with: neither `run` nor `once` has used this store yet", err=True)
        return
    if len(compiled.settings.feeds) > MOST_FEEDS:
        say(f"feeds are not compared: there are more than {MOST_FEEDS:,}", err=True)
    rows = [
        (change.section, change.kind.value, change.name) for change in changes(before, summary_of(compiled.settings))
    ]
    show_table(("section", "change", "name"), rows, empty="a reload would change nothing")


def _of_topics(compiled: CompiledConfig) -> Iterator[str]:
    """Terms that are understood otherwise than they look, and languages whose inflected forms are not known."""
    from watcher.config.load import problem_of_topic
    from watcher.match.warnings import languages_without_stemmer, topic_warnings

    file = compiled.settings.file
    found = ((topic.topic, problem) for topic in compiled.topics for problem in topic_warnings(topic))
    yield from dict.fromkeys(str(problem_of_topic(file, topic, problem)) for topic, problem in found)
    if languages := languages_without_stemmer(compiled.topics):
        yield (
            f"{file}: topics: no stemmer for {', '.join(languages)}: words in these languages match as written; "
            "leave them open (agirbest*) or list their forms"
        )


def _of_opinions(compiled: CompiledConfig) -> Iterator[str]:
    """What is missing for full texts and for opinions beside the words, where the configuration wants them."""
    from watcher.service.load import (
        ENCODER_EXTRA,
        PAGES_EXTRA,
        encoder_is_installed,
        page_reader_is_installed,
        wants_pages,
    )

    file, settings = compiled.settings.file, compiled.settings
    if wants_pages(settings) and not page_reader_is_installed():
        yield f"{file}: feeds: full texts need an extra that is not installed: {PAGES_EXTRA}"
    if not settings.meaning.enabled:
        return
    if not encoder_is_installed():
        yield f"{file}: meaning: closeness in meaning needs an extra that is not installed: {ENCODER_EXTRA}"
    for topic in settings.topics:
        if topic.meaning and not (topic.packs or topic.about or topic.examples):
            yield (
                f"{file}: topics.{topic.name}: closeness in meaning has nothing to compare with; "
                "add `about`, examples or a pack, or write meaning: false"
            )


def _tested_templates(settings: Settings) -> tuple[list[Problem], list[Problem]]:
    """Problems and warnings of the user's own templates; without any, the template engine is not even imported."""
    from watcher.service.load import has_templates

    if not has_templates(settings):
        return [], []
    from watcher.notify.template_check import failed_templates, templates_without_alarm

    failed = failed_templates(settings)
    return failed, [] if failed else templates_without_alarm(settings)


def _private_addresses(settings: Settings) -> Iterator[str]:
    """One warning for all feeds whose address is a private one; `--online` finds out what names resolve to."""
    written = {
        feed.url: address
        for feed in settings.feeds
        if (address := _literal(urlsplit(feed.url).hostname or "")) is not None
    }
    if settings.network.proxy is not None or not written:
        return
    from watcher.fetch.address_policy import AddressPolicy

    policy = AddressPolicy(settings.network.allow)
    refused = {url: address for url, address in written.items() if not policy.permits(address)}
    if refused:
        url, *more = refused
        others = f" and {counted(len(more), 'other feed')}" if more else ""
        ranges = ", ".join(dict.fromkeys(str(ip_network(address)) for address in refused.values()))
        yield (
            f"{settings.file}: feeds: {url}{others} would not be fetched: private or special addresses are refused; "
            f"if they are intended, write network: {{allow: [{ranges}]}}"
        )


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return None


def _failed_examples(compiled: CompiledTopic, config: CompiledConfig) -> Iterator[Problem]:
    topic = compiled.topic
    for number, example in enumerate(topic.examples):
        entry = example_entry(example)
        reached = {match.topic: match.level for match in config.percolator.percolate(entry)}
        if reached.get(topic.name, Level.NONE) is example.level:
            continue
        from watcher.match.explain import explain

        found = explain(compiled, entry)
        path = f"examples.{number}"
        message = (
            f"the example reaches {found.level.value} with {format_points(found.score)} points, "
            f"not {example.level.value}; `watcher explain` shows why"
        )
        position = topic.positions.get(path)
        yield Problem(config.settings.file, position, f"topics.{topic.name}.{path}", message)


def example_entry(example: Example) -> Entry:
    """An example as an entry: its first line is the title, the rest its content."""
    title, _, content = example.text.strip().partition("\n")
    return Entry(id="", link="", title=title.strip(), content=content.strip())


def _check_online(compiled: CompiledConfig) -> None:
    import asyncio

    from rich.progress import Progress

    from watcher.dryrun.feeds import ask_feeds

    feeds = compiled.settings.feeds
    terminal = progress_console()
    with Progress(console=terminal, transient=True, disable=not terminal.is_terminal) as progress:
        task = progress.add_task("asking", total=len(feeds))
        answers = asyncio.run(ask_feeds(compiled, feeds, lambda _: progress.advance(task)))
    show_table(("feed", "answer", "entries", "newest", "detail", "url"), _rows(answers), empty="there are no feeds")
    answering = sum(answer.parsed is not None for answer in answers)
    say(f"{answering} of {counted(len(answers), 'feed')} answered")
    if answers and not answering:
        say("no feed could be read: check the network, then the addresses", err=True)
        raise typer.Exit(1)


def _rows(answers: Sequence[FeedAnswer]) -> Iterator[tuple[Cell, ...]]:
    for answer in answers:
        moved = f"moved permanently to {answer.moved_to}" if answer.moved_to else ""
        name, url = answer.feed.name or "", answer.feed.url
        if answer.parsed is not None:
            count = str(len(answer.parsed.entries))
            answered = "repaired" if answer.parsed.reader is ReaderName.FEEDPARSER else "ok"
            yield (name or answer.parsed.title, answered, count, answer.newest, moved, url)
        elif answer.failed is not None:
            yield (name, answer.failed.reason.value, None, None, answer.failed.detail, url)
