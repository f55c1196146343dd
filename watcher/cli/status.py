"""`watcher status`: one screen on how watcher is doing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from watcher.cli.options import DEFAULT_CONFIG, AsJson, Config, single_command, store_of
from watcher.cli.tables import counted, say, show_json, span, when
from watcher.model.notification import DeliveryState

if TYPE_CHECKING:
    from watcher.views.status import Status

app = single_command()


@app.command(epilog="Example: watcher status --json")
def status(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Show how watcher is doing, and what needs attention.

    Exit 1: something does.
    """
    from watcher.queries.status import read_status

    now = datetime.now(UTC)
    with store_of(config) as store:
        found = read_status(store, now)
    if as_json:
        show_json(found.facts_for_json())
    else:
        for name, text in _lines(found):
            say(f"{name:<13}{text}", hang=13)
    raise typer.Exit(1 if found.attention else 0)


def _lines(status: Status) -> Iterator[tuple[str, str]]:
    from watcher.views.status import count_of, entries_in_words

    facts, feeds = status.facts, status.facts.feeds
    for node in status.alive:
        yield "daemon", f"{node.name}, since {when(node.started_at)}"
    if not status.alive:
        yield "daemon", "none is running (`watcher run`)"
    lag = f", the oldest for {span(status.lag)}" if feeds.due else ""
    issues = f", {len(facts.issues):,} with issues (`watcher feeds health`)" if facts.issues else ""
    yield "feeds", f"{feeds.feeds:,} polled, {feeds.due:,} due{lag}, {feeds.failing:,} failing{issues}"
    yield "polls", f"{facts.polls_day.polls:,} in 24 hours, {facts.polls_day.failed:,} failed"
    last = f", the last {when(facts.last_entry_at)}" if facts.last_entry_at else ""
    yield "entries", f"{entries_in_words(facts.counts)} stored, {facts.entries_day:,} new in 24 hours{last}"
    waiting = count_of(facts.counts, DeliveryState.WAITING)
    since = min((group.first_waiting_at for group in facts.waiting), default=None)
    yield "waiting", counted(waiting, "delivery", "deliveries") + (f", the oldest since {when(since)}" if since else "")
    for held in facts.held:
        yield "held", f"{held.count:,} for {held.channel} until {when(held.until)} ({held.reason.value})"
    yield "messages", f"{len(facts.ready):,} to be sent, {len(status.undecided):,} dead"
    yield "last digest", when(facts.last_digest.created_at if facts.last_digest else None)
    yield "store", f"{facts.counts.bytes / 1e6:,.1f} MB, schema {facts.counts.schema}"
    for line in status.attention:
        yield "attention", line
    if not status.attention:
        yield "attention", "nothing"
