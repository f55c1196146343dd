"""`watcher backtest`: what a topic would have sent over stored entries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    duration,
    load_to_read,
    opened_store,
    selected_topics,
    single_command,
)
from watcher.cli.tables import counted, say, show_json, show_table
from watcher.errors import UsageError
from watcher.model.topic import Level, format_points

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from watcher.match.backtest import Backtest, Sighting
    from watcher.service.load import CompiledConfig

app = single_command()

MOST_ENTRIES = 100_000


@app.command("backtest", epilog="Example: watcher backtest --topic ceasefires --since 7d")
def backtest_command(
    topic: Annotated[str, typer.Option(metavar="TOPIC", help="Use this topic.")],
    since: Annotated[str, typer.Option(metavar="DURATION", help="Look back this far, like 12h, 7d or 4w.")] = "7d",
    zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Count days in this zone; the first digest's by default.")
    ] = None,
    show: Annotated[
        int, typer.Option(metavar="NUMBER", help="Show this many entries of each kind, the best first.")
    ] = 5,
    misses: Annotated[
        bool, typer.Option("--misses", help="Show the entries that did not alert for this topic, and why not.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Show what a topic would have sent over stored entries.

    Uses the topic as it is written now. Copies of one story count one by one, so the number is an upper bound.
    Changes nothing.
    """
    if misses:
        _show_misses(config, topic, since, show, as_json)
        return
    from watcher.match.backtest import backtest, backtest_json

    compiled = load_to_read(config)
    selected_topics(compiled, topic)
    days = _zone(compiled, zone)
    now = datetime.now(UTC)
    begin = now - duration(since, "--since")
    with opened_store(compiled) as store:
        records = store.entries.since(begin, MOST_ENTRIES)
    result = next(one for one in backtest(records, compiled.topics, zone=days) if one.topic == topic)
    if as_json:
        typer.echo(json.dumps(backtest_json(result), ensure_ascii=False, indent=2))
        return
    if len(records) == MOST_ENTRIES:
        say(f"only the oldest {MOST_ENTRIES:,} entries were read; shorten --since", err=True)
    for line in _summary(result, begin, now, days):
        say(line)
    for title, sightings in (("hits", result.hits), ("near misses", result.near_misses), ("stopped", result.stopped)):
        if sightings and show:
            _show_sightings(title, sightings, show)


def _show_misses(config: Path, topic: str, since: str, show: int, as_json: bool) -> None:
    """Entries without an alert of the topic, the nearest first."""
    from watcher.match.backtest import labels_of
    from watcher.match.explain import Explainer
    from watcher.views.entries import Miss, entry_rows, why_no_alert

    compiled = load_to_read(config)
    (chosen,) = selected_topics(compiled, topic)
    with opened_store(compiled) as store:
        records = store.entries.since(datetime.now(UTC) - duration(since, "--since"), MOST_ENTRIES)
        alerts = store.alerts.of_entries([record.key for record in records])
        baselines = {state.url: state.baseline_at for state in store.feeds.states(include_paused=True)}
    explainer, backfill = Explainer(chosen), compiled.settings.polling.backfill
    found = [
        Miss(row, why_no_alert(row.record, [explanation], baselines.get(row.record.feed_url), backfill))
        for row in entry_rows(records, alerts)
        if all(alert.topic != topic for alert in row.alerts)
        and (explanation := explainer.explain(row.record.entry, labels_of(row.record)))
    ]
    found.sort(key=lambda miss: (-miss.why.score, miss.row.record.key))
    if as_json:
        show_json([miss.facts() for miss in found])
        return
    rows = [
        (miss.row.record.key[:8], miss.why.text, miss.row.record.feed_title, miss.row.record.entry.title)
        for miss in found
    ]
    show_table(
        ("entry", "why not", "feed", "title"), rows[:show], empty=f"every entry of this time alerted for {topic}"
    )
    if len(rows) > show:
        say(f"{len(rows) - show:,} more with --show", err=True)


def _show_sightings(title: str, sightings: tuple[Sighting, ...], show: int) -> None:
    cut = f", the best {show} (more with --show)" if len(sightings) > show else ""
    typer.echo(f"\n{title}{cut}:")
    outcome = "stopped by" if title == "stopped" else "level"
    rows = (_row(one) for one in sightings[:show])
    show_table(("entry", "score", outcome, "terms", "feed", "title"), rows, empty="")


def _zone(compiled: CompiledConfig, zone: str | None) -> ZoneInfo:
    from zoneinfo import ZoneInfo

    from watcher.config.quantities import read_zone
    from watcher.route.tree import routes_by_path, zone_of

    if zone is None:
        root = compiled.settings.route
        return ZoneInfo("UTC" if root is None else zone_of(routes_by_path(root), root.path))
    try:
        return ZoneInfo(read_zone(zone))
    except ValueError as error:
        raise UsageError(f"--zone {zone}: {error}") from error


def _summary(result: Backtest, begin: datetime, now: datetime, zone: ZoneInfo) -> Iterator[str]:
    levels = ", ".join(f"{result.levels.get(level, 0)} {level.value}" for level in (Level.FOCUS, Level.MENTION))
    yield f"{result.topic}: at most {counted(result.alerts, 'alert')} ({levels}); entries read: {result.entries:,}"
    day, last = begin.astimezone(zone).date(), now.astimezone(zone).date()
    while day <= last:
        count = result.per_day.get(day, 0)
        yield f"  {day:%a %Y-%m-%d}  {count:>5}"
        day += timedelta(days=1)
    for other, count in result.overlap.items():
        yield f"  {count} of them would have alerted for {other} as well"


def _row(one: Sighting) -> tuple[str, ...]:
    terms = ", ".join(dict.fromkeys(part.term for part in one.parts))
    outcome = one.stopped_by or one.level.value
    return (one.record.key[:8], format_points(one.score), outcome, terms, one.record.feed_title, one.record.entry.title)
