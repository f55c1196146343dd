"""`watcher alerts`: what matched, why, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import DEFAULT_CONFIG, AsJson, Config, command_group, store_of
from watcher.cli.tables import Cell, say, show_json, show_table, when
from watcher.errors import UsageError
from watcher.model.alert import Alert, AlertState
from watcher.model.notification import DeliveryState
from watcher.model.topic import format_points

if TYPE_CHECKING:
    from watcher.store.records import DeliveryLife
    from watcher.store.store import Store

app = command_group("List alerts, show what became of each, and mark them.")


@app.command("list", epilog="Example: watcher alerts list --topic ceasefires --limit 20")
def list_alerts(
    config: Config = DEFAULT_CONFIG,
    topic: Annotated[str | None, typer.Option(help="List only alerts of this topic.")] = None,
    limit: Annotated[int, typer.Option(metavar="NUMBER", help="List at most this many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List alerts, the newest first."""
    with store_of(config) as store:
        alerts = store.alerts.newest(limit=limit, topic=topic)
        fates = store.alerts.delivery_states([alert.id for alert in alerts])
    if as_json:
        facts = [{**_facts(alert), "deliveries": fates.get(alert.id, {})} for alert in alerts]
        show_json(facts)
        return
    rows: list[tuple[Cell, ...]] = [
        (
            alert.id[:8],
            alert.created_at,
            alert.topic,
            alert.level.value,
            format_points(alert.score),
            _fate(alert, fates.get(alert.id, {})),
            alert.feed_title,
            alert.entry.title,
        )
        for alert in alerts
    ]
    columns = ("id", "when", "topic", "level", "score", "fate", "feed", "title")
    show_table(columns, rows, empty="no alerts yet")


@app.command(epilog="Example: watcher alerts show 3f2a9c01")
def show(
    alert_id: Annotated[str, typer.Argument(help="The id of the alert, or its first 8 digits.")],
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Show one alert: its evidence, its copies in other feeds, and what happened on every channel."""
    with store_of(config) as store:
        alert = _find(store, alert_id)
        copies = store.alerts.copies_of(alert.id)
        lives = store.alerts.deliveries(alert.id)
        fate = store.alerts.delivery_states([alert.id]).get(alert.id, {})
        verdict = _verdict(store, alert)
    if as_json:
        facts = {
            **_facts(alert),
            "copies": [_copy_facts(copy) for copy in copies],
            "marked": verdict,
            "deliveries": [_life_facts(life) for life in lives],
        }
        show_json(facts)
        return
    _show(alert, copies)
    say(_fate(alert, fate))
    if verdict:
        say(f"marked {verdict.value}")
    rows: list[tuple[Cell, ...]] = [
        (str(life.channel), life.route, life.state.value, life.reason, life.since, (life.notification or "-")[:8])
        for life in lives
    ]
    show_table(("channel", "route", "state", "reason", "since", "notification"), rows, empty="no deliveries")


def _show(alert: Alert, copies: Sequence[Alert]) -> None:
    say(alert.entry.title)
    say(alert.entry.link)
    say(f"{alert.feed_title} · first seen {when(alert.first_seen)} · id {alert.id}")
    focus = format_points(alert.focus)
    say(f"{alert.topic_title}: {alert.level.value}, {format_points(alert.score)} points (focus from {focus})")
    for part in alert.evidence:
        say(
            f"{format_points(part.points):>6}  {part.term} in {part.field} ×{part.count}  {part.text}", indent=2, hang=8
        )
    for copy in copies:
        say(f"also reported by {copy.feed_title}, {when(copy.created_at)}: {copy.entry.title} ({copy.id[:8]})", hang=2)


class Mark(StrEnum):
    """What the user says about an alert."""

    RELEVANT = "relevant"
    IRRELEVANT = "irrelevant"


@app.command(epilog="Example: watcher alerts mark 3f2a9c01 irrelevant")
def mark(
    alert_id: Annotated[str, typer.Argument(help="The id of the alert, or its first 8 digits.")],
    verdict: Annotated[Mark, typer.Argument(help="Say whether it was worth sending.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Mark an alert as relevant or irrelevant.

    `watcher topics suggest` learns from the marks.
    """
    with store_of(config) as store:
        alert = _find(store, alert_id)
        store.marks.mark(alert.id, verdict is Mark.RELEVANT, datetime.now(UTC))
    typer.echo(f"{alert.id[:8]} is {verdict.value} to {alert.topic}: {alert.entry.title}")


def _find(store: Store, alert_id: str) -> Alert:
    alert = store.alerts.find(alert_id)
    if alert is None:
        raise UsageError(f"no alert (or more than one) matches {alert_id}; see `watcher alerts list`")
    return alert


def _verdict(store: Store, alert: Alert) -> Mark | None:
    marks = (one.is_relevant for one in store.marks.alerts(alert.topic) if one.alert.id == alert.id)
    return next((Mark.RELEVANT if is_relevant else Mark.IRRELEVANT for is_relevant in marks), None)


def _fate(alert: Alert, deliveries: Mapping[DeliveryState, int]) -> str:
    """What became of it: "delivered", "delivered 2, held 1" where its channels differ."""
    match alert.state:
        case AlertState.FOLDED:
            return f"folded into {(alert.folded_into or '')[:8]}"
        case AlertState.UNROUTED:
            return "not routed yet"
        case AlertState.ROUTED if not deliveries:
            return "no receiver"
        case AlertState.ROUTED:
            states = sorted(deliveries.items())
            return (
                states[0][0].value if len(states) == 1 else ", ".join(f"{one.value} {count}" for one, count in states)
            )


def _facts(alert: Alert) -> dict[str, object]:
    return {
        "id": alert.id,
        "entry": alert.entry_key,
        "topic": alert.topic,
        "level": alert.level.value,
        "score": alert.score / 100,
        "state": alert.state.value,
        "folded_into": alert.folded_into,
        "created_at": alert.created_at,
        "feed": alert.feed_title,
        "title": alert.entry.title,
        "link": alert.entry.link,
        "story": alert.story,
        "evidence": [
            {
                "term": part.term,
                "field": part.field,
                "count": part.count,
                "points": part.points / 100,
                "text": part.text,
            }
            for part in alert.evidence
        ],
    }


def _copy_facts(copy: Alert) -> dict[str, object]:
    return {
        "id": copy.id,
        "created_at": copy.created_at,
        "feed": copy.feed_title,
        "title": copy.entry.title,
        "link": copy.entry.link,
    }


def _life_facts(life: DeliveryLife) -> dict[str, object]:
    return {
        "channel": str(life.channel),
        "route": life.route,
        "state": life.state.value,
        "reason": life.reason,
        "since": life.since,
        "notification": life.notification,
    }
