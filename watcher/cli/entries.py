"""`watcher entries`: everything that was read, whether it alerted or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.find_entry import find_entry
from watcher.cli.options import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    Limit,
    at_terminal,
    command_group,
    load_to_read,
    long_ago,
    opened_store,
    selected_topics,
    store_of,
)
from watcher.cli.tables import Cell, say, show_json, show_table, when
from watcher.errors import UsageError
from watcher.model.topic import Level, format_points

if TYPE_CHECKING:
    from watcher.search.find import SearchResult
    from watcher.search.query import Query
    from watcher.views.entries import EntryPage, EntryRow
    from watcher.views.search import SearchHit

app = command_group("List, search, show and mark everything that was read.")

Since = Annotated[
    str | None, typer.Option(metavar="DURATION", help="Only entries first seen in this time, like 12h or 7d.")
]
FeedText = Annotated[
    str | None, typer.Option(metavar="TEXT", help="Only entries of feeds whose title or address contains this.")
]
Which = Annotated[
    str, typer.Argument(metavar="ENTRY", help="The key of the entry (or its first 8 digits), its link, or its title.")
]


@app.command("list", epilog="Example: watcher entries list --since 12h --feed reliefweb")
def list_entries(
    config: Config = DEFAULT_CONFIG,
    since: Since = None,
    feed: FeedText = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List stored entries, the newest first, with their alerts."""
    _list(config, since, feed, limit, as_json)


@app.command("search", epilog="Example: watcher entries search 'ceasefire NOT football feed:reuters' --since 7d")
def search_entries(
    text: Annotated[
        str,
        typer.Argument(
            metavar="QUERY",
            help='Words, "a phrase", a whole link, AND, OR, NOT, ( ), begin*, =exact, title:word, feed:text, '
            "lang:code, alerted:yes|no|focus|mention|TOPIC, from:2026-10-01, to:2026-10-31. Write -- before a query "
            "that begins with -.",
        ),
    ],
    config: Config = DEFAULT_CONFIG,
    since: Since = None,
    feed: FeedText = None,
    limit: Limit = 50,
    best: Annotated[
        bool, typer.Option("--best", help="Of the newest 200 entries found, show those first that meet the query best.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Search the texts of stored entries, the newest first. The words found stand between asterisks.

    A word also finds its inflected forms in the languages of the topics. Where `watcher web` runs, its index answers at
    once; otherwise the entries are read, for ten seconds at most.
    """
    from watcher.queries.search import search_hits
    from watcher.search.find import Order, Search
    from watcher.search.node import Label, LabelKind
    from watcher.search.query import parse
    from watcher.service.load import index_of_store
    from watcher.text.fold import fold

    compiled = load_to_read(config)
    query = parse(text).between(long_ago(since), None)
    if feed is not None:
        query = query.also(Label(LabelKind.FEED, fold(feed)))
    languages = sorted({code for topic in compiled.settings.topics for code in topic.languages})
    with opened_store(compiled) as store:
        index = index_of_store(compiled)
        try:
            order = Order.BEST if best else Order.NEWEST
            result = Search(store, index, languages).run(query, limit=limit, order=order, seconds=SEARCH_SECONDS)
        finally:
            if index is not None:
                index.close()
        hits = search_hits(store, query, result, languages)
    _show_hits(hits, as_json)
    for note in _notes(query, result):
        say(f"note: {note}", err=True)


SEARCH_SECONDS = 10.0


def _notes(query: Query, result: SearchResult) -> Iterator[str]:
    yield from (note.value for note in query.notes)
    if result.unknown:
        yield f"no entry has {', '.join(result.unknown)}"
    if result.looked_back_to is not None:
        day = result.looked_back_to
        yield f"looked back to {when(day)}; add to:{day:%Y-%m-%d} to the query to go on"


def _list(config: Path, since: str | None, feed: str | None, limit: int, as_json: bool) -> None:
    from watcher.queries.entries import read_entry_rows
    from watcher.store.records import EntryFilter

    wanted = EntryFilter(feed=feed, since=long_ago(since))
    with store_of(config) as store:
        rows = read_entry_rows(store, store.entries.matching(wanted, limit))
    _show_rows(rows, as_json)


def _show_rows(rows: Sequence[EntryRow], as_json: bool) -> None:
    if as_json:
        show_json([row.facts() for row in rows])
        return
    show_table(("key", "first seen", "alerts", "feed", "title"), [_cells(row) for row in rows], empty=_NONE)


_NONE = "no such entries are stored; `watcher feeds list` shows what is read, and when"


def _cells(row: EntryRow) -> tuple[Cell, ...]:
    record = row.record
    return (record.key[:8], record.first_seen, row.alerted, record.feed_title, record.entry.title)


def _show_hits(hits: Sequence[SearchHit], as_json: bool) -> None:
    if as_json:
        show_json([hit.facts() for hit in hits])
        return
    columns = ("key", "first seen", "alerts", "feed", "title", "passage")
    show_table(columns, [_hit_cells(hit) for hit in hits], empty=_NONE)


def _hit_cells(hit: SearchHit) -> tuple[Cell, ...]:
    title, passage = (
        "".join(f"*{text}*" if marked else text for text, marked in runs) for runs in (hit.title, hit.passage)
    )
    return (*_cells(hit.row)[:-1], title, passage)


@app.command("show", epilog="Example: watcher entries show 6872e966")
def show_entry(which: Which, config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Show one stored entry: its text, and what every topic makes of it.

    An entry without an alert also says why it has none.
    """
    from watcher.queries.entries import read_entry_page

    compiled = load_to_read(config)
    with opened_store(compiled) as store:
        record = find_entry(store, which)
        page = read_entry_page(store, compiled.topics, compiled.settings.polling.backfill, record)
    if as_json:
        show_json(page.facts())
        return
    _show(page)


def _show(page: EntryPage) -> None:
    record, entry = page.row.record, page.row.record.entry
    say(entry.title or "(without a title)")
    say(entry.link)
    published = f"published {when(entry.published)}" if entry.published else "without a date"
    say(f"{record.feed_title} · {published} · first seen {when(record.first_seen)} · key {record.key}", hang=2)
    for text in dict.fromkeys(filter(None, (entry.summary, entry.content))):
        say()
        say(text)
    say()
    for alert in page.row.alerts:
        say(f"alert {alert.id[:8]}: {alert.topic}, {alert.level.value}, {format_points(alert.score)} points")
    if page.why_not is not None:
        say(f"no alert: {page.why_not.text}{f' ({page.why_not.topic})' if page.why_not.topic else ''}", hang=2)
    for topic in page.missed_by:
        say(f"marked as missed by {topic}")
    rows = [
        (one.topic, one.level.value, format_points(one.score), one.excluded_by or one.missing or "")
        for one in sorted(page.explanations, key=lambda one: (-one.level.rank, -one.score))
        if one.level is not Level.NONE or one.score
    ]
    show_table(("topic", "level now", "score", "stopped by"), rows, empty="no topic has points for it now")
    say("`watcher explain --entry` shows every part of the scores", err=True)


@app.command("mark", epilog="Example: watcher entries mark 6872e966 --topic ceasefires --missed")
def mark_entry(
    which: Which,
    topic: Annotated[str, typer.Option(metavar="TOPIC", help="The topic that should have found it.")],
    missed: Annotated[
        bool, typer.Option("--missed/--not-missed", help="It should have made an alert; --not-missed takes this back.")
    ] = True,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Mark an entry that should have made an alert.

    `watcher topics suggest` learns from it. To mark an alert as irrelevant, use `watcher alerts mark`.
    """
    compiled = load_to_read(config)
    selected_topics(compiled, topic)
    with opened_store(compiled) as store:
        record = find_entry(store, which)
        if missed:
            alert = next(
                (one for one in store.alerts.of_entries([record.key]).get(record.key, ()) if one.topic == topic), None
            )
            if alert is not None:
                raise UsageError(f"this entry has an alert of {topic}: watcher alerts mark {alert.id[:8]} relevant")
            store.marks.add_missed(topic, record.key, datetime.now(UTC), at_terminal())
        elif not store.marks.remove_missed(topic, record.key, datetime.now(UTC), at_terminal()):
            raise UsageError(f"this entry is not marked as missed by {topic}")
    say(f"{record.key[:8]} is {'' if missed else 'no longer '}marked as missed by {topic}: {record.entry.title}")
