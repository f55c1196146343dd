"""Hosts under lease, on every engine: one node at a time asks a host, and what it asks of us holds for all nodes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from tests.harness.store_samples import ASSIGNER, HOUR, MINUTE, NOW, SECOND, notify_all, poll
from watcher.model.feed import AcquiredFeed
from watcher.store.store import Store

EAST, WEST = "https://east.example.org/feed.xml", "https://west.example.org/feed.xml"
ELSEWHERE = "https://zebra.example/feed.xml"
FAR = NOW + 100 * HOUR


def acquire(store: Store, owner: str, now: datetime = NOW, limit: int = 100, **options: object) -> list[AcquiredFeed]:
    return store.polls.acquire_due(owner, now, now + MINUTE, limit, **options)  # type: ignore[arg-type]


def urls(acquired: Sequence[AcquiredFeed]) -> list[str]:
    return [feed.state.url for feed in acquired]


def save(store: Store, owner: str, feed: AcquiredFeed, now: datetime = NOW, **changes: object) -> None:
    assert store.polls.save(owner, [poll(feed, now, **changes)], now, notify_all, ASSIGNER)[0].saved


def test_a_host_goes_to_one_node_at_a_time(store: Store) -> None:
    store.feeds.sync([EAST, WEST, ELSEWHERE], NOW)
    assert urls(acquire(store, "one", limit=1)) == [EAST]
    assert urls(acquire(store, "two")) == [ELSEWHERE]
    assert urls(acquire(store, "one")) == [WEST]


def test_the_next_node_learns_when_the_host_may_have_been_asked_last(store: Store) -> None:
    store.feeds.sync([EAST, WEST], NOW)
    (east,) = acquire(store, "one", limit=1)
    assert east.host_asked_at is None
    save(store, "one", east, NOW + SECOND)
    (west,) = acquire(store, "two", NOW + 2 * SECOND)
    assert (west.state.url, west.host_asked_at) == (WEST, NOW + SECOND)


def test_a_host_stays_with_its_node_until_no_feed_is_polled(store: Store) -> None:
    store.feeds.sync([EAST, WEST], NOW)
    east, west = acquire(store, "one")
    save(store, "one", east)
    later = NOW + 2 * HOUR
    assert store.polls.acquire_due("two", NOW + 30 * SECOND, later, 10, force=True) == []
    save(store, "one", west)
    assert urls(acquire(store, "two", later)) == [EAST, WEST]


def test_a_host_of_a_dead_node_counts_as_asked_just_now(store: Store) -> None:
    store.feeds.sync([EAST, WEST], NOW)
    store.nodes.register("one", "one", NOW, 15 * SECOND)
    store.nodes.register("two", "two", NOW, HOUR)
    assert len(acquire(store, "one", limit=1)) == 1
    assert acquire(store, "two", NOW + 14 * SECOND) == []
    after = NOW + 16 * SECOND
    taken = acquire(store, "two", after)
    assert urls(taken) == [EAST, WEST]
    assert {feed.host_asked_at for feed in taken} == {after}


def test_every_node_learns_until_when_a_host_asked_to_be_left_alone(store: Store) -> None:
    store.feeds.sync([EAST, WEST, ELSEWHERE], NOW)
    (east,) = store.polls.acquire_named("one", [EAST], NOW, NOW + MINUTE)
    save(store, "one", east, pauses={"example.org": NOW + HOUR})
    paused = {feed.state.url: feed.host_paused_until for feed in acquire(store, "two")}
    assert paused == {WEST: NOW + HOUR, ELSEWHERE: None}
    later = NOW + 2 * MINUTE
    assert {feed.host_paused_until for feed in acquire(store, "one", later, force=True)} == {NOW + HOUR, None}


def test_a_pause_is_never_shortened(store: Store) -> None:
    store.feeds.sync([EAST], NOW)
    for until in (NOW + HOUR, NOW + MINUTE):
        (east,) = store.polls.acquire_named("one", [EAST], NOW, NOW + MINUTE)
        save(store, "one", east, pauses={"example.org": until})
    (east,) = store.polls.acquire_named("two", [EAST], NOW, NOW + MINUTE)
    assert east.host_paused_until == NOW + HOUR


def test_a_user_may_ask_a_host_in_spite_of_its_pause(store: Store) -> None:
    store.feeds.sync([EAST, WEST], NOW)
    (east,) = store.polls.acquire_named("one", [EAST], NOW, NOW + MINUTE)
    save(store, "one", east, pauses={"example.org": NOW + HOUR})
    (west,) = store.polls.acquire_named("one", [WEST], NOW, NOW + MINUTE, force=True)
    assert west.host_paused_until is None


def test_a_pause_of_a_host_to_which_a_feed_was_redirected_holds_there(store: Store) -> None:
    store.feeds.sync([EAST, ELSEWHERE], NOW)
    (east,) = store.polls.acquire_named("one", [EAST], NOW, NOW + MINUTE)
    save(store, "one", east, pauses={"zebra.example": NOW + HOUR})
    (elsewhere,) = acquire(store, "two")
    assert elsewhere.host_paused_until == NOW + HOUR


def test_a_feed_that_moved_is_polled_under_the_lease_of_its_new_host(store: Store) -> None:
    store.feeds.sync([EAST, ELSEWHERE], NOW)
    (east,) = store.polls.acquire_named("one", [EAST], NOW, NOW + MINUTE)
    save(store, "one", east, host="zebra.example")
    later = NOW + 2 * HOUR
    assert len(acquire(store, "one", later, limit=1)) == 1
    assert acquire(store, "two", later) == []


def test_only_so_many_feeds_of_a_host_are_taken_at_once(store: Store) -> None:
    store.feeds.sync([f"https://example.org/{number:02}" for number in range(20)], NOW)
    first = acquire(store, "one", per_host=3)
    assert len(first) == 3
    assert acquire(store, "one", per_host=3) == []
    save(store, "one", first[0])
    assert len(acquire(store, "one", per_host=3)) == 1


def test_a_host_with_many_feeds_leaves_the_others_their_share(store: Store) -> None:
    many = [f"https://big.example/{number:02}" for number in range(50)]
    store.feeds.sync(many, NOW - HOUR)
    store.feeds.sync([*many, EAST, ELSEWHERE], NOW)
    assert {EAST, ELSEWHERE} < set(urls(acquire(store, "one", limit=12)))


def test_of_a_host_the_most_overdue_feeds_are_taken(store: Store) -> None:
    addresses = [f"https://big.example/{number:02}" for number in range(30)]
    for hours in range(len(addresses)):
        store.feeds.sync(addresses[: hours + 1], NOW - hours * HOUR)
    assert urls(acquire(store, "one", limit=20)) == addresses[:9:-1]


@pytest.mark.parametrize("unknown", [1, 3, 40])
def test_hosts_of_unknown_feeds_do_not_keep_a_node_from_those_behind_them(store: Store, unknown: int) -> None:
    """What one configuration does not have is due until a node with the other one polls it."""
    others = [f"https://other{number:02}.example/feed" for number in range(unknown)]
    store.feeds.sync(others, NOW - HOUR)
    store.feeds.sync([*others, ELSEWHERE], NOW)
    found = [urls(acquire(store, "one", limit=2, known={ELSEWHERE})) for _ in range(10)]
    assert [url for some in found for url in some] == [ELSEWHERE]
    assert sorted(urls(acquire(store, "two"))) == others


def test_unknown_feeds_of_a_host_do_not_keep_a_node_from_its_other_feeds(store: Store) -> None:
    others = [f"https://east.example.org/{number:02}" for number in range(30)]
    store.feeds.sync(others, NOW - HOUR)
    store.feeds.sync([*others, WEST, ELSEWHERE], NOW)
    assert urls(acquire(store, "one", limit=5, known={WEST, ELSEWHERE})) == [WEST, ELSEWHERE]


def test_a_node_begins_with_the_first_hosts_again_once_it_knows_their_feeds(store: Store) -> None:
    others = [f"https://other{number:02}.example/feed" for number in range(40)]
    store.feeds.sync(others, NOW - HOUR)
    acquire(store, "one", limit=2, known={ELSEWHERE})
    found = [url for _ in range(30) for url in urls(acquire(store, "one", limit=2, known=set(others)))]
    assert sorted(found) == others


def test_a_host_is_due_when_its_first_feed_is(store: Store) -> None:
    store.feeds.sync([EAST, WEST], NOW)
    for feed in acquire(store, "one"):
        save(store, "one", feed)
    assert not store.polls.has_due(NOW + MINUTE)
    store.feeds.ask_for_poll(EAST, NOW + MINUTE)
    assert urls(acquire(store, "two", NOW + MINUTE, limit=1)) == [EAST]
    store.feeds.sync([], NOW)
    assert store.lag().due_since is None
    store.feeds.sync([WEST], NOW + 2 * HOUR)
    assert store.polls.has_due(NOW + 2 * HOUR)


def test_a_named_feed_whose_host_another_node_has_is_known(store: Store) -> None:
    store.feeds.sync([EAST, WEST], NOW)
    acquire(store, "one", limit=1)
    assert store.polls.held_elsewhere("two", [EAST, WEST, ELSEWHERE], NOW) == 2
    assert store.polls.held_elsewhere("one", [EAST, WEST], NOW) == 0


@pytest.mark.parametrize("seed", range(3))
def test_no_two_nodes_ever_have_one_host(store: Store, seed: int) -> None:
    """Whatever is acquired, saved, left to lapse, paused and resumed, in any order."""
    chance, now = random.Random(seed), NOW
    addresses = [f"https://{name}.example/{number}" for name in "abc" for number in range(3)]
    store.feeds.sync(addresses, now)
    held: dict[str, tuple[str, AcquiredFeed]] = {}
    for step in range(60):
        now += timedelta(seconds=chance.randint(0, 40))
        owner = chance.choice(["one", "two"])
        held = {url: one for url, one in held.items() if one[1].until > now}
        if held and chance.random() < 0.5:
            url = chance.choice(sorted(held))
            save(store, held[url][0], held.pop(url)[1], now)
        elif chance.random() < 0.2:
            store.feeds.sync(chance.sample(addresses, 5), now)
        else:
            for feed in acquire(store, owner, now, chance.randint(1, 4), force=chance.random() < 0.5):
                assert feed.state.url not in held
                held[feed.state.url] = (owner, feed)
        owners = {(url.split("/")[2], holder) for url, (holder, _) in held.items()}
        assert len(owners) == len({host for host, _ in owners})
        assert step % 15 or store.problems() == []
    store.feeds.sync(addresses, now)
    assert sorted(urls(acquire(store, "one", now + 3 * HOUR))) == addresses
