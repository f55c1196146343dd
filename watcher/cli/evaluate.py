"""`watcher evaluate`: the topics measured against entries that were judged by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.files import judged_entries, write_atomically
from watcher.cli.options import DEFAULT_CONFIG, AsJson, Config, load_to_read, single_command
from watcher.cli.tables import say, show_table
from watcher.model.topic import Level, format_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from watcher.match.evaluation import EntryScore, JudgedEntry, TopicQuality
    from watcher.service.load import CompiledConfig

app = single_command()


@app.command("evaluate", epilog="Example: watcher evaluate --entries judged.jsonl --json")
def evaluate_command(
    entries: Annotated[Path, typer.Option(metavar="FILE", help="Read judged entries, one JSON object a line.")],
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
    meaning: Annotated[
        bool, typer.Option("--meaning", help="Measure with closeness in meaning, without a budget.")
    ] = False,
    scores: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every single score to this file.")] = None,
    errors: Annotated[
        bool, typer.Option("--errors", help="List the entries that were missed or wrongly found.")
    ] = False,
) -> None:
    """Measure the topics against entries judged by hand.

    Prints precision, recall, F1 and average precision per topic and on average. The level focus counts as found; the
    last two shares count mentions, too.
    """
    from watcher.match.evaluation import evaluate, quality_json, score_json

    compiled = load_to_read(config)
    judged, topics = judged_entries(entries), compiled.topics
    _warn_of_unknown_topics(judged, [one.topic.name for one in topics])
    quality = evaluate(judged, topics, lifted=_lifted(compiled, judged) if meaning else ())
    if scores is not None:
        lines = (json.dumps(score_json(score), ensure_ascii=False) for score in quality.scores)
        write_atomically(scores, "".join(f"{line}\n" for line in lines))
    if as_json:
        typer.echo(json.dumps(quality_json(quality), indent=2))
        return
    shares = ("precision", "recall", "f1", "average precision")
    columns = ("topic", *shares, "relevant", "found", "precision at any level", "recall at any level")
    measured = [*quality.topics.items(), ("macro", quality.macro)]
    rows = [_row(name, one, counted=name in quality.topics) for name, one in measured]
    show_table(columns, rows, empty="nothing was judged")
    if errors:
        _show_errors(judged, quality.scores)


def _show_errors(judged: list[JudgedEntry], scores: Sequence[EntryScore]) -> None:
    """What a topic got wrong, at any level; `explain --text` says why."""
    entries = {one.entry.id: one for one in judged}
    wrong = [
        (one.topic, "missed" if truth else f"wrong, {one.level.value}", format_points(one.score), one.id, title)
        for one in scores
        for truth, title in [(entries[one.id].labels.get(one.topic), entries[one.id].entry.title)]
        if truth is not None and truth is not (one.level is not Level.NONE)
    ]
    show_table(("topic", "error", "score", "entry", "title"), wrong, empty="no entry was missed or wrongly found")


def _lifted(compiled: CompiledConfig, judged: list[JudgedEntry]) -> set[tuple[str, str]]:
    """Entries and topics that closeness in meaning makes mentions."""
    import asyncio

    from watcher.dryrun.opinions import matches_with_meaning, refuse_without_encoder, with_meaning_on

    refuse_without_encoder()
    entries = [one.entry for one in judged]
    found = asyncio.run(matches_with_meaning(with_meaning_on(compiled), entries, stored=False))
    return {
        (entry.id, name)
        for entry, matches in zip(entries, found, strict=True)
        for name, match in matches.items()
        if match.lifted_by is not None
    }


def _warn_of_unknown_topics(judged: list[JudgedEntry], names: list[str]) -> None:
    from watcher.config.did_you_mean import did_you_mean

    for name in dict.fromkeys(name for one in judged for name in one.labels if name not in names):
        hint = did_you_mean(name, names)
        say(f'warning: no topic is named "{name}": its labels are ignored{hint}', err=True)


def _row(name: str, quality: TopicQuality, *, counted: bool) -> tuple[str, ...]:
    shares = (quality.precision, quality.recall, quality.f1, quality.average_precision)
    counts = (str(quality.relevant), str(quality.found)) if counted else ("", "")
    any_level = (quality.any_precision, quality.any_recall)
    return (name, *(f"{share:.3f}" for share in shares), *counts, *(f"{share:.3f}" for share in any_level))
