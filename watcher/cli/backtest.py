"""`backtest` and `topics suggest`: what a topic does to entries that were really seen, and how it could do better."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from watcher.cli.options import DEFAULT_CONFIG, AsJson, Config, chosen_topics, duration, opened_store, plan_to_read
from watcher.cli.tables import counted, points, show_table
from watcher.config.quantities import read_zone
from watcher.errors import UsageError
from watcher.match.backtest import Backtest, Sighting, backtest_json
from watcher.match.backtest import backtest as run_backtest
from watcher.match.suggest import Marked, Suggestion, suggest, suggestions_json
from watcher.model.topic import Level
from watcher.route.tree import routes_by_path, zone_of
from watcher.service.load import CompiledConfig
from watcher.store.interface import Store

topics = typer.Typer(help="Making topics better.", no_args_is_help=True)

ENTRIES = 100_000
ALERTS = 100_000

TopicName = Annotated[str, typer.Option("--topic", help="The topic's name.")]


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: watcher backtest --topic ceasefires --since 7d")(backtest)
    app.add_typer(topics, name="topics")


def backtest(
    topic: TopicName,
    since: Annotated[str, typer.Option(metavar="DURATION", help="How far to look back, like 7d.")] = "7d",
    zone: Annotated[
        str | None, typer.Option(help="Whose days are counted; the first digest's zone by default.")
    ] = None,
    show: Annotated[int, typer.Option(help="How many entries of each kind to show, the best first (at most 20).")] = 5,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """What a topic as it is written now would have sent of the stored entries. Sends and changes nothing.

    Copies of one story count one by one here, so that it is an upper bound.
    """
    plan = plan_to_read(config)
    chosen_topics(plan, topic)
    days = _zone(plan, zone)
    now = datetime.now(UTC)
    begin = now - duration(since, "--since")
    with opened_store(plan) as store:
        records = store.entries(begin, ENTRIES)
    result = next(one for one in run_backtest(records, plan.topics, zone=days) if one.topic == topic)
    if as_json:
        typer.echo(json.dumps(backtest_json(result), ensure_ascii=False, indent=2))
        return
    if len(records) == ENTRIES:
        typer.echo(f"only the oldest {ENTRIES:,} entries were read; shorten --since", err=True)
    for line in _summary(result, begin, now, days):
        typer.echo(line)
    for title, sightings in (("hits", result.hits), ("near misses", result.near_misses), ("stopped", result.stopped)):
        if sightings and show:
            cut = f", the best {show} (more with --show)" if len(sightings) > show else ""
            typer.echo(f"\n{title}{cut}:")
            rows = (_row(one) for one in sightings[:show])
            show_table(("entry", "score", "level", "terms", "feed", "title"), rows, empty="")


def _zone(plan: CompiledConfig, zone: str | None) -> ZoneInfo:
    if zone is None:
        root = plan.settings.route
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
    level = one.stopped_by or one.level.value
    return (one.record.key[:8], points(one.score), level, terms, one.record.feed_title, one.record.entry.title)


@topics.command("suggest", epilog="Example: watcher topics suggest --topic ceasefires")
def suggest_terms(
    topic: TopicName,
    most: Annotated[int, typer.Option(help="How many changes to propose, the most telling first.")] = 20,
    background: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Take stored entries that did not alert for irrelevant.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Changes of a topic's terms that your marks speak for (`watcher alerts mark`). Changes nothing by itself."""
    plan = plan_to_read(config)
    (compiled,) = chosen_topics(plan, topic)
    with opened_store(plan) as store:
        marked = [Marked(one.alert.entry, one.is_relevant) for one in store.marked_alerts(topic)]
        if background is not None:
            marked += _background(store, topic, datetime.now(UTC) - duration(background, "--background"))
    found = suggest(compiled, marked, most=most)
    if as_json:
        typer.echo(json.dumps(suggestions_json(found), ensure_ascii=False, indent=2))
        return
    if found.reason is not None:
        raise UsageError(f"{found.reason} (watcher alerts mark ID relevant|irrelevant)")
    columns = ("change", "term", "weight now", "proposed", f"in {found.relevant} relevant", f"in {found.others} others")
    show_table(columns, (_change(one) for one in found.changes), empty="the marks speak for no change")
    if found.changes:
        typer.echo(
            f"nothing was changed: edit {config}, then see what it does: watcher backtest --topic {topic}", err=True
        )


def _background(store: Store, topic: str, since: datetime) -> list[Marked]:
    told = {alert.entry_key for alert in store.alerts(limit=ALERTS, topic=topic)}
    return [Marked(record.entry, False) for record in store.entries(since, ENTRIES) if record.key not in told]


def _change(one: Suggestion) -> tuple[str, ...]:
    before = "-" if one.before is None else points(one.before)
    after = "-" if one.after is None else points(one.after)
    return (_kind(one), one.term, before, after, str(one.relevant), str(one.others))


def _kind(one: Suggestion) -> str:
    if one.before is None:
        return "add"
    if one.after is None:
        return "remove"
    return "raise" if one.after > one.before else "lower"
