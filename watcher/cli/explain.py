"""`explain`, `evaluate` and `preview`: try before you trust."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from watcher.cli.options import DEFAULT_CONFIG, AsJson, Config, chosen_topics, opened_store, plan_to_read
from watcher.cli.tables import points, show_table
from watcher.config.did_you_mean import did_you_mean
from watcher.dryrun.preview import fetch_entry, write_previews
from watcher.errors import UsageError
from watcher.match.backtest import labels_of
from watcher.match.evaluation import JudgedEntry, JudgedProblem, TopicQuality, quality_json, read_judged, score_json
from watcher.match.evaluation import evaluate as judge_quality
from watcher.match.explain import Explanation, explain, explanation_json
from watcher.model.entry import Entry
from watcher.model.feed import FetchFailed
from watcher.service.load import CompiledConfig


def register(app: typer.Typer) -> None:
    app.command("explain", epilog="Example: watcher explain --topic ceasefires --text article.txt")(explain_text)
    app.command(epilog="Example: watcher evaluate --entries judged.jsonl --json")(evaluate)
    app.command(epilog="Example: watcher preview --output preview-output")(preview)


def explain_text(
    config: Config = DEFAULT_CONFIG,
    topic: Annotated[str | None, typer.Option(help="One topic; all by default.")] = None,
    text: Annotated[
        str | None, typer.Option(help="A file, or - for standard input; its first line is the title.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="A page on the web.")] = None,
    entry: Annotated[
        str | None, typer.Option(help="A stored entry's key or an alert's id, or its first 8 digits.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Why a text reaches a topic, or why it does not: level, score, every part, what is missing."""
    plan = plan_to_read(config)
    topics = chosen_topics(plan, topic)
    subject, labels = _subject(plan, text, url, entry)
    found = [explain(compiled, subject, labels) for compiled in topics]
    if as_json:
        facts = [explanation_json(explanation) for explanation in found]
        typer.echo(json.dumps(facts[0] if topic else facts, ensure_ascii=False, indent=2))
        return
    for line in (line for explanation in found for line in _lines(explanation)):
        typer.echo(line)


def _subject(
    plan: CompiledConfig, text: str | None, url: str | None, key: str | None
) -> tuple[Entry, Mapping[str, str] | None]:
    """What is to be explained, and the labels of its feed where it has one."""
    if [text, url, key].count(None) != 2:
        raise UsageError("say what to explain: one of --text FILE, --url URL, --entry KEY")
    if text is not None:
        return _entry_of_text(text), None
    if url is not None:
        fetched = asyncio.run(fetch_entry(url, plan))
        if isinstance(fetched, FetchFailed):
            raise UsageError(f"{url} cannot be read: {fetched.reason.value}, {fetched.detail}")
        return fetched, None
    return _stored_entry(plan, key or "")


def _stored_entry(plan: CompiledConfig, key: str) -> tuple[Entry, Mapping[str, str]]:
    with opened_store(plan) as store:
        alert = store.alert(key)
        record = store.entry(alert.entry_key if alert else key)
    if record is None:
        raise UsageError(f"no single entry or alert is named {key}; `watcher alerts list` shows the ids of alerts")
    return record.entry, labels_of(record)


def _entry_of_text(name: str) -> Entry:
    """A text as an entry: its first line that is not empty is the title."""
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"cannot read {name}: it is not UTF-8 text") from error
    if not text.strip():
        raise UsageError(f"there is no text in {'standard input' if name == '-' else name}")
    title, _, content = text.strip().partition("\n")
    return Entry(id="", link="", title=title.strip(), content=content.strip())


def _lines(found: Explanation) -> Iterator[str]:
    yield f"{found.topic}: {found.level.value}, {points(found.score)} points (focus from {points(found.focus)})"
    for part in found.parts:
        yield f"  {points(part.points):>6}  {part.term} in {part.field} ×{part.count}: {part.text}"
    if found.excluded_by:
        yield f"  excluded by {found.excluded_by}"
    if found.missing:
        yield f"  missing: {found.missing}"
    if found.query_lacks:
        yield f"  query not true, lacks: {found.query_lacks}"
    if found.to_focus:
        yield f"  too few: {_distance(found)}"
    if found.unread:
        yield f"  not read: the last {found.unread:,} characters, more than is read of one entry (docs/topics.md)"


def _distance(found: Explanation) -> str:
    to_focus = f"{points(found.to_focus)} points for focus"
    return f"{points(found.to_mention)} points for a mention, {to_focus}" if found.to_mention else to_focus


def evaluate(
    entries: Annotated[Path, typer.Option(metavar="FILE", help="Judged entries, one JSON object a line.")],
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
    scores: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every single score there.")] = None,
) -> None:
    """How well the topics find what a person judged relevant (focus counts as found)."""
    judged, topics = _judged(entries), plan_to_read(config).topics
    names = [compiled.topic.name for compiled in topics]
    for name in dict.fromkeys(name for one in judged for name in one.labels if name not in names):
        typer.echo(
            f'warning: no topic is named "{name}": what was judged of it is left out{did_you_mean(name, names)}',
            err=True,
        )
    quality = judge_quality(judged, topics)
    if scores is not None:
        lines = (json.dumps(score_json(score), ensure_ascii=False) for score in quality.scores)
        scores.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(quality_json(quality), indent=2))
        return
    columns = ("topic", "precision", "recall", "f1", "average precision", "relevant", "found")
    rows = [(*_shares(name, one), str(one.relevant), str(one.found)) for name, one in quality.topics.items()]
    show_table(columns, [*rows, (*_shares("macro", quality.macro), "", "")], empty="nothing was judged")


def _judged(file: Path) -> list[JudgedEntry]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"cannot read {file}: it is not UTF-8 text") from error
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


def preview(
    config: Config = DEFAULT_CONFIG,
    output: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("preview-output"),
    recent: Annotated[int, typer.Option(help="When nothing waits: show the newest alerts, so many.")] = 20,
) -> None:
    """The next digest of each channel, rendered to files; sends and changes nothing. A made-up alert while there is none."""
    plan = plan_to_read(config)
    if plan.settings.route is None:
        raise UsageError("the configuration has no route, so there is no message to show; add one with a receiver")
    with opened_store(plan) as store:
        written = write_previews(plan, store, output, recent)
    if written.made_up:
        typer.echo("nothing has gathered for a digest yet: what is shown is made up", err=True)
    for file in written.files:
        typer.echo(str(file))
