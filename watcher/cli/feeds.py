"""`watcher feeds`: what is polled, how it fares, and polling it now."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from watcher.cli import feeds_add
from watcher.cli.files import write_atomically
from watcher.cli.options import DEFAULT_CONFIG, AsJson, Config, command_group, load_to_read, load_to_run, opened_store
from watcher.cli.tables import Cell, counted, say, show_json, show_table, when
from watcher.errors import UsageError
from watcher.model.feed import Feed, FeedIssue, PollState
from watcher.schedule.health import feed_issues
from watcher.text.redact import redact_addresses
from watcher.views.feeds import feed_details, feed_facts

if TYPE_CHECKING:
    from watcher.poll.poller import PollReport
    from watcher.service.load import CompiledConfig

app = command_group("List, add, import and export feeds, and show their health.")
feeds_add.register(app)

OneFeed = Annotated[str, typer.Argument(metavar="NAME", help="A feed, by name, title or address.")]


@app.command("list", epilog="Example: watcher feeds list")
def list_feeds(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List every feed: when it was read last, when it is polled next, and why it failed."""
    feeds, states = _feeds_and_states(load_to_read(config))
    if as_json:
        show_json([feed_facts(feed, states.get(feed.url)) for feed in feeds])
        return
    columns = ("feed", "last read", "next poll", "failures", "reason", "url")
    show_table(columns, (_row(feed, states.get(feed.url)) for feed in feeds), empty="no feeds are configured")


def _feeds_and_states(compiled: CompiledConfig) -> tuple[Sequence[Feed], dict[str, PollState]]:
    with opened_store(compiled) as store:
        return compiled.settings.feeds, {state.url: state for state in store.feeds.states()}


def _row(feed: Feed, state: PollState | None) -> Sequence[Cell]:
    if state is None:
        return (_called(feed.url, feed.name), "never", None, "", "", feed.url)
    title = _called(feed.url, feed.name or state.title)
    reason = f"{state.reason.value}: {state.detail or ''}" if state.reason else ""
    last = state.last_success_at or "never"
    return (title, last, state.next_poll_at, str(state.failures), reason, feed.url)


def _called(url: str, name: str | None) -> str:
    """What a row begins with: the host of a feed that has no name."""
    return name or urlsplit(url).hostname or url


def find_feed(compiled: CompiledConfig, name: str, states: dict[str, PollState] | None = None) -> Feed:
    """The configured feed that is called so: by its address, also without `https://` as `feeds add` takes it, its name,
    or its own title, which `feeds list` shows.

    Raises `UsageError` when none is, or several are.
    """
    feeds = compiled.settings.feeds
    found = [feed for feed in feeds if name == feed.url] or [feed for feed in feeds if name == feed.name]
    found = found or [feed for feed in feeds if name == feed.url.partition("://")[2]]
    if not found:
        if states is None:
            _, states = _feeds_and_states(compiled)
        found = [feed for feed in feeds if (state := states.get(feed.url)) is not None and state.title == name]
    if len(found) == 1:
        return found[0]
    if found:
        addresses = ", ".join(redact_addresses(feed.url) for feed in found)
        raise UsageError(f"{len(found)} feeds are called {name}, give the address of one: {addresses}")
    raise UsageError(f"{name} is not configured: `watcher feeds list` shows what is")


@app.command("show", epilog="Example: watcher feeds show https://www.example.org/rss.xml")
def show_feed(name: OneFeed, config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Show when a feed is polled, why then, and all that is remembered of it."""
    from watcher.config.quantities import format_duration
    from watcher.views.feed_facts import TimeWords, facts_of

    compiled = load_to_read(config)
    _, states = _feeds_and_states(compiled)
    feed = find_feed(compiled, name, states)
    state, polling = states.get(feed.url), compiled.settings.polling
    if as_json:
        show_json(feed_details(feed, state, polling))
        return
    for label, value in facts_of(feed, state, polling, TimeWords(when, format_duration)):
        say(f"{label:<24}{redact_addresses(value)}", hang=24)


@app.command(epilog="Example: watcher feeds health --json")
def health(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Show what is wrong with feeds, since when, and what helps; the worst first."""
    now = datetime.now(UTC)
    feeds, states = _feeds_and_states(load_to_read(config))
    names = {feed.url: feed.name for feed in feeds}
    found = feed_issues((states.get(feed.url, PollState(feed.url, now)) for feed in feeds), now)
    if as_json:
        show_json([_issue_facts(issue, names) for issue in found])
        return
    rows = (
        (
            _called(issue.url, names[issue.url] or issue.title),
            issue.kind.value,
            issue.since,
            str(issue.failures),
            issue.detail,
            issue.url,
        )
        for issue in found
    )
    columns = ("feed", "what", "since", "failures", "why, and what helps", "url")
    show_table(columns, rows, empty=f"nothing is wrong: {counted(len(feeds), 'feed')}")


def _issue_facts(issue: FeedIssue, names: dict[str, str | None]) -> dict[str, object]:
    return {
        "url": issue.url,
        "name": names[issue.url] or issue.title or None,
        "what": issue.kind,
        "since": issue.since,
        "failures": issue.failures,
        "reason": issue.reason,
        "detail": issue.detail,
    }


@app.command("poll", epilog="Example: watcher feeds poll 'Daily Sabah'")
def poll_feeds(
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help="Feeds, by name, title or address.")],
    config: Config = DEFAULT_CONFIG,
    force: Annotated[bool, typer.Option("--force", help="Poll even where a server asked us to wait.")] = False,
) -> None:
    """Poll feeds now, also those that are failing or not due. What matches waits for the daemon or `watcher once`.

    A feed whose server asked us to wait (Retry-After), or that another process polls just now, is left out. Exit 1: a
    feed was left out or failed.
    """
    from watcher.cli.logs import configure_logs

    configure_logs(verbose=False)
    compiled = load_to_run(config)
    urls = list(dict.fromkeys(find_feed(compiled, name).url for name in names))
    import asyncio

    reports = {report.url: report for report in asyncio.run(_poll(compiled, urls, force))}
    columns = ("url", "result", "reason", "new entries", "alerts")
    show_table(columns, [_report_row(url, reports.get(url)) for url in urls],
               empty="")  # fmt: skip
    if len(reports) < len(urls) or any(report.result in {"failed", "unsaved"} for report in reports.values()):
        raise typer.Exit(1)


async def _poll(compiled: CompiledConfig, urls: Sequence[str], force: bool) -> list[PollReport]:
    from watcher.service.app import open_application
    from watcher.service.once import poll_named

    async with open_application(compiled, os.environ) as application:
        return await poll_named(application, urls, force=force)


def _report_row(url: str, report: PollReport | None) -> Sequence[Cell]:
    if report is None:
        return (url, "not polled", "its server asked us to wait, or another process polls it; see `feeds show`", "", "")
    return (url, report.result, report.reason or "", str(report.entries_new), str(report.alerts))


@app.command("export", epilog="Example: watcher feeds export feeds.opml")
def export_feeds(
    target: Annotated[Path | None, typer.Argument(help="Write to this file; to standard output by default.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write every configured feed as OPML 2.0, with folders made of the label `folder`.

    Feeds whose address is a secret are left out.
    """
    from watcher.config.opml_writer import write_opml

    configured = load_to_read(config).settings.feeds
    feeds = tuple(feed for feed in configured if feed.address is None)
    if len(feeds) < len(configured):
        say(f"left out: {counted(len(configured) - len(feeds), 'feed')} with a secret address", err=True)
    document = write_opml(feeds)
    if target is None:
        sys.stdout.buffer.write(document)
        return
    write_atomically(target, document)
    say(f"wrote {counted(len(feeds), 'feed')} to {target}")
