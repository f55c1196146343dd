"""`watcher evaluate`: the topics measured against entries that were judged by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.files import write_atomically
from watcher.cli.options import DEFAULT_CONFIG, AsJson, Config, load_to_read, single_command
from watcher.cli.tables import say, show_table
from watcher.errors import UsageError

if TYPE_CHECKING:
    from watcher.match.evaluation import JudgedEntry, TopicQuality
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
) -> None:
    """Measure the topics against entries judged by hand.

    Prints precision, recall, F1 and average precision per topic and on average. The level focus counts as found; the
    last two shares count mentions, too.
    """
    from watcher.match.evaluation import evaluate, quality_json, score_json

    compiled = load_to_read(config)
    judged, topics = _judged(entries), compiled.topics
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


def _judged(file: Path) -> list[JudgedEntry]:
    from watcher.match.evaluation import JudgedProblem, read_judged

    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"cannot read {file}: it is not UTF-8 text; save it as UTF-8") from error
    judged: list[JudgedEntry] = []
    for number, line in enumerate(lines, 1):
        found = read_judged(line)
        if isinstance(found, JudgedProblem):
            raise UsageError(f"{file}:{number}: {found.message}")
        judged.append(found)
    return judged


def _row(name: str, quality: TopicQuality, *, counted: bool) -> tuple[str, ...]:
    shares = (quality.precision, quality.recall, quality.f1, quality.average_precision)
    counts = (str(quality.relevant), str(quality.found)) if counted else ("", "")
    any_level = (quality.any_precision, quality.any_recall)
    return (name, *(f"{share:.3f}" for share in shares), *counts, *(f"{share:.3f}" for share in any_level))
