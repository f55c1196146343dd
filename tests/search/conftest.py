"""A store with the index of its words, on each engine that is available."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.harness import postgres, stores
from tests.harness.store_samples import ASSIGNER, FEED, NOW, acquire_one, identified, notify_all, poll
from watcher.model.alert import Alert
from watcher.model.entry import Entry, EntryDecision, Identified
from watcher.search import tsvector
from watcher.search.fill import Filler
from watcher.search.find import Search, SearchResult
from watcher.search.index import EntryIndex, open_index
from watcher.search.query import parse
from watcher.store.store import Store, open_store

ENGINES = ("sqlite", "postgres") if postgres.is_available() else ("sqlite",)
PART = 4
"""Entries in a part: a few entries are in several of them."""
LANGUAGES = ("ar", "en", "he", "ko", "tr")


@dataclass(frozen=True)
class Library:
    """A store, its index, and shortcuts for both."""

    store: Store
    index: EntryIndex
    url: str
    base: Path

    def add(
        self,
        *entries: Entry | str,
        now: datetime = NOW,
        feed: str = FEED,
        title: str = "Example News",
        alerts: tuple[Alert, ...] = (),
        updated: bool = False,
    ) -> list[str]:
        """Saves entries (a text is a title) as one poll; their keys."""
        found = [_identified(entry, feed) for entry in entries]
        decision = EntryDecision(updated=tuple(found)) if updated else EntryDecision(new=tuple(found))
        record = replace(poll(acquire_one(self.store, feed, now), now), feed_title=title, decision=decision)
        self.store.polls.save("me", [replace(record, alerts=alerts)], now, notify_all, ASSIGNER)
        return [one.entry_key for one in found]

    def fill(self, now: datetime = NOW + timedelta(hours=1)) -> int:
        """Fills the index until nothing is to be done; how many entries were indexed."""
        filler = Filler(self.store, self.index)
        total = 0
        while (step := filler.step(now)).indexed or step.to_go:
            total += step.indexed
        return total

    def search(self, text: str, *, before: int | None = None, limit: int = 50) -> SearchResult:
        """What the index finds; fails when the same search without the index finds anything else."""
        found = Search(self.store, self.index, LANGUAGES).run(parse(text), before=before, limit=limit, seconds=60)
        read = Search(self.store, None, LANGUAGES).run(parse(text), before=before, limit=limit, seconds=60)
        assert [hit.id for hit in found.hits] == [hit.id for hit in read.hits]
        assert found.before == read.before
        return found

    def titles(self, text: str) -> list[str]:
        """The titles that a search finds, newest first."""
        return [hit.record.entry.title for hit in self.search(text).hits]


def _identified(entry: Entry | str, feed: str) -> Identified:
    whole = Entry(id=entry, link=f"https://example.org/{len(entry)}", title=entry) if isinstance(entry, str) else entry
    return replace(identified(whole.id, url=feed), entry=whole)


@contextmanager
def opened(url: str, base: Path) -> Iterator[Library]:
    """A store, made where there is none, with an empty index."""
    store, index = open_store(url, base=base), open_index(url, base=base, part=PART)
    store.upgrade()
    index.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tsvector, "FIRST_SLICE", PART - 1)
        yield Library(store, index, url, base)
    store.close()
    index.close()


@pytest.fixture(params=ENGINES)
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Library]:
    """An empty store with an empty index; each test runs once per engine."""
    if request.param == "sqlite":
        stores.put_sqlite_store(tmp_path)
    url = stores.SQLITE_URL if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with opened(url, tmp_path) as library:
        yield library


@pytest.fixture(scope="module", params=ENGINES)
def kept_library(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[Library]:
    """The same for tests that only search: one for all of them."""
    folder, url = tmp_path_factory.mktemp("library"), stores.SQLITE_URL
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_server")
        url = postgres.empty_schema(server, f"watcher_test_{worker_id}_search")
    with opened(url, folder) as library:
        yield library
