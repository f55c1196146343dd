"""How many statements the store executes: work, not seconds, so that no machine is too slow for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.harness.store_samples import ASSIGNER, HOUR, NOW, alert, identified, notify_all, poll
from tests.harness.stores import counted
from watcher.model.entry import EntryDecision, Identified, SeenProbe
from watcher.model.feed import AcquiredFeed, Feed
from watcher.store.store import Store
from watcher.story.assign import decide_alert
from watcher.story.sketch import sketch_of

ENTRIES = 30
TEXT = "Guards fled towards the town after the shelling, and dozens of detainees left the prison before dawn on Monday."


@pytest.fixture(params=[1, 64])
def feeds(store: Store, request: pytest.FixtureRequest) -> list[AcquiredFeed]:
    """One feed, or as many as share a transaction, under lease."""
    store.nodes.register("me", "node", NOW, HOUR)
    store.feeds.sync([f"https://feed-{number}.example/" for number in range(request.param)], NOW)
    with counted() as executed:
        acquired = store.polls.acquire_due("me", NOW, NOW + HOUR, 100)
    assert len(executed) <= (7 if request.param == 1 else 9), executed
    return acquired


def document(feed: AcquiredFeed) -> tuple[Identified, ...]:
    return tuple(identified(str(number), url=feed.state.url) for number in range(ENTRIES))


def test_polls_without_news_cost_six_statements_together(store: Store, feeds: list[AcquiredFeed]) -> None:
    with counted() as executed:
        store.polls.save("me", [poll(feed) for feed in feeds], NOW, notify_all, ASSIGNER)
    assert len(executed) <= 6, executed


def test_a_poll_without_news_costs_a_fifth_of_a_statement_where_many_are_due(store: Store) -> None:
    """Acquired and saved as the daemon does it: 256 of a tick, 64 in a transaction, each feed at a host of its own."""
    store.feeds.sync([f"https://feed-{number}.example/" for number in range(256)], NOW)
    with counted() as executed:
        feeds = store.polls.acquire_due("me", NOW, NOW + HOUR, 256)
        for start in range(0, len(feeds), 64):
            batch = [poll(feed) for feed in feeds[start : start + 64]]
            store.polls.save("me", batch, NOW, notify_all, ASSIGNER)
    assert len(feeds) == 256
    assert len(executed) <= 0.2 * len(feeds), executed


def test_first_polls_cost_one_statement_for_each_table_together(store: Store, feeds: list[AcquiredFeed]) -> None:
    records = [poll(feed, decision=EntryDecision(quiet=document(feed), is_baseline=True)) for feed in feeds]
    with counted() as executed:
        store.polls.save("me", records, NOW, notify_all, ASSIGNER)
    assert len(executed) <= 8, executed


def test_known_entries_cost_nothing_until_their_keys_are_refreshed(store: Store, feeds: list[AcquiredFeed]) -> None:
    records = [poll(feed, decision=EntryDecision(quiet=document(feed), is_baseline=True)) for feed in feeds]
    store.polls.save("me", records, NOW, notify_all, ASSIGNER)
    later = NOW + 2 * HOUR
    acquired = store.polls.acquire_due("me", later, later + HOUR, 100)
    known = [
        poll(feed, later, decision=EntryDecision(known=tuple(one.key for one in document(feed)))) for feed in acquired
    ]
    with counted() as executed:
        store.polls.save("me", known, later, notify_all, ASSIGNER)
    assert len(executed) <= 6, executed


def test_a_refresh_of_keys_waits_for_a_document_that_was_read_in_full(store: Store, feeds: list[AcquiredFeed]) -> None:
    records = [poll(feed, decision=EntryDecision(quiet=document(feed), is_baseline=True)) for feed in feeds]
    store.polls.save("me", records, NOW, notify_all, ASSIGNER)
    later = NOW + 200 * HOUR
    costs = []
    for unchanged, known in ((ENTRIES, ()), (0, tuple(one.key for one in document(feeds[0])))):
        acquired = store.polls.acquire_due("me", later, later + HOUR, 100)
        decision = EntryDecision(known=known, unchanged=unchanged)
        with counted() as executed:
            store.polls.save(
                "me", [poll(one, later, decision=decision) for one in acquired], later, notify_all, ASSIGNER
            )
        costs.append(len(executed))
        later += 2 * HOUR
    assert costs[0] <= 6
    assert costs[1] == costs[0] + 1


def test_feeds_that_are_as_they_were_cost_a_start_one_statement(store: Store) -> None:
    addresses = [f"https://feed-{number}.example/" for number in range(50)]
    store.feeds.sync(addresses, NOW)
    with counted() as executed:
        store.feeds.sync(addresses[::-1], NOW + HOUR)
    assert len(executed) == 1, executed


def test_a_document_is_looked_up_by_one_statement(store: Store, feeds: list[AcquiredFeed]) -> None:
    entries = document(feeds[0])
    probe = SeenProbe(
        frozenset(one.key for one in entries),
        frozenset(one.link_hash for one in entries if one.link_hash),
        frozenset(one.title_fingerprint for one in entries) | frozenset(one.text_fingerprint for one in entries),
    )
    with counted() as executed:
        store.polls.seen(feeds[0].state.url, probe)
    assert len(executed) == 1, executed


@pytest.mark.parametrize("with_stories", [False, True])
def test_alerts_cost_the_same_statements_however_many(
    store: Store, feeds: list[AcquiredFeed], *, with_stories: bool
) -> None:
    """Nine for each alert once kept all other feeds waiting while one feed brought thousands."""
    for first, many in [(0, 1), (100, 20)]:
        records = []
        for feed in feeds:
            url = feed.state.url
            entries = [identified(str(number), url=url, text=TEXT) for number in range(first, first + many)]
            alerts = [alert(one.entry.id, url=url) for one in entries]
            sketches = {one.key: sketch_of(one, Feed(url)) for one in entries} if with_stories else {}
            decision = EntryDecision(new=tuple(entries))
            records.append(
                replace(poll(feed, decision=decision), alerts=tuple(alerts), sketches=sketches, is_last=first > 0)
            )
        with counted() as executed:
            saved = store.polls.save("me", records, NOW, decide_alert, ASSIGNER)
        assert all(one.saved for one in saved)
        assert len(executed) <= (21 if with_stories else 12), executed
