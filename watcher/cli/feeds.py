"""`watcher feeds`: what is polled, how it fares, and lists of feeds in and out."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from watcher.cli.options import DEFAULT_CONFIG, AsJson, Config, opened_store, plan_to_read
from watcher.cli.tables import show_table, when
from watcher.config.opml import OpmlProblem, append_to_opml, read_opml, write_opml
from watcher.errors import UsageError
from watcher.model.feed import Feed, PollState

app = typer.Typer(help="What is polled, how it fares, and lists of feeds in and out.", no_args_is_help=True)


@app.command("list", epilog="Example: watcher feeds list")
def list_feeds(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Every configured feed: when it was read last, when it is read next, and what is wrong with it."""
    plan = plan_to_read(config)
    feeds = plan.settings.feeds
    with opened_store(plan) as store:
        states = {state.url: state for state in store.feed_states()}
    if as_json:
        facts = [_facts(feed, states.get(feed.url)) for feed in feeds]
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    columns = ("feed", "last read", "next poll", "failures", "reason", "url")
    show_table(columns, (_row(feed, states.get(feed.url)) for feed in feeds), empty="no feeds are configured")


def _row(feed: Feed, state: PollState | None) -> Sequence[str]:
    if state is None:
        return (feed.name or "", "never", "-", "", "", feed.url)
    title = feed.name or state.title or ""
    reason = f"{state.reason.value}: {state.detail or ''}" if state.reason else ""
    return (title, when(state.last_success_at), when(state.next_poll_at), str(state.failures), reason, feed.url)


def _facts(feed: Feed, state: PollState | None) -> dict[str, object]:
    facts: dict[str, object] = {"url": feed.url, "name": feed.name, "labels": dict(feed.labels)}
    if state is None:
        return facts
    return facts | {
        "title": state.title,
        "last_success_at": when(state.last_success_at),
        "next_poll_at": when(state.next_poll_at),
        "failures": state.failures,
        "failing_since": when(state.failing_since),
        "reason": state.reason.value if state.reason else None,
        "detail": state.detail,
        "possible_gap_at": when(state.possible_gap_at),
    }


@app.command("export", epilog="Example: watcher feeds export feeds.opml")
def export_feeds(
    target: Annotated[Path | None, typer.Argument(help="A file; standard output by default.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Every configured feed as OPML 2.0, folders made of the label `folder`."""
    feeds = plan_to_read(config).settings.feeds
    document = write_opml(feeds)
    if target is None:
        sys.stdout.buffer.write(document)
        return
    target.write_bytes(document)
    typer.echo(f"wrote {len(feeds)} feeds to {target}")


@app.command("import", epilog="Example: watcher feeds import subscriptions.opml")
def import_feeds(
    source: Annotated[Path, typer.Argument(help="An OPML file.")],
    config: Config = DEFAULT_CONFIG,
    into: Annotated[Path | None, typer.Option(help="The included OPML file to add to; the first by default.")] = None,
) -> None:
    """Adds the feeds of an OPML file to one that the configuration includes. The YAML is never rewritten."""
    settings = plan_to_read(config).settings
    included = [file for file in settings.opml_files if into is None or file.resolve() == into.resolve()]
    if not included:
        wanted = into or Path("feeds.opml")
        raise UsageError(f"{config} does not include {wanted}; add `- {{opml: {wanted}}}` under feeds first")
    feeds = [feed for feed in _read(source) if feed.url not in {known.url for known in settings.feeds}]
    _append(included[0], feeds)
    typer.echo(f"added {len(feeds)} feeds to {included[0]}; a running daemon takes them up on reload (SIGHUP)")


def _read(source: Path) -> list[Feed]:
    try:
        found = read_opml(source.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {source}: {error.strerror}") from error
    if found.problems:
        lines = "\n".join(f"{source}:{problem.line or 1}: {problem.message}" for problem in found.problems)
        raise UsageError(f"nothing was imported:\n{lines}")
    return [feed for feed, _ in found.feeds]


def _append(target: Path, feeds: Sequence[Feed]) -> None:
    grown = append_to_opml(target.read_bytes(), feeds)
    if isinstance(grown, OpmlProblem):
        raise UsageError(f"{target}:{grown.line or 1}: {grown.message}")
    beside = target.with_name(target.name + ".new")
    beside.write_bytes(grown)
    beside.replace(target)
