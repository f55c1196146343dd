"""What every engine must do when many ask at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tests.harness.store_samples import (
    ASSIGNER,
    DIGEST,
    HOUR,
    MINUTE,
    NOW,
    alert,
    fold_copies,
    poll,
    route_to,
    save_alerts,
)
from watcher.errors import NotifyReason
from watcher.model.notification import EmptySlot
from watcher.store.store import Store

T = TypeVar("T")

WORKERS = 4
URLS = [f"https://feeds.example.org/{number:03}.xml" for number in range(60)]


def all_at_once(work: Callable[[str], T]) -> list[T]:
    """What each of several owners gets who begin at the same moment."""
    start = threading.Barrier(WORKERS)

    def begin(owner: str) -> T:
        start.wait()
        return work(owner)

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(begin, map(str, range(WORKERS))))


def test_each_due_feed_goes_to_one_owner(store: Store) -> None:
    store.feeds.sync(URLS, NOW)

    def take(owner: str) -> list[str]:
        taken: list[str] = []
        while some := store.polls.acquire_due(owner, NOW, NOW + MINUTE, 7):
            store.feeds.states()
            taken += [feed.state.url for feed in some]
        return taken

    assert sorted(url for taken in all_at_once(take) for url in taken) == URLS


def test_a_story_is_sent_once_whoever_finds_it(store: Store) -> None:
    store.feeds.sync(URLS, NOW)

    def find(owner: str) -> int:
        told = 0
        while some := store.polls.acquire_due(owner, NOW, NOW + HOUR, 3):
            records = [poll(feed, alerts=(alert("1", url=feed.state.url, story="one"),)) for feed in some]
            told += sum(len(saved.alerts_new) for saved in store.polls.save(owner, records, NOW, fold_copies, ASSIGNER))
        return told

    assert sum(all_at_once(find)) == 1
    assert store.stats().alerts == {"folded": len(URLS) - 1, "unrouted": 1}


def test_an_alert_is_routed_and_frozen_once(store: Store) -> None:
    alerts = [alert(str(number)) for number in range(20)]
    save_alerts(store, *alerts)

    def route_and_freeze(_owner: str) -> int:
        store.routing.save(route_to(DIGEST, alerts=store.routing.unrouted(100)), NOW)
        return int(store.groups.freeze(DIGEST, NotifyReason.DIGEST, NOW, 100) is not None)

    assert sum(all_at_once(route_and_freeze)) == 1
    assert store.stats().deliveries == {"sending": len(alerts)}


def test_a_notification_is_sent_by_one_owner(store: Store) -> None:
    save_alerts(store, alert("1"))
    store.routing.save(route_to(DIGEST, alerts=[alert("1")]), NOW)
    notification = store.groups.freeze(DIGEST, NotifyReason.DIGEST, NOW, 100)
    assert notification is not None

    def send(owner: str) -> bool:
        taken = store.outbox.acquire(owner, NOW, NOW + MINUTE, 5)
        return any(store.outbox.begin_attempt(owner, one.notification.key, one.epoch, NOW) for one in taken)

    assert sum(all_at_once(send)) == 1
    assert len(store.outbox.attempts(notification.key)) == 1


def test_that_there_is_nothing_is_sent_once(store: Store) -> None:
    slot = EmptySlot(DIGEST.channel, (DIGEST.route,), NOW, NOW)
    assert sum(all_at_once(lambda _: store.empty_digests.freeze(slot, NOW) is not None)) == 1
