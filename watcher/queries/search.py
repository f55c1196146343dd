"""Searching stored entries, with their alerts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from watcher.search.find import Search
from watcher.search.index import EntryIndex
from watcher.search.node import Label, LabelKind, Not
from watcher.search.query import Note, Query, day_of, parse
from watcher.store.store import Store
from watcher.text.fold import fold
from watcher.text.languages import language_code
from watcher.views.entries import entry_rows
from watcher.views.search import SearchPage

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
    result = Search(store, index, languages).run(query, before=before, limit=limit)
    records = [hit.record for hit in result.hits]
    rows = entry_rows(records, store.alerts.of_entries([record.key for record in records]))
    counted = None if result.looked_back_to is not None and result.before is not None else result.count
    return SearchPage(
        rows=rows,
        understood=str(query),
        notes=tuple(note.value for note in query.notes),
        unknown=result.unknown,
        count=counted,
        is_more=counted is not None and result.is_more,
        before=result.before,
        looked_back_to=result.looked_back_to,
        milliseconds=round((time.monotonic() - began) * 1000),
    )
