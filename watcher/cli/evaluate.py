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

app = single_command()


@app.command("evaluate", epilog="Example: watcher evaluate --entries judged.jsonl --json")
def evaluate_command(
    entries: Annotated[Path, typer.Option(metavar="FILE", help="Read judged entries, one JSON object a line.")],
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
    scores: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every single score to this file.")] = None,
) -> None:
    """Measure the topics against entries judged by hand.

    Prints precision, recall, F1 and average precision per topic and on average. The level focus counts as found.
    """
    from watcher.match.evaluation import evaluate, quality_json, score_json

    judged, topics = _judged(entries), load_to_read(config).topics
    _warn_of_unknown_topics(judged, [compiled.topic.name for compiled in topics])
    quality = evaluate(judged, topics)
    if scores is not None:
        lines = (json.dumps(score_json(score), ensure_ascii=False) for score in quality.scores)
        write_atomically(scores, "".join(f"{line}\n" for line in lines))
    if as_json:
        typer.echo(json.dumps(quality_json(quality), indent=2))
        return
    columns = ("topic", "precision", "recall", "f1", "average precision", "relevant", "found")
    rows = [(*_shares(name, one), str(one.relevant), str(one.found)) for name, one in quality.topics.items()]
    show_table(columns, [*rows, (*_shares("macro", quality.macro), "", "")], empty="nothing was judged")


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


def _shares(name: str, quality: TopicQuality) -> tuple[str, ...]:
    shares = (quality.precision, quality.recall, quality.f1, quality.average_precision)
    return (name, *(f"{share:.3f}" for share in shares))
