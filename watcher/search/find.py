"""Searching: what is not indexed yet is read, the rest is asked of the index, and every hit is compared with its entry.

Both ways answer the same, newest first. Without an index everything is read, as far back as the time allows.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from watcher.lazy_dataclass import dataclass
from watcher.search.fill import read_texts
from watcher.search.hits import Counted, HitReader
from watcher.search.index import EntryIndex
from watcher.search.matching import FeedNames, Matcher, label_words
from watcher.search.node import (
    And,
    AnyWord,
    Beginning,
    Label,
    LabelKind,
    Node,
    Not,
    Or,
    Word,
    Words,
    any_of,
    words_in,
)
from watcher.search.numbers import Row, spellings
from watcher.search.query import Query
from watcher.search.text import beginnings_of_forms, is_form_of
from watcher.store.records import StoredEntry
from watcher.store.store import Store

BUDGET_SECONDS = 0.12
COUNTING_SHARE = 0.2
"""Of that time, for counting beyond a page that is full."""
MOST_COUNTED = 1_000
RANKED = 200
"""Hits of which the best are shown first: reading one takes a third of a millisecond."""
MOST_FORMS = 200
"""Inflected forms of one word that are asked for."""
_MOST_CANDIDATES = 4_000
"""Words that are looked at for forms of one word, and how many at least of each beginning: Arabic ones have twenty."""
_FEWEST_CANDIDATES = 200
_BATCH = 60
"""Entries read at once: little more than a page has."""
_NO_END = 2**62


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, newest first or the best first. `before` continues behind them; None when there is nothing more.

    `count` is how many there are on all pages, at most `MOST_COUNTED`, known on the first page only; with `is_more`
    older ones were not counted. `looked_back_to`: the time was up, and only entries first seen since then were looked
    at; None when all were. `unknown` are words that no entry has.
    """

    hits: tuple[StoredEntry, ...]
    before: int | None = None
    count: int | None = None
    is_more: bool = False
    looked_back_to: datetime | None = None
    unknown: tuple[str, ...] = ()


class Order(StrEnum):
    """How hits are ordered."""

    NEWEST = "newest"
    BEST = "best"
    """Of the newest `RANKED` hits, those that meet the query best; page by page, each of older hits."""


class Search:
    """One search over a store and the index that it may have. `languages` are those of the topics, for stems."""

    def __init__(self, store: Store, index: EntryIndex | None, languages: Sequence[str]) -> None:
        self._store = store
        self._index = index
        self._languages = tuple(languages)

    def run(
        self,
        query: Query,
        *,
        before: int | None = None,
        limit: int = 50,
        order: Order = Order.NEWEST,
        seconds: float = BUDGET_SECONDS,
    ) -> SearchResult:
        """The newest hits, or the best of the newest; with `before`, of those below that number."""
        end = time.monotonic() + seconds
        most = limit if order is Order.NEWEST else max(limit, RANKED)
        above, below = self._store.entries.numbers_in(query.since, query.until)
        below = min(_NO_END if below is None else below, _NO_END if before is None else before)
        feeds = self._store.feeds.names() if _asks_for_feeds(query.node) else {}
        reader = HitReader(query.node, self._languages) if order is Order.BEST else None
        run = _Run(self._store, Matcher(query.node, feeds, self._languages), query, most, end, reader)
        state = self._index.state() if self._index is not None else None
        filled_to = state.filled_to if state is not None else 0
        run.scan(max(above, filled_to), below)
        unknown: tuple[str, ...] = ()
        counted, rest = len(run.hits), int(run.is_full)
        if self._index is not None and state is not None and not run.is_full:
            asked, unknown = resolved(query.node, self._index, feeds, self._languages)
            above, below = max(above, state.oldest - 1), min(below, filled_to + 1)
            named, rest = run.ask(self._index, asked, above, below)
            counted += named
            if rest and before is None and not run.looked_to:
                more = self._index.search(asked, above, rest, max(1, MOST_COUNTED - counted), seconds * COUNTING_SHARE)
                counted, rest = counted + len(more.ids), more.looked_to
        count = min(counted, MOST_COUNTED) if before is None else None
        hits = run.hits[:most]
        best = hits if reader is None else [hits[at] for at in reader.ranked(run.counted[:most])]
        result = SearchResult(tuple(best[:limit]), None, count, bool(rest), None, unknown)
        if len(run.hits) > most:
            return replace(result, before=hits[-1].id)
        if run.looked_to:
            seen = self._store.entries.ids_between(run.looked_to - 1, None, 1)
            return replace(result, before=run.looked_to, looked_back_to=next(iter(seen.values()), None))
        return result


class _Run:
    """What one search has found so far. `looked_to` is 0 when nothing below remains; `counted` is for an order of hits,
    where there is a reader of them.
    """

    def __init__(
        self, store: Store, matcher: Matcher, query: Query, limit: int, end: float, reader: HitReader | None
    ) -> None:
        self._store = store
        self._matcher = matcher
        self._query = query
        self._limit = limit
        self._end = end
        self._reader = reader
        self.hits: list[StoredEntry] = []
        self.counted: list[Counted] = []
        self.looked_to = 0

    @property
    def is_full(self) -> bool:
        """Whether a page and one hit more were found, or the time is up."""
        return len(self.hits) > self._limit or bool(self.looked_to)

    def scan(self, above: int, below: int) -> None:
        """Reads entries between two numbers, both excluded, newest first."""
        while not self.is_full:
            ids = list(self._store.entries.ids_between(above, below, _BATCH, newest=True))
            if not ids:
                return
            self._keep(ids)
            below = ids[-1]
            if time.monotonic() > self._end:
                self.looked_to = below

    def ask(self, index: EntryIndex, asked: Node, above: int, below: int) -> tuple[int, int]:
        """Asks the index for entries between two numbers until the page is full.

        Returns how many it named, and below which number there may be more of them, 0 when there are none.
        """
        named = 0
        while True:
            found = index.search(asked, above, below, 2 * self._limit, max(0.0, self._end - time.monotonic()))
            named += len(found.ids)
            for some in _batches(found.ids):
                self._keep(some)
                if some[-1] != found.ids[-1] and len(self.hits) <= self._limit and time.monotonic() > self._end:
                    self.looked_to = some[-1]
                if self.is_full:
                    return named, found.looked_to
            if not found.looked_to:
                return named, 0
            below = found.looked_to
            if time.monotonic() > self._end:
                self.looked_to = below
                return named, below

    def _keep(self, ids: Sequence[int]) -> None:
        """Keeps those that meet the query: the index may know an earlier text, and numbers follow times but roughly."""
        query = self._query
        for one, text in read_texts(self._store, ids):
            seen = one.record.first_seen
            is_in_time = (query.since is None or seen >= query.since) and (query.until is None or seen < query.until)
            if is_in_time and self._matcher.meets(text):
                self.hits.append(one)
                if self._reader is not None:
                    self.counted.append(self._reader.counted(text))


@dataclass(frozen=True, slots=True)
class _AskedWords:
    """How entries have the words of a query: the forms of each, and the spellings of each row with numbers."""

    forms: dict[str, tuple[str, ...]]
    spelled: dict[Row, tuple[Row, ...]]


def resolved(
    node: Node, index: EntryIndex, feeds: FeedNames, languages: tuple[str, ...]
) -> tuple[Node, tuple[str, ...]]:
    """The query as an index is asked it, and the words of it that no entry has."""
    words = _AskedWords({}, {})
    unknown: list[str] = []
    for part in words_in(node):
        match part:
            case Word(word, exact):
                if not exact and word not in words.forms:
                    words.forms[word] = _forms_of(word, index, languages)
                wanted = (word,) if exact else words.forms[word]
                unknown += [word] if not index.known(wanted) else []
            case Words(texts):
                words.spelled[texts] = _known_spellings(texts, index)
                unknown += [] if words.spelled[texts] else sorted(set(texts) - index.known(texts), key=texts.index)
            case Beginning(start):
                unknown += [f"{start}*"] if not index.beginning((start,), 1) else []
    return _with_words(node, words, feeds), tuple(dict.fromkeys(unknown))


def _with_words(node: Node, words: _AskedWords, feeds: FeedNames, *, is_wanted: bool = True) -> Node:
    """The condition with the words that entries have. What must not be met leaves out the parts of numbers: 1 000 is
    also in 1 000 000.
    """
    match node:
        case And(parts) | Or(parts):
            return type(node)(tuple(_with_words(part, words, feeds, is_wanted=is_wanted) for part in parts))
        case Not(part):
            return Not(_with_words(part, words, feeds, is_wanted=not is_wanted))
        case Word(word, exact, title):
            return AnyWord((word,) if exact else words.forms[word], title)
        case Words(texts, title):
            rows = (is_wanted and words.spelled[texts]) or (texts,)
            return any_of([Words(row, title) if len(row) > 1 else AnyWord(row, title) for row in rows])
        case Label():
            return AnyWord(tuple(label_words(node, feeds)))
        case _:
            return node


def _known_spellings(texts: Row, index: EntryIndex) -> tuple[Row, ...]:
    """The rows of which entries have every word."""
    rows = spellings(texts)
    known = index.known({word for row in rows for word in row})
    return tuple(row for row in rows if known.issuperset(row))


def _forms_of(word: str, index: EntryIndex, languages: tuple[str, ...]) -> tuple[str, ...]:
    """The word and its inflected forms that entries have, the likeliest first."""
    beginnings = beginnings_of_forms(word, languages)
    each = max(_MOST_CANDIDATES // max(len(beginnings), 1), _FEWEST_CANDIDATES)
    near = index.beginning(beginnings, each)
    found = {form for form in near if is_form_of(form, word, languages)} - {word}
    return (word, *sorted(found, key=lambda form: (abs(len(form) - len(word)), form))[: MOST_FORMS - 1])


def _asks_for_feeds(node: Node) -> bool:
    match node:
        case And(parts) | Or(parts):
            return any(map(_asks_for_feeds, parts))
        case Not(part):
            return _asks_for_feeds(part)
        case Label(kind):
            return kind is LabelKind.FEED
        case _:
            return False


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), _BATCH):
        yield ids[start : start + _BATCH]
