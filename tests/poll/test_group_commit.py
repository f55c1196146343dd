"""Polls that share a transaction: one record that cannot be saved costs the others nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tests.harness.store_samples import ASSIGNER, NOW, identified, notify_all, poll
from watcher.clock import SystemClock
from watcher.errors import StoreBusy, StoreFull
from watcher.model.entry import EntryDecision
from watcher.poll.group_commit import GroupCommit
from watcher.store.records import PollRecord
from watcher.store.store import Store, open_store
from watcher.threads import ThreadPool

URLS = tuple(f"https://news.example/{number}" for number in range(4))


@pytest.fixture
def store(tmp_path: Any) -> Store:
    opened = open_store("sqlite:///watcher.db", base=tmp_path)
    opened.upgrade()
    opened.feeds.sync(URLS, NOW)
    return opened


def records(store: Store) -> list[PollRecord]:
    acquired = store.polls.acquire_due("me", NOW, SystemClock().now().replace(year=2100), len(URLS))
    return [
        poll(feed, NOW, decision=EntryDecision(new=(identified(feed.state.url, url=feed.state.url),)))
        for feed in acquired
    ]


def save_all(store: Store, all_records: Sequence[PollRecord]) -> list[Any]:
    async def run() -> list[Any]:
        pool = ThreadPool("store", 2)
        commit = GroupCommit(store, pool, "me", SystemClock(), notify_all, ASSIGNER)
        try:
            return await asyncio.gather(*(commit.save(one) for one in all_records), return_exceptions=True)
        finally:
            pool.close()

    return asyncio.run(run())


def entries(store: Store) -> set[str]:
    return {record.feed_url for record in store.entries.since(NOW)}


def fail_for(monkeypatch: pytest.MonkeyPatch, store: Store, url: str, error: Exception) -> None:
    """Makes the store raise for every batch that has a record of this feed."""
    save = store.polls.save

    def saved(owner: str, polls: Sequence[PollRecord], *rest: Any) -> Any:
        if any(one.state.url == url for one in polls):
            raise error
        return save(owner, polls, *rest)

    monkeypatch.setattr(store.polls, "save", saved)


def test_all_are_saved_together(store: Store) -> None:
    assert all(one.saved for one in save_all(store, records(store)))
    assert entries(store) == set(URLS)


def test_a_record_that_cannot_be_saved_fails_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_for(monkeypatch, store, URLS[1], ValueError("a NUL in a text"))
    results = save_all(store, records(store))
    assert [isinstance(one, ValueError) for one in results] == [False, True, False, False]
    assert entries(store) == set(URLS) - {URLS[1]}


def test_a_store_that_fails_fails_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    error = StoreFull("full")
    fail_for(monkeypatch, store, URLS[1], error)
    results = save_all(store, records(store))
    assert results == [error] * len(URLS)
    assert entries(store) == set()


def test_a_busy_store_is_tried_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    save, refusals = store.polls.save, [StoreBusy("locked")]

    def saved(*given: Any) -> Any:
        if refusals:
            raise refusals.pop()
        return save(*given)

    monkeypatch.setattr(store.polls, "save", saved)
    assert all(one.saved for one in save_all(store, records(store)))
    assert entries(store) == set(URLS)
