"""Polls that share a transaction: one record that cannot be saved costs the others nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from tests.harness import stores
from tests.harness.store_samples import ASSIGNER, DAY, HOUR, NOW, alert, identified, poll
from watcher.clock import SystemClock
from watcher.errors import StoreBusy, StoreFull
from watcher.model.entry import EntryDecision
from watcher.model.feed import AcquiredFeed, Validators
from watcher.poll.group_commit import BATCH_ALERTS, GroupCommit
from watcher.poll.parts import PART_ALERTS
from watcher.store.records import PollRecord
from watcher.store.store import Store, open_store
from watcher.story.assign import decide_alert
from watcher.threads import ThreadPool

FAR = NOW + 365 * DAY
URLS = tuple(f"https://news.example/{number}" for number in range(4))


@pytest.fixture
def store(tmp_path: Any) -> Store:
    stores.put_sqlite_store(tmp_path)
    opened = open_store(stores.SQLITE_URL, base=tmp_path)
    opened.feeds.sync(URLS, NOW)
    return opened


def records(store: Store) -> list[PollRecord]:
    acquired = store.polls.acquire_due("me", NOW, FAR, len(URLS))
    return [
        poll(feed, NOW, decision=EntryDecision(new=(identified(feed.state.url, url=feed.state.url),)))
        for feed in acquired
    ]


def flood(store: Store, acquired: AcquiredFeed, count: int = 100) -> PollRecord:
    """A poll that brings many alerts."""
    url = acquired.state.url
    return poll(
        acquired,
        decision=EntryDecision(new=tuple(identified(str(number), url=url) for number in range(count))),
        alerts=tuple(alert(str(number), url=url, story=f"{url}{number}") for number in range(count)),
    )


def with_commit(store: Store, run: Callable[[GroupCommit], Awaitable[Any]]) -> Any:
    async def opened() -> Any:
        pool = ThreadPool("store", 2)
        try:
            return await run(GroupCommit(store, pool, "me", SystemClock(), decide_alert, ASSIGNER))
        finally:
            pool.close()

    return asyncio.run(opened())


def save_all(store: Store, all_records: Sequence[PollRecord]) -> list[Any]:
    async def run(commit: GroupCommit) -> list[Any]:
        return await asyncio.gather(*(commit.save(one) for one in all_records), return_exceptions=True)

    saved: list[Any] = with_commit(store, run)
    return saved


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


@pytest.mark.slow
def test_a_busy_store_is_tried_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    save, refusals = store.polls.save, [StoreBusy("locked")]

    def saved(*given: Any) -> Any:
        if refusals:
            raise refusals.pop()
        return save(*given)

    monkeypatch.setattr(store.polls, "save", saved)
    assert all(one.saved for one in save_all(store, records(store)))
    assert entries(store) == set(URLS)


def transactions(monkeypatch: pytest.MonkeyPatch, store: Store) -> list[list[PollRecord]]:
    """What each transaction saves, in order, as it happens."""
    save, seen = store.polls.save, list[list[PollRecord]]()

    def saved(owner: str, polls: Sequence[PollRecord], *rest: Any) -> Any:
        seen.append(list(polls))
        return save(owner, polls, *rest)

    monkeypatch.setattr(store.polls, "save", saved)
    return seen


def test_a_flood_is_saved_in_parts_and_others_between_them(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    feeds = store.polls.acquire_due("me", NOW, FAR, len(URLS))
    floods = [flood(store, feed) for feed in feeds[:2]]
    honest = [flood(store, feed, 1) for feed in feeds[2:]]
    seen = transactions(monkeypatch, store)
    results = save_all(store, [*floods, *honest])
    assert [len(one.alerts_new) for one in results] == [100, 100, 1, 1]
    order = [[record.state.url for record in batch] for batch in seen]
    assert {one.state.url for one in honest} <= {*order[0], *order[1]}
    assert all(sum(not record.is_last for record in batch) <= 1 for batch in seen)
    assert all(sum(len(record.alerts) for record in batch) <= BATCH_ALERTS for batch in seen)
    assert {url for batch in order[3:7] for url in batch} == {one.state.url for one in floods}
    assert [sum(record.is_last for batch in seen for record in batch)] == [len(feeds)]


def test_many_feeds_with_news_share_transactions_of_a_bounded_size(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    feeds = store.polls.acquire_due("me", NOW, FAR, len(URLS))
    seen = transactions(monkeypatch, store)
    save_all(store, [flood(store, feed, PART_ALERTS) for feed in feeds])
    assert [len(batch) for batch in seen] == [BATCH_ALERTS // PART_ALERTS] * (len(feeds) * PART_ALERTS // BATCH_ALERTS)


@pytest.mark.parametrize("error", [StoreFull("full"), ValueError("a defect")])
def test_after_a_crash_between_parts_the_document_is_read_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    (feed, *_) = store.polls.acquire_due("me", NOW, FAR, 1)
    record = flood(store, feed)
    save = store.polls.save
    with monkeypatch.context() as patch:
        given = iter([None, None, error])

        def fail(*rest: Any) -> Any:
            if (problem := next(given)) is not None:
                raise problem
            return save(*rest)

        patch.setattr(store.polls, "save", fail)
        assert save_all(store, [record]) == [error]
    stored = [one.id for one in store.alerts.newest(limit=1_000)]
    assert len(stored) == len(store.entries.since(NOW)) == 2 * PART_ALERTS
    state = next(state for state in store.feeds.states() if state.url == feed.state.url)
    assert (state.validators, state.last_success_at) == (Validators(), None)

    (result,) = save_all(store, [record])  # the lease is still held: a crash would have waited for its end
    assert result.saved
    assert {*result.alerts_new}.isdisjoint(stored)
    assert len(result.alerts_new) + len(stored) == len(record.alerts) == len(store.alerts.newest(limit=1_000))
    state = next(state for state in store.feeds.states() if state.url == feed.state.url)
    assert state.validators == record.state.validators


def test_a_lease_that_is_lost_between_parts_ends_the_poll(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    (feed, *_) = store.polls.acquire_due("me", NOW, FAR, 1)
    save, calls = store.polls.save, count(1)

    def lose(*given: Any) -> Any:
        if next(calls) == 3:
            store.polls.acquire_due("another", FAR, FAR + HOUR, 1)
        return save(*given)

    monkeypatch.setattr(store.polls, "save", lose)
    (result,) = save_all(store, [flood(store, feed)])
    assert (result.saved, len(result.alerts_new)) == (False, 2 * PART_ALERTS)
    assert next(calls) == 4


def test_polls_under_way_are_waited_for_and_share_a_transaction(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.poll.group_commit.GATHER_WITHIN", HOUR)
    seen, all_records = transactions(monkeypatch, store), records(store)

    async def run(commit: GroupCommit) -> None:
        async def one_poll(record: PollRecord, place: int) -> None:
            with commit.under_way():
                for _ in range(50 * place):  # much later than the others, though no clock is read
                    await asyncio.sleep(0)
                await commit.save(record)

        await asyncio.gather(*(one_poll(record, place) for place, record in enumerate(all_records)))

    with_commit(store, run)
    assert [len(some) for some in seen] == [len(URLS)]


def test_no_poll_waits_for_one_that_hangs_or_failed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, (first, second, *_) = transactions(monkeypatch, store), records(store)

    async def run(commit: GroupCommit) -> None:
        with commit.under_way(), commit.under_way():  # the other one hangs: the first is saved without it
            await commit.save(first)
        monkeypatch.setattr("watcher.poll.group_commit.GATHER_WITHIN", HOUR)
        with suppress(LookupError), commit.under_way():
            raise LookupError("a poll that ends without being saved")
        await commit.save(second)

    with_commit(store, run)
    assert [[one.state.url for one in some] for some in seen] == [[first.state.url], [second.state.url]]


def test_a_poll_with_alerts_does_not_wait_as_long_as_others(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.poll.group_commit.GATHER_WITHIN", HOUR)
    (first, second, *_) = store.polls.acquire_due("me", NOW, FAR, len(URLS))
    quiet = poll(first, decision=EntryDecision(new=(identified("0", url=first.state.url),)))
    seen = transactions(monkeypatch, store)

    async def run(commit: GroupCommit) -> None:
        with commit.under_way(), commit.under_way(), commit.under_way():  # one hangs
            waiting = asyncio.create_task(commit.save(quiet))
            await asyncio.sleep(0)
            await asyncio.gather(commit.save(flood(store, second, 1)), waiting)

    with_commit(store, run)
    assert [len(some) for some in seen] == [2]
