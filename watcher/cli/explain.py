"""`watcher explain`: why a text or an entry matches a topic, or why it does not."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.find_entry import find_entry
from watcher.cli.options import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    load_to_read,
    opened_store,
    selected_topics,
    single_command,
)
from watcher.cli.tables import say
from watcher.errors import UsageError
from watcher.model.topic import format_points

if TYPE_CHECKING:
    from watcher.match.additions import Addition
    from watcher.match.explain import Explanation
    from watcher.model.entry import Entry
    from watcher.service.load import CompiledConfig

app = single_command()


@app.command("explain", epilog="Example: watcher explain --topic ceasefires --text article.txt")
def explain_command(
    config: Config = DEFAULT_CONFIG,
    topic: Annotated[str | None, typer.Option(help="Explain this topic only; all by default.")] = None,
    text: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Explain a file, or - for standard input; its first line is the title."),
    ] = None,
    url: Annotated[str | None, typer.Option(help="Explain a web page.")] = None,
    entry: Annotated[
        str | None,
        typer.Option(metavar="ENTRY", help="Explain a stored entry, by key, alert id, link or title."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show why a text or an entry matches a topic, or why it does not.

    Prints level, score, every part of the score, and what is missing.
    """
    from watcher.match.explain import explain_all, explanation_json

    compiled = load_to_read(config)
    topics = selected_topics(compiled, topic)
    subject, labels = _subject(compiled, text, url, entry)
    found = _with_meaning(compiled, explain_all(topics, subject, labels), subject, labels)
    if as_json:
        facts = [explanation_json(explanation) for explanation in found]
        typer.echo(json.dumps(facts[0] if topic else facts, ensure_ascii=False, indent=2))
        return
    for line in (line for explanation in found for line in _lines(explanation)):
        say(line)


def _with_meaning(
    compiled: CompiledConfig, found: Sequence[Explanation], subject: Entry, labels: Mapping[str, str] | None
) -> Sequence[Explanation]:
    """The explanations with closeness in meaning, where the configuration wants it."""
    if not compiled.settings.meaning.enabled:
        return found
    import asyncio

    from watcher.dryrun.opinions import matches_with_meaning

    (matches,) = asyncio.run(matches_with_meaning(compiled, [subject], labels, stored=True))
    return [one.with_opinions(matches[one.topic]) if one.topic in matches else one for one in found]


def _subject(
    compiled: CompiledConfig, text: str | None, url: str | None, key: str | None
) -> tuple[Entry, Mapping[str, str] | None]:
    """What is explained, and the labels of its feed where it has one."""
    if [text, url, key].count(None) != 2:
        raise UsageError("name what to explain with one of --text FILE, --url URL, --entry ENTRY")
    if text is not None:
        return _entry_of_text(text), None
    if url is not None:
        return _entry_of_page(compiled, url), None
    return _stored_entry(compiled, key or "")


def _entry_of_page(compiled: CompiledConfig, url: str) -> Entry:
    import asyncio

    from watcher.dryrun.page import fetch_entry
    from watcher.model.feed import FetchFailed

    fetched = asyncio.run(fetch_entry(url, compiled))
    if isinstance(fetched, FetchFailed):
        raise UsageError(f"{url} cannot be read: {fetched.reason.value}, {fetched.detail}")
    return fetched


def _stored_entry(compiled: CompiledConfig, key: str) -> tuple[Entry, Mapping[str, str]]:
    from watcher.match.backtest import labels_of

    with opened_store(compiled) as store:
        record = find_entry(store, key)
    return record.entry, labels_of(record)


def _entry_of_text(name: str) -> Entry:
    """A text as an entry: its first line that is not empty is the title."""
    from watcher.model.entry import Entry

    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"cannot read {name}: it is not UTF-8 text; save it as UTF-8") from error
    if not text.strip():
        raise UsageError(f"there is no text in {'standard input' if name == '-' else name}")
    title, _, content = text.strip().partition("\n")
    return Entry(id="", link="", title=title.strip(), content=content.strip())


def _lines(found: Explanation) -> Iterator[str]:
    from watcher.render.highlight import opinion_text

    focus = format_points(found.focus)
    yield f"{found.topic}: {found.level.value}, {format_points(found.score)} points (focus from {focus})"
    for part, words in zip(found.parts, found.members, strict=True):
        named = f"{part.term} ({', '.join(words)})" if words else part.term
        yield f"  {format_points(part.points):>6}  {named} in {part.field} ×{part.count}: {part.text}"
    if found.required_by:
        yield f"  required and there: {found.required_by}"
    if found.excluded_by:
        yield f"  excluded by {found.excluded_by}"
    if found.missing:
        yield f"  missing: {found.missing}"
    if found.query_lacks:
        yield f"  query not true, lacks: {found.query_lacks}"
    yield from map(_addition, found.additions)
    for opinion in found.opinions:
        yield f"  beside the score: {opinion_text(opinion, is_reason=opinion.kind is found.lifted_by)}"
    if found.from_page:
        yield "  the text is that of the entry's page"
    if found.to_focus:
        yield f"  too few: {_distance(found)}"
    if found.unread:
        yield f"  not read: the last {found.unread:,} characters, beyond the limit for one entry (docs/topics.md)"


def _distance(found: Explanation) -> str:
    to_focus = f"{format_points(found.to_focus)} points for focus"
    return f"{format_points(found.to_mention)} points for a mention, {to_focus}" if found.to_mention else to_focus


def _addition(one: Addition) -> str:
    where = "in require" if one.weight is None else f"of {format_points(one.weight)} points"
    near = f" (the topic has {one.near})" if one.near else ""
    return f'  would come with "{one.term}" {where}: {one.level.value}, {format_points(one.score)} points{near}'
