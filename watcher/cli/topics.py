"""`watcher topics`: better topics from what was marked."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    command_group,
    duration,
    load_to_read,
    opened_store,
    selected_topics,
)
from watcher.cli.tables import show_table
from watcher.errors import UsageError
from watcher.model.topic import format_points

if TYPE_CHECKING:
    from watcher.match.suggest import Marked, Suggestion
    from watcher.store.store import Store

app = command_group("Improve topics from what was marked.")

MOST_ENTRIES = 100_000
MOST_ALERTS = 100_000


@app.command("suggest", epilog="Example: watcher topics suggest --topic ceasefires")
def suggest_command(
    topic: Annotated[str, typer.Option(help="Improve this topic.")],
    most: Annotated[int, typer.Option(metavar="NUMBER", help="Propose at most this many changes.")] = 20,
    background: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="Count stored entries of this time without an alert as irrelevant."),
    ] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Suggest better terms for a topic, the most effective first.

    Compares the alerts marked relevant (`watcher alerts mark`) and the entries marked as missed (`watcher entries
    mark`) with the alerts marked irrelevant. Changes nothing.
    """
    from watcher.match.suggest import Marked, suggest, suggestions_json

    compiled = load_to_read(config)
    (chosen,) = selected_topics(compiled, topic)
    with opened_store(compiled) as store:
        marked = [Marked(one.alert.entry, one.is_relevant) for one in store.marks.alerts(topic)]
        marked += [Marked(one.entry, True) for one in store.marks.missed(topic)]
        if background is not None:
            marked += _background(store, topic, datetime.now(UTC) - duration(background, "--background"))
    found = suggest(chosen, marked, most=most)
    if as_json:
        typer.echo(json.dumps(suggestions_json(found), ensure_ascii=False, indent=2))
        return
    if found.reason is not None:
        raise UsageError(f"{found.reason} (watcher alerts mark, watcher entries mark)")
    columns = (
        "change",
        "term",
        "weight now",
        "proposed",
        f"in {found.relevant} relevant",
        f"in {found.others} others",
        "effect",
    )
    show_table(columns, (_change(one) for one in found.changes), empty="the marks suggest no change")
    if found.changes:
        typer.echo(
            f"nothing was changed: edit {config}, then see the effect with: watcher backtest --topic {topic}", err=True
        )


def _background(store: Store, topic: str, since: datetime) -> list[Marked]:
    from watcher.match.suggest import Marked

    relevant = {alert.entry_key for alert in store.alerts.newest(limit=MOST_ALERTS, topic=topic)}
    relevant |= {missed.key for missed in store.marks.missed(topic)}
    return [
        Marked(record.entry, False) for record in store.entries.since(since, MOST_ENTRIES) if record.key not in relevant
    ]


def _change(one: Suggestion) -> tuple[str, ...]:
    before = "-" if one.before is None else format_points(one.before)
    after = "-" if one.after is None else format_points(one.after)
    return (_kind(one), one.term, before, after, str(one.relevant), str(one.others), _effect(one))


def _effect(one: Suggestion) -> str:
    """What the change alone would have done to the marked entries."""
    counts = (
        (one.effect.found, "more relevant sent"),
        (one.effect.lost, "relevant lost"),
        (one.effect.added, "more others sent"),
        (one.effect.spared, "others not sent"),
    )
    return ", ".join(f"{count} {what}" for count, what in counts if count) or "same entries, other points"


def _kind(one: Suggestion) -> str:
    if one.before is None:
        return "add"
    if one.after is None:
        return "remove"
    return "raise" if one.after > one.before else "lower"
