"""`watcher alerts`: what matched, why, and what became of it."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    Limit,
    at_terminal,
    command_group,
    load_to_read,
    long_ago,
    opened_store,
    store_of,
)
from watcher.cli.tables import Cell, say, show_json, show_table, when
from watcher.errors import UsageError
from watcher.model.topic import Level, format_points

if TYPE_CHECKING:
    from watcher.model.alert import Alert
    from watcher.store.store import Store
    from watcher.views.alerts import AlertPage, AlertRow, DeliveryRow

app = command_group("List alerts, show what became of each, and mark them.")


class LevelName(StrEnum):
    """The levels that an alert may have."""

    MENTION = "mention"
    FOCUS = "focus"


class StateName(StrEnum):
    """States of an alert, and of its deliveries."""

    UNROUTED = "unrouted"
    FOLDED = "folded"
    WAITING = "waiting"
    HELD = "held"
    SILENCED = "silenced"
    SENDING = "sending"
    DELIVERED = "delivered"
    OMITTED = "omitted"
    DEAD = "dead"


class MarkName(StrEnum):
    """How a user marked an alert."""

    RELEVANT = "relevant"
    IRRELEVANT = "irrelevant"
    UNMARKED = "unmarked"


@app.command("list", epilog="Example: watcher alerts list --topic ceasefires --since 2d --state dead")
def list_alerts(
    config: Config = DEFAULT_CONFIG,
    topic: Annotated[str | None, typer.Option(metavar="TOPIC", help="List only alerts of this topic.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DURATION", help="List only alerts of this time, like 2d.")
    ] = None,
    level: Annotated[LevelName | None, typer.Option(help="List only alerts of this level.")] = None,
    feed: Annotated[
        str | None, typer.Option(metavar="TEXT", help="List only alerts of feeds whose title or address contains this.")
    ] = None,
    state: Annotated[StateName | None, typer.Option(help="List only alerts or deliveries in this state.")] = None,
    folded: Annotated[
        bool, typer.Option("--folded", help="List only alerts that were folded into another, with its id.")
    ] = False,
    story: Annotated[str | None, typer.Option(metavar="STORY", help="List only alerts of this story.")] = None,
    marked: Annotated[MarkName | None, typer.Option(help="List only alerts marked so.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List alerts, the newest first."""
    from watcher.model.alert import AlertState
    from watcher.model.notification import DeliveryState
    from watcher.queries.alerts import read_alert_rows
    from watcher.store.records import AlertFilter, MarkState

    states = {one.value: one for one in (*AlertState, *DeliveryState)}
    wanted = AlertFilter(
        topic=topic,
        since=long_ago(since),
        level=Level(level) if level else None,
        feed=feed,
        state=states[state] if state else None,
        is_folded=folded,
        story=story,
        marked=MarkState(marked) if marked else None,
    )
    with store_of(config) as store:
        rows = read_alert_rows(store, store.alerts.matching(wanted, limit))
    if as_json:
        show_json([row.facts() for row in rows])
        return
    columns = ("id", "when", "topic", "level", "score", "status", "feed", "title")
    show_table(columns, [_cells(row) for row in rows], empty=_NO_ALERTS)


_NO_ALERTS = "no such alerts; `watcher entries list` shows what was read, `watcher entries show` why it did not alert"


def _cells(row: AlertRow) -> tuple[Cell, ...]:
    alert = row.alert
    return (
        alert.id[:8],
        alert.created_at,
        alert.topic,
        alert.level.value,
        format_points(alert.score),
        row.status,
        alert.feed_title,
        alert.entry.title,
    )


@app.command(epilog="Example: watcher alerts show 3f2a9c01")
def show(
    alert_id: Annotated[str, typer.Argument(metavar="ID", help="The id of the alert, or its first 8 digits.")],
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Show one alert: evidence, copies, and every channel.

    Copies are alerts on the same story in other feeds, which were folded into this one.
    """
    from watcher.queries.alerts import read_alert_page

    compiled = load_to_read(config)
    with opened_store(compiled) as store:
        page = read_alert_page(store, compiled.settings.receivers, _find(store, alert_id))
    if as_json:
        show_json(page.facts())
        return
    _show(page)


def _show(page: AlertPage) -> None:
    from watcher.render.highlight import beside_score

    alert = page.row.alert
    say(alert.entry.title)
    say(alert.entry.link)
    published = f"published {when(alert.entry.published)}" if alert.entry.published else "without a date"
    say(f"{alert.feed_title} · {published} · first seen {when(alert.first_seen)} · id {alert.id}", hang=2)
    points = f", {format_points(alert.score)} points (focus from {format_points(alert.focus)})" if page.evidence else ""
    say(f"{alert.topic_title}: {alert.level.value}{points}")
    shown: set[str] = set()
    for part in page.evidence:
        text = "" if part.text in shown else part.text
        shown.add(part.text)
        say(
            f"{format_points(part.points):>6}  {part.term} in {part.field} ×{part.count}  {text}".rstrip(),
            indent=2,
            hang=8,
        )
    for text in beside_score(alert):
        say(f"beside the score: {text}", indent=2)
    for copy in page.copies:
        say(f"also reported by {copy.feed_title}, {when(copy.created_at)}: {copy.entry.title} ({copy.id[:8]})", hang=2)
    say(page.row.status)
    for channel, message in page.shown_with_story:
        say(f"shown with its story on {channel}" + (f" in message {message[:8]}" if message else ""), hang=2)
    if page.row.mark.value != MarkName.UNMARKED:
        say(f"marked {page.row.mark.value}")
    columns = ("channel", "state", "reason", "since", "until", "message", "route", "to")
    show_table(columns, [_delivery_cells(delivery) for delivery in page.deliveries], empty="no deliveries")


def _delivery_cells(delivery: DeliveryRow) -> tuple[Cell, ...]:
    return (
        delivery.channel,
        delivery.state.value,
        delivery.reason,
        delivery.since,
        delivery.until,
        (delivery.notification or "-")[:8],
        delivery.route,
        ", ".join(delivery.recipients),
    )


@app.command(epilog="Example: watcher alerts mark 3f2a9c01 irrelevant")
def mark(
    alert_id: Annotated[str, typer.Argument(metavar="ID", help="The id of the alert, or its first 8 digits.")],
    verdict: Annotated[MarkName, typer.Argument(help="Say whether it was worth sending, or take your mark back.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Mark an alert as relevant or irrelevant, or take the mark back.

    `watcher topics suggest` learns from the marks. To mark an entry that has no alert, use `watcher entries mark`.
    """
    with store_of(config) as store:
        alert = _find(store, alert_id)
        if verdict is MarkName.UNMARKED:
            store.marks.unmark(alert.id, datetime.now(UTC), at_terminal())
        else:
            store.marks.mark(alert.id, verdict is MarkName.RELEVANT, datetime.now(UTC), at_terminal())
    marked = "not marked for" if verdict is MarkName.UNMARKED else f"{verdict.value} to"
    say(f"{alert.id[:8]} is {marked} {alert.topic}: {alert.entry.title}")


def _find(store: Store, alert_id: str) -> Alert:
    alert = store.alerts.find(alert_id)
    if alert is None:
        raise UsageError(f"no alert (or more than one) matches {alert_id}; see `watcher alerts list`")
    return alert
