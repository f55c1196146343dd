"""`feeds discover`, `feeds add` and `feeds import`: more feeds, in an OPML file that the configuration includes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import DEFAULT_CONFIG, AsJson, Config, load_to_read
from watcher.cli.tables import counted, show_table
from watcher.errors import ConfigError, UsageError
from watcher.model.feed import Feed

if TYPE_CHECKING:
    from watcher.fetch.discover import FoundFeed
    from watcher.model.settings import Settings
    from watcher.service.load import CompiledConfig

Into = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The included OPML file to add to; the first by default.")
]


def register(app: typer.Typer) -> None:
    app.command("discover", epilog="Example: watcher feeds discover https://www.example.org/news")(discover_feeds)
    app.command("add", epilog="Example: watcher feeds add https://www.example.org/news --label region=mena")(add_feed)
    app.command("import", epilog="Example: watcher feeds import subscriptions.opml")(import_feeds)


def discover_feeds(
    url: Annotated[str, typer.Argument(help="A page, or a feed itself.")],
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """The feeds that a page has; each was asked and read. Exit 1: there are none."""
    found = _found(load_to_read(config), url)
    if as_json:
        typer.echo(json.dumps([asdict(feed) for feed in found], ensure_ascii=False, indent=2))
        return
    _show(found)


def _found(plan: CompiledConfig, url: str) -> Sequence[FoundFeed]:
    import asyncio

    from watcher.dryrun.feeds import find_feeds

    discovery = asyncio.run(find_feeds(plan, url))
    if discovery.failed is not None:
        typer.echo(f"{url} cannot be read: {discovery.failed.reason.value}, {discovery.failed.detail}", err=True)
        raise typer.Exit(1)
    if not discovery.feeds:
        typer.echo(f"{url} has no feed that could be found; look for a page of feeds on the site", err=True)
        raise typer.Exit(1)
    return discovery.feeds


def _show(found: Sequence[FoundFeed]) -> None:
    rows = ((feed.url, feed.title, str(feed.entries), feed.reader.label) for feed in found)
    show_table(("url", "title", "entries", "reader"), rows, empty="no feeds")


def add_feed(
    url: Annotated[str, typer.Argument(help="A feed, or a page that has exactly one.")],
    name: Annotated[str | None, typer.Option(help="How to call it; by its own title by default.")] = None,
    label: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="A label; may be repeated.")] = None,
    into: Into = None,
    unasked: Annotated[bool, typer.Option("--unasked", help="Add the address as it is, without asking it.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Adds a feed to an OPML file that the configuration includes. The YAML is never rewritten."""
    labels = dict(_label(text) for text in label or ())
    plan = load_to_read(config)
    target = _included(plan.settings, into)
    feed = Feed(url, name, labels) if unasked else _asked(plan, url, name, labels)
    if feed.url in {known.url for known in plan.settings.feeds}:
        typer.echo(f"{feed.url} is in the configuration already")
        return
    _append(target, [feed], config)
    typer.echo(f"added {feed.url} to {target}; a running daemon takes it up on reload (SIGHUP)")


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--label {text}: write NAME=VALUE, like region=mena")
    from watcher.config.schema import label_name

    try:
        return label_name(name), value
    except ValueError as error:
        raise UsageError(f"--label {text}: {error}") from error


def _asked(plan: CompiledConfig, url: str, name: str | None, labels: dict[str, str]) -> Feed:
    found = _found(plan, url)
    if len(found) > 1:
        _show(found)
        raise UsageError(f"{url} has {len(found)} feeds: add the one you want by its own url")
    return Feed(found[0].url, name or found[0].title or None, labels)


def import_feeds(
    source: Annotated[Path, typer.Argument(help="An OPML file.")],
    config: Config = DEFAULT_CONFIG,
    into: Into = None,
) -> None:
    """Adds the feeds of an OPML file to one that the configuration includes. The YAML is never rewritten."""
    settings = load_to_read(config).settings
    target = _included(settings, into)
    feeds = [feed for feed in _read(source) if feed.url not in {known.url for known in settings.feeds}]
    _append(target, feeds, config)
    typer.echo(f"added {counted(len(feeds), 'feed')} to {target}; a running daemon takes them up on reload (SIGHUP)")


def _included(settings: Settings, into: Path | None) -> Path:
    """The OPML file to add to. A person who has none gets an empty one, and is told how to include it."""
    from watcher.config.opml import write_opml

    included = [file for file in settings.opml_files if into is None or file.resolve() == into.resolve()]
    if included:
        return included[0]
    wanted = into or settings.file.parent / "feeds.opml"
    if not wanted.exists():
        wanted.write_bytes(write_opml([]))
        typer.echo(f"wrote {wanted}, which has no feeds yet", err=True)
    named = wanted.resolve()
    folder = settings.file.parent.resolve()
    shown = named.relative_to(folder) if named.is_relative_to(folder) else named
    raise UsageError(
        f"{settings.file} does not include {shown}: add the line `- {{opml: {shown}}}` under feeds, then do this again"
    )


def _read(source: Path) -> list[Feed]:
    from watcher.config.opml import read_opml

    try:
        found = read_opml(source.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {source}: {error.strerror}") from error
    if found.problems:
        lines = "\n".join(f"{source}:{problem.line or 1}: {problem.message}" for problem in found.problems)
        raise UsageError(f"nothing was imported:\n{lines}")
    return [feed for feed, _ in found.feeds]


def _append(target: Path, feeds: Sequence[Feed], config: Path) -> None:
    """Grows the file; takes it back when the configuration would be refused with it."""
    from watcher.config.opml import OpmlProblem, append_to_opml

    before = target.read_bytes()
    grown = append_to_opml(before, feeds)
    if isinstance(grown, OpmlProblem):
        raise UsageError(f"{target}:{grown.line or 1}: {grown.message}")
    _replace(target, grown)
    try:
        load_to_read(config)
    except ConfigError:
        _replace(target, before)
        raise


def _replace(target: Path, content: bytes) -> None:
    beside = target.with_name(target.name + ".new")
    beside.write_bytes(content)
    beside.replace(target)
