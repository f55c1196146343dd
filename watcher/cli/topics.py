"""`watcher topics`: a first topic from plain words, better topics from what was marked."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.files import judged_entries
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
from watcher.cli.tables import counted, say, show_table
from watcher.errors import UsageError
from watcher.model.topic import format_points

if TYPE_CHECKING:
    from collections.abc import Mapping

    from watcher.match.draft import Draft
    from watcher.match.suggest import Marked, Suggestion
    from watcher.store.store import Store

app = command_group("Draft a topic, or improve one from what was marked.")

MOST_ENTRIES = 100_000
MOST_ALERTS = 100_000
MOST_DRAFTED = 20_000


@app.command("draft", epilog='Example: watcher topics draft "ceasefire in Sudan, prisoner exchange" --languages en,ar')
def draft_command(
    words: Annotated[str, typer.Argument(metavar="WORDS", help="Say what to watch for; put commas between subjects.")],
    languages: Annotated[
        str, typer.Option(metavar="CODES", help="Count the inflected forms of these languages, like en,ar.")
    ] = "en",
    since: Annotated[str, typer.Option(metavar="DURATION", help="Try it on stored entries of this time.")] = "30d",
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Draft a topic from plain words.

    Takes the pack of the topic library that knows the subject, or the words of its lists that stored entries have, and
    words that set the entries found apart. Prints the topic, the entries it would send and those just below. Changes
    nothing.
    """
    from watcher.config.packs import country_names, load_pack, pack_names
    from watcher.match.draft import draft, draft_json

    compiled = load_to_read(config)
    spoken = tuple(_language(code.strip()) for code in languages.split(","))
    with opened_store(compiled) as store:
        records = store.entries.since(datetime.now(UTC) - duration(since, "--since"), MOST_DRAFTED)
    try:
        found = draft(
            words, [load_pack(name) for name in pack_names()], records, languages=spoken, places=country_names()
        )
    except ValueError as error:
        raise UsageError(f'"{words}" {error}') from None
    if as_json:
        typer.echo(json.dumps(draft_json(found), ensure_ascii=False, indent=2))
        return
    _show_draft(found)


def _language(code: str) -> str:
    from watcher.text.languages import language_code

    known = language_code(code)
    if known is None:
        raise UsageError(f'--languages: "{code}" is no code of ISO 639; write en, or en,ar')
    return known


def _show_draft(found: Draft) -> None:
    import yaml

    from watcher.match.draft import draft_mapping

    topic = yaml.safe_dump([draft_mapping(found)], allow_unicode=True, sort_keys=False, width=100)
    typer.echo(f"topics:\n{topic}")
    if found.topic.require:
        say("require has these names only: add the regions, towns and people that reports name instead")
    rows = ((one.text, format_points(one.weight), one.origin, _by_language(one.found)) for one in found.terms)
    show_table(("term", "weight", "from", "entries by language"), rows, empty="the pack has all the words")
    say(f"{found.sent} of {counted(found.entries, 'stored entry', 'stored entries')} would be sent; the best:")
    columns = ("level", "score", "title")
    for title, those in (("", found.would_send), ("just below:", found.just_below)):
        if title:
            say(title)
        rows_of = ((one.level.value, format_points(one.score), one.record.entry.title) for one in those)
        show_table(columns, rows_of, empty="none")
    if found.also:
        say(f"other packs that may fit: {', '.join(found.also)}")
    if found.silent:
        say(f"nothing would be sent in: {', '.join(found.silent)}; add terms or a list by language")


def _by_language(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    return ", ".join(f"{code or 'unknown'} {count}" for code, count in ordered) or "-"


@app.command("suggest", epilog="Example: watcher topics suggest --topic ceasefires")
def suggest_command(
    topic: Annotated[str, typer.Option(help="Improve this topic.")],
    most: Annotated[int, typer.Option(metavar="NUMBER", help="Propose at most this many changes.")] = 20,
    background: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="Count stored entries of this time without an alert as irrelevant."),
    ] = None,
    entries: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Learn from judged entries, as of evaluate, not from the store.")
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
    if entries is not None:
        judged = ((one.entry, one.labels.get(topic)) for one in judged_entries(entries))
        marked = [Marked(entry, truth) for entry, truth in judged if truth is not None]
    else:
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
        say(f"nothing was changed: edit {config}, then see the effect with: watcher backtest --topic {topic}", err=True)


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


@app.command("meaning", epilog="Example: watcher topics meaning")
def meaning_command(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Show what closeness in meaning is measured by, how good marks make it, and how many entries came by it today."""
    import asyncio

    from watcher.dryrun.opinions import meaning_json, meaning_of, refuse_without_encoder, with_meaning_on

    refuse_without_encoder()
    found = asyncio.run(meaning_of(with_meaning_on(load_to_read(config))))
    if as_json:
        typer.echo(json.dumps([meaning_json(one) for one in found], indent=2))
        return
    columns = ("topic", "relevant", "others", "by", "precision", "recall", "average precision", "today")
    rows = []
    for one in found:
        facts = meaning_json(one)
        shares = [
            f"{one.quality[name]:.2f}" if one.quality else "" for name in ("precision", "recall", "average_precision")
        ]
        rows.append((one.topic, str(facts["relevant"]), str(facts["others"]), facts["by"], *shares, str(one.today)))
    show_table(columns, rows, empty="no topic says what it means: add `about`, examples or a pack")
