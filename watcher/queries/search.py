"""Searching stored entries, with their alerts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta

from watcher.lazy_dataclass import dataclass
from watcher.render.highlight import passage_runs
from watcher.search.find import Order, Search, SearchResult
from watcher.search.hits import HitReader
from watcher.search.index import EntryIndex
from watcher.search.node import Label, LabelKind, Not
from watcher.search.query import Note, Query, day_of, parse
from watcher.store.store import Store
from watcher.text.fold import fold
from watcher.text.languages import language_code
from watcher.views.entries import EntryRow, entry_rows
from watcher.views.search import SearchHit, SearchPage

PAGE = 50


@dataclass(frozen=True, slots=True)
class SearchFields:
    """What is asked: a query in its language, and fields of a form that say the same as its `feed:`, `lang:` and so on;
    an empty field stands for any.
    """

    query: str = ""
    feed: str = ""
    language: str = ""
    since: str = ""
    until: str = ""
    alerted: str = ""
    order: Order = Order.NEWEST

    def parsed(self) -> Query:
        """The query with the fields."""
        query = parse(self.query)
        if self.feed.strip():
            query = query.also(Label(LabelKind.FEED, fold(self.feed.strip())))
        if code := language_code(self.language.strip()):
            query = query.also(Label(LabelKind.LANGUAGE, code))
        if self.alerted == "no":
            query = query.also(Not(Label(LabelKind.ALERTED, "yes")))
        elif self.alerted:
            query = query.also(Label(LabelKind.ALERTED, self.alerted))
        since, until = day_of(self.since), day_of(self.until)
        query = query.between(since, until + timedelta(days=1) if until else None)
        wrong = []
        if (self.since and since is None) or (self.until and until is None):
            wrong.append(Note.BAD_DATE)
        if self.language.strip() and code is None:
            wrong.append(Note.BAD_LANGUAGE)
        return query.noting(*wrong)


def read_search(
    store: Store,
    index: EntryIndex | None,
    languages: Sequence[str],
    fields: SearchFields,
    *,
    before: int | None = None,
    limit: int = PAGE,
) -> SearchPage:
    """One page of what a search finds; `languages` are those of the topics."""
    began = time.monotonic()
    query = fields.parsed()
    result = Search(store, index, languages).run(query, before=before, limit=limit, order=fields.order)
    counted = None if result.looked_back_to is not None and result.before is not None else result.count
    return SearchPage(
        rows=search_hits(store, query, result, languages),
        understood=str(query),
        notes=tuple(note.value for note in query.notes),
        unknown=result.unknown,
        count=counted,
        is_more=counted is not None and result.is_more,
        before=result.before,
        looked_back_to=result.looked_back_to,
        milliseconds=round((time.monotonic() - began) * 1000),
    )


def search_hits(store: Store, query: Query, result: SearchResult, languages: Sequence[str]) -> tuple[SearchHit, ...]:
    """What a search found, with alerts, and with the words that were searched marked."""
    records = [hit.record for hit in result.hits]
    rows = entry_rows(records, store.alerts.of_entries([record.key for record in records]))
    reader = HitReader(query.node, tuple(languages))
    return tuple(_hit(row, reader) for row in rows)


def _hit(row: EntryRow, reader: HitReader) -> SearchHit:
    entry = row.record.entry
    title = passage_runs(entry.title, reader.ranges(entry.title, is_title=True))
    for text in (entry.summary, entry.content):
        if ranges := reader.ranges(text):
            return SearchHit(row, title, passage_runs(text, ranges))
    return SearchHit(row, title, ())
