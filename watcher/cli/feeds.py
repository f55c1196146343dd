"""`watcher feeds`: what is polled and how it fares."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from watcher.cli import feeds_add as growing
from watcher.cli.feed_facts import facts_of
from watcher.cli.options import DEFAULT_CONFIG, AsJson, Config, command_group, load_to_read, opened_store
from watcher.cli.tables import counted, show_table, when
from watcher.errors import UsageError
from watcher.model.feed import Feed, FeedIssue, PollState
from watcher.schedule.health import feed_issues

app = command_group("List, add, import and export feeds, and show their health.")
growing.register(app)


@app.command("list", epilog="Example: watcher feeds list")
def list_feeds(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Every configured feed: when it was read last, when it is read next, and what is wrong with it."""
    feeds, states = _feeds_and_states(config)
    if as_json:
        facts = [_facts(feed, states.get(feed.url)) for feed in feeds]
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    columns = ("feed", "last read", "next poll", "failures", "reason", "url")
    show_table(columns, (_row(feed, states.get(feed.url)) for feed in feeds), empty="no feeds are configured")


def _feeds_and_states(config: Path) -> tuple[Sequence[Feed], dict[str, PollState]]:
    plan = load_to_read(config)
    with opened_store(plan) as store:
        return plan.settings.feeds, {state.url: state for state in store.feeds.states()}


def _row(feed: Feed, state: PollState | None) -> Sequence[str]:
    if state is None:
        return (_called(feed.url, feed.name), "never", "-", "", "", feed.url)
    title = _called(feed.url, feed.name or state.title)
    reason = f"{state.reason.value}: {state.detail or ''}" if state.reason else ""
    return (title, when(state.last_success_at), when(state.next_poll_at), str(state.failures), reason, feed.url)


def _called(url: str, name: str | None) -> str:
    """What a row begins with: the host of a feed that has no name."""
    return name or urlsplit(url).hostname or url


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


@app.command("show", epilog="Example: watcher feeds show https://www.example.org/rss.xml")
def show_feed(
    url: Annotated[str, typer.Argument(help="The feed's address or its name, as configured.")],
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """One feed: when it is read, why then, and all that is remembered of it."""
    plan = load_to_read(config)
    feed = next((one for one in plan.settings.feeds if url in {one.url, one.name}), None)
    if feed is None:
        raise UsageError(f"{url} is not configured: `watcher feeds list` shows what is")
    with opened_store(plan) as store:
        state = next((state for state in store.feeds.states() if state.url == feed.url), None)
    facts = list(facts_of(feed, state, plan.settings.polling))
    if as_json:
        typer.echo(json.dumps(dict(facts), ensure_ascii=False, indent=2))
        return
    for name, value in facts:
        typer.echo(f"{name:<24}{value}")


@app.command(epilog="Example: watcher feeds health --json")
def health(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """The feeds that need a person: what is wrong, since when, what helps. The worst first."""
    now = datetime.now(UTC)
    feeds, states = _feeds_and_states(config)
    names = {feed.url: feed.name for feed in feeds}
    found = feed_issues((states.get(feed.url, PollState(feed.url, now)) for feed in feeds), now)
    if as_json:
        typer.echo(json.dumps([_issue_facts(one, names) for one in found], ensure_ascii=False, indent=2))
        return
    rows = (
        (
            _called(one.url, names[one.url] or one.title),
            one.kind.value,
            when(one.since),
            str(one.failures),
            one.detail,
            one.url,
        )
        for one in found
    )
    columns = ("feed", "what", "since", "failures", "why, and what helps", "url")
    show_table(columns, rows, empty=f"nothing is wrong: {counted(len(feeds), 'feed')}")


def _issue_facts(one: FeedIssue, names: dict[str, str | None]) -> dict[str, object]:
    return {
        "url": one.url,
        "name": names[one.url] or one.title,
        "what": one.kind.value,
        "since": when(one.since),
        "failures": one.failures,
        "detail": one.detail,
    }


@app.command("export", epilog="Example: watcher feeds export feeds.opml")
def export_feeds(
    target: Annotated[Path | None, typer.Argument(help="A file; standard output by default.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Every configured feed as OPML 2.0, folders made of the label `folder`."""
    from watcher.config.opml import write_opml

    feeds = load_to_read(config).settings.feeds
    document = write_opml(feeds)
    if target is None:
        sys.stdout.buffer.write(document)
        return
    target.write_bytes(document)
    typer.echo(f"wrote {counted(len(feeds), 'feed')} to {target}")
