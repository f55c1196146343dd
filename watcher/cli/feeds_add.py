"""`feeds discover`, `add`, `import` and `remove`: which feeds there are, in an OPML file that the configuration
includes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.files import write_atomically
from watcher.cli.options import DEFAULT_CONFIG, AsJson, Config, load_to_read
from watcher.cli.tables import counted, say, show_json, show_table
from watcher.errors import ConfigError, UsageError
from watcher.model.feed import Feed
from watcher.model.route import OWN_LABELS
from watcher.text.addresses import without_feed_scheme

if TYPE_CHECKING:
    from watcher.config.opml import OpmlFeeds
    from watcher.fetch.discover import FoundFeed
    from watcher.model.settings import Settings
    from watcher.service.load import CompiledConfig

Into = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Add to this included OPML file; the first one by default.")
]
_NOTES_SHOWN = 20
_TAKEN_UP = "a running daemon takes this up on reload (SIGHUP)"


def register(app: typer.Typer) -> None:
    app.command("discover", epilog="Example: watcher feeds discover https://www.example.org/news")(discover_feeds)
    app.command("add", epilog="Example: watcher feeds add https://www.example.org/news --label region=mena")(add_feed)
    app.command("import", epilog="Example: watcher feeds import subscriptions.opml")(import_feeds)
    app.command("remove", epilog="Example: watcher feeds remove 'Daily Sabah'")(remove_feeds)


def discover_feeds(
    url: Annotated[str, typer.Argument(help="A page, or a feed itself.")],
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Find the feeds of a page. Each is asked and read. Exit 1: there are none."""
    found = _found(load_to_read(config), url)
    if as_json:
        show_json([asdict(feed) for feed in found])
        return
    _show(found)


def _found(compiled: CompiledConfig, url: str) -> Sequence[FoundFeed]:
    import asyncio

    from watcher.dryrun.feeds import find_feeds

    discovery = asyncio.run(find_feeds(compiled, url))
    if discovery.failed is not None:
        say(f"{url} cannot be read: {discovery.failed.reason.value}, {discovery.failed.detail}", err=True)
        raise typer.Exit(1)
    if not discovery.feeds:
        say(f"{url} has no feed that could be found; look for a page of feeds on the site", err=True)
        raise typer.Exit(1)
    return discovery.feeds


def _show(found: Sequence[FoundFeed]) -> None:
    rows = ((feed.url, feed.title, str(feed.entries), feed.reader.label) for feed in found)
    show_table(("url", "title", "entries", "reader"), rows, empty="no feeds")


def add_feed(
    url: Annotated[str, typer.Argument(help="A feed, or a page that has exactly one, not counting comments.")],
    name: Annotated[str | None, typer.Option(help="Call it so; by its own title by default.")] = None,
    label: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="Add a label; may be repeated.")] = None,
    into: Into = None,
    unasked: Annotated[bool, typer.Option("--unasked", help="Add the address as it is, without asking it.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Add a feed to an OPML file that the configuration includes. The YAML is never rewritten."""
    labels = dict(_label(text) for text in label or ())
    compiled = load_to_read(config)
    feed = Feed(without_feed_scheme(url), name, labels) if unasked else _asked(compiled, url, name, labels)
    target = _included(compiled.settings, into)
    if feed.url in {known.url for known in compiled.settings.feeds}:
        say(f"{feed.url} is in the configuration already")
        return
    _append(target, [feed], config)
    say(f"added {feed.url} to {target}; {_TAKEN_UP}")


def _label(text: str) -> tuple[str, str]:
    from watcher.config.value_types import label_name

    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--label {text}: write NAME=VALUE, like region=mena")
    if name in OWN_LABELS:
        raise UsageError(f'--label {text}: every alert has a label "{name}" by itself; give this one another name')
    try:
        return label_name(name), value
    except ValueError as error:
        raise UsageError(f"--label {text}: {error}") from error


def _asked(compiled: CompiledConfig, url: str, name: str | None, labels: dict[str, str]) -> Feed:
    from watcher.config.opml import clean_name

    found = _found(compiled, url)
    wanted = [feed for feed in found if not feed.is_comments]
    if len(wanted) != 1 and len(found) > 1:
        _show(found)
        raise UsageError(f"{url} has {len(found)} feeds: add the one you want by its own url")
    found = wanted or found
    return Feed(found[0].url, name or clean_name(found[0].title) or None, labels)


def import_feeds(
    source: Annotated[Path, typer.Argument(help="An OPML file.")],
    config: Config = DEFAULT_CONFIG,
    into: Into = None,
    trust_labels: Annotated[
        bool, typer.Option("--trust-labels", help="Take labels and intervals from the file, too.")
    ] = False,
) -> None:
    """Add the feeds of an OPML file to one that the configuration includes. The YAML is never rewritten.

    Outlines that cannot be read are reported one by one, the others are added. Exit 1: there was such an outline.
    """
    from watcher.config.opml import imported

    settings = load_to_read(config).settings
    read = _read(source)
    target = _included(settings, into)
    shortest = settings.polling.min
    wanted: dict[str, Feed] = {}
    for original, _ in read.feeds:
        feed = imported(original, min_interval=shortest, trust_labels=trust_labels)
        wanted.setdefault(feed.url, feed)
    known = {feed.url for feed in settings.feeds}
    feeds = [feed for url, feed in wanted.items() if url not in known]
    _append(target, feeds, config)
    _report(source, read, trust_labels=trust_labels)
    there = len(wanted) - len(feeds)
    already = f", {counted(there, 'feed')} already there" if there else ""
    say(f"added {counted(len(feeds), 'feed')} to {target}{already}; {_TAKEN_UP}")
    if read.problems:
        raise typer.Exit(1)


def _report(source: Path, read: OpmlFeeds, *, trust_labels: bool) -> None:
    """Says what was not taken, and why."""
    for problem in read.problems:
        say(f"{source}:{problem.line or 1}: {problem.message}; not added", err=True)
    for note in read.notes[:_NOTES_SHOWN]:
        say(f"{source}:{note.line or 1}: {note.message}", err=True)
    if (rest := len(read.notes) - _NOTES_SHOWN) > 0:
        say(f"{source}: {rest} more notes like these", err=True)
    steered = [feed for feed, _ in read.feeds if feed.interval is not None or set(feed.labels) - {"folder"}]
    if steered and not trust_labels:
        say(
            f"labels and intervals of {counted(len(steered), 'feed')} were left out: --trust-labels takes them",
            err=True,
        )


def remove_feeds(
    feeds: Annotated[list[str], typer.Argument(metavar="NAME…", help="Feeds, by name, title or address.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Remove feeds from the OPML files that the configuration includes. What is remembered of them stays in the store.

    A feed that is listed in the YAML itself is named with its line: take it out there.
    """
    from watcher.cli.feeds import find_feed
    from watcher.config.opml import OpmlProblem
    from watcher.config.opml_writer import remove_from_opml

    compiled = load_to_read(config)
    urls = [find_feed(compiled, name).url for name in feeds]
    removed: set[str] = set()
    for file in compiled.settings.opml_files:
        listed = {feed.url for feed, _ in _read(file).feeds} & set(urls) if file.exists() else set()
        if listed:
            content = remove_from_opml(file.read_bytes(), listed)
            if isinstance(content, OpmlProblem):
                raise UsageError(f"{file}:{content.line or 1}: {content.message}")
            write_atomically(file, content)
            removed |= listed
    for url in removed:
        say(f"removed {url}; {_TAKEN_UP}")
    if own := [url for url in urls if url not in removed]:
        raise UsageError(f"listed in {config} itself, take it out there: {', '.join(own)}")


def _included(settings: Settings, into: Path | None) -> Path:
    """The OPML file to add to, created where it is missing. Says how to include one where none is included."""
    from watcher.config.opml_writer import write_opml

    included = [file for file in settings.opml_files if into is None or file.resolve() == into.resolve()]
    wanted = included[0] if included else into or settings.file.parent / "feeds.opml"
    if not wanted.exists():
        write_atomically(wanted, write_opml([]))
        say(f"wrote {wanted}, which has no feeds yet", err=True)
    if included:
        return wanted
    named = wanted.resolve()
    folder = settings.file.parent.resolve()
    shown = named.relative_to(folder) if named.is_relative_to(folder) else named
    raise UsageError(
        f"{settings.file} does not include {shown}: add the line `- {{opml: {shown}}}` under feeds, then do this again"
    )


def _read(source: Path) -> OpmlFeeds:
    from watcher.config.opml import read_opml

    try:
        found = read_opml(source.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {source}: {error.strerror}") from error
    if not found.is_list:
        (problem,) = found.problems
        raise UsageError(f"nothing was imported: {source}:{problem.line or 1}: {problem.message}")
    return found


def _append(target: Path, feeds: Sequence[Feed], config: Path) -> None:
    """Adds to the file; restores it when the configuration would be refused with the addition."""
    from watcher.config.opml import OpmlProblem
    from watcher.config.opml_writer import append_to_opml

    before = target.read_bytes()
    grown = append_to_opml(before, feeds)
    if isinstance(grown, OpmlProblem):
        raise UsageError(f"{target}:{grown.line or 1}: {grown.message}")
    write_atomically(target, grown)
    try:
        compiled = load_to_read(config)
    except ConfigError:
        write_atomically(target, before)
        raise
    if refused := {feed.url for feed in feeds} - {feed.url for feed in compiled.settings.feeds}:
        write_atomically(target, before)
        raise UsageError(f"{_why_refused(compiled, target)}: {', '.join(sorted(refused))}")


def _why_refused(compiled: CompiledConfig, target: Path) -> str:
    """The first warning about the file: what an included list says of a bad outline."""
    about = [warning for warning in compiled.settings.warnings if warning.startswith(str(target))]
    return about[-1] if about else f"{target} cannot hold this"
