"""What every engine must do: nodes, and what becomes of their leases when they die."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.harness.store_samples import (
    ASSIGNER,
    CHAT,
    DAY,
    HOUR,
    MAIL,
    MINUTE,
    NOW,
    SECOND,
    alert,
    fold_copies,
    frozen,
    kept,
    notify_all,
    poll,
    route_to,
    save_alerts,
)
from watcher.model.feed import AcquiredFeed
from watcher.model.notification import AcquiredNotification, Delivered, NotificationState
from watcher.store.records import Beat
from watcher.store.store import Store

A, B = "https://a.example/feed", "https://b.example/feed"
LIVES = timedelta(seconds=15)
UNTIL = NOW + DAY
"""The end of every lease here: far away, so that only the death of a node ends one earlier."""


@pytest.fixture
def two_nodes(store: Store) -> Store:
    """A store with two feeds that are due and a notification, on which the nodes `one` and `two` work."""
    store.nodes.register("one", "first", NOW, LIVES)
    store.nodes.register("two", "second", NOW + SECOND, LIVES)
    store.feeds.sync([A, B], NOW)
    return store


def feeds(store: Store, node: str, now: datetime = NOW) -> list[AcquiredFeed]:
    return store.polls.acquire_due(node, now, UNTIL, 10)


def notifications(store: Store, node: str, now: datetime = NOW) -> list[AcquiredNotification]:
    return store.outbox.acquire(node, now, UNTIL, 10)


def save(store: Store, node: str, feed: AcquiredFeed, now: datetime = NOW) -> bool:
    (saved,) = store.polls.save(node, [poll(feed, now)], now, notify_all, ASSIGNER)
    return saved.saved


class TestHeartbeat:
    def test_nodes_are_listed_in_order_of_their_start(self, two_nodes: Store) -> None:
        listed = [(one.id, one.name, one.started_at, one.alive_until, one.died_at) for one in two_nodes.nodes.all()]
        assert listed == [
            ("one", "first", NOW, NOW + LIVES, None),
            ("two", "second", NOW + SECOND, NOW + SECOND + LIVES, None),
        ]

    def test_a_beat_keeps_a_node_and_its_leases_alive(self, two_nodes: Store) -> None:
        held = feeds(two_nodes, "one")
        for second in range(3, 60, 3):
            assert two_nodes.nodes.beat("one", NOW + second * SECOND, LIVES).alive
        assert feeds(two_nodes, "two", NOW + MINUTE) == []
        assert all(save(two_nodes, "one", feed, NOW + MINUTE) for feed in held)

    def test_a_node_that_was_never_registered_has_no_beat(self, store: Store) -> None:
        assert not store.nodes.beat("nobody", NOW, LIVES).alive

    def test_a_late_beat_counts_while_nobody_declared_the_node_dead(self, two_nodes: Store) -> None:
        assert two_nodes.nodes.beat("one", NOW + HOUR, LIVES).alive

    def test_the_dead_are_forgotten_after_a_day(self, two_nodes: Store) -> None:
        two_nodes.nodes.leave("one", NOW)
        for now, ids in ((NOW + DAY, ["one", "two"]), (NOW + DAY + SECOND, ["two"])):
            two_nodes.purge(now, kept(DAY), 10)
            assert [one.id for one in two_nodes.nodes.all()] == ids

    def test_time_is_this_machines_or_the_servers(self, two_nodes: Store) -> None:
        here = datetime.now(NOW.tzinfo)
        assert abs((two_nodes.nodes.time() or here) - here) < MINUTE


class TestGenerations:
    """Which of several configurations is the newest: `announce` under the nodes `one` and `two`."""

    def test_a_new_configuration_is_newer_than_all_others(self, two_nodes: Store) -> None:
        assert two_nodes.nodes.announce("one", "a", NOW) == 1
        assert two_nodes.nodes.announce("two", "b", NOW) == 2
        assert two_nodes.nodes.beat("one", NOW, LIVES, 1) == Beat(alive=True, newest=2)

    def test_the_same_configuration_keeps_its_generation(self, two_nodes: Store) -> None:
        assert [two_nodes.nodes.announce(node, "a", NOW) for node in ("one", "two", "one")] == [1, 1, 1]
        assert two_nodes.nodes.announce("one", "a", NOW, again=True) == 1

    def test_an_old_configuration_stays_old_while_a_newer_one_is_in_force(self, two_nodes: Store) -> None:
        two_nodes.nodes.announce("one", "a", NOW)
        two_nodes.nodes.announce("two", "b", NOW)
        assert two_nodes.nodes.announce("one", "a", NOW + SECOND) == 1

    def test_a_reload_makes_an_old_configuration_the_newest(self, two_nodes: Store) -> None:
        two_nodes.nodes.announce("one", "a", NOW)
        two_nodes.nodes.announce("two", "b", NOW)
        assert two_nodes.nodes.announce("one", "a", NOW + SECOND, again=True) == 3

    def test_without_another_node_a_restart_brings_an_old_configuration_back(self, two_nodes: Store) -> None:
        two_nodes.nodes.announce("one", "a", NOW)
        two_nodes.nodes.announce("one", "b", NOW)
        assert two_nodes.nodes.announce("one", "a", NOW + SECOND) == 3

    @pytest.mark.parametrize("end", ["left", "silent"])
    def test_only_living_nodes_count(self, two_nodes: Store, end: str) -> None:
        two_nodes.nodes.announce("one", "a", NOW)
        two_nodes.nodes.announce("two", "b", NOW)
        if end == "left":
            two_nodes.nodes.leave("two", NOW)
        later = NOW + (SECOND if end == "left" else MINUTE)
        assert two_nodes.nodes.beat("one", later, LIVES, 1) == Beat(alive=True, newest=1)

    def test_nodes_are_listed_with_what_they_hold(self, two_nodes: Store) -> None:
        two_nodes.nodes.announce("one", "a", NOW)
        assert len(feeds(two_nodes, "one")) == 2
        listed = {one.id: (one.generation, one.feeds, one.notifications) for one in two_nodes.nodes.all()}
        assert listed == {"one": (1, 2, 0), "two": (None, 0, 0)}


class TestFeeds:
    def test_all_leases_of_a_silent_node_end_together(self, two_nodes: Store) -> None:
        held = feeds(two_nodes, "one")
        two_nodes.nodes.beat("two", NOW + 10 * SECOND, LIVES)
        assert feeds(two_nodes, "two", NOW + LIVES) == []
        taken = feeds(two_nodes, "two", NOW + LIVES + SECOND)
        assert [(feed.state.url, feed.epoch) for feed in taken] == [(A, 2), (B, 2)]
        assert not any(save(two_nodes, "one", feed, NOW + LIVES + SECOND) for feed in held)
        assert all(save(two_nodes, "two", feed, NOW + LIVES + SECOND) for feed in taken)
        assert {one.id: one.died_at for one in two_nodes.nodes.all()} == {"one": NOW + LIVES + SECOND, "two": None}

    def test_a_node_that_left_frees_everything_at_once(self, two_nodes: Store) -> None:
        feeds(two_nodes, "one")
        two_nodes.nodes.leave("one", NOW + SECOND)
        assert [feed.state.url for feed in feeds(two_nodes, "two", NOW + SECOND)] == [A, B]

    def test_a_dead_node_writes_nothing_and_takes_nothing(self, two_nodes: Store) -> None:
        (first, *_) = feeds(two_nodes, "one")
        two_nodes.nodes.leave("one", NOW)
        before = two_nodes.feeds.states()
        assert not save(two_nodes, "one", first)
        assert feeds(two_nodes, "one") == []
        assert not two_nodes.nodes.beat("one", NOW, LIVES).alive
        assert two_nodes.feeds.states() == before

    def test_alerts_of_a_dead_node_are_not_saved(self, two_nodes: Store) -> None:
        (first, *_) = feeds(two_nodes, "one")
        two_nodes.nodes.leave("one", NOW)
        record = poll(first, alerts=(alert("1"),))
        assert not two_nodes.polls.save("one", [record], NOW, fold_copies, ASSIGNER)[0].saved
        assert two_nodes.alerts.newest() == []

    def test_who_asks_does_not_declare_itself_dead(self, two_nodes: Store) -> None:
        assert len(feeds(two_nodes, "one", NOW + HOUR)) == 2
        assert [one.id for one in two_nodes.nodes.all() if one.died_at is None] == ["one"]

    def test_force_takes_over_from_the_dead_too(self, two_nodes: Store) -> None:
        feeds(two_nodes, "one")
        two_nodes.nodes.leave("one", NOW)
        assert len(two_nodes.polls.acquire_due("two", NOW + SECOND, UNTIL, 10, force=True)) == 2

    def test_a_lease_without_a_node_ends_at_its_own_time(self, two_nodes: Store) -> None:
        two_nodes.polls.acquire_due("a command", NOW, NOW + MINUTE, 10)
        assert feeds(two_nodes, "two", NOW + MINUTE - SECOND) == []
        assert len(feeds(two_nodes, "two", NOW + MINUTE)) == 2

    def test_a_node_leases_only_feeds_that_it_knows(self, two_nodes: Store) -> None:
        known = two_nodes.polls.acquire_due("one", NOW, UNTIL, 10, known={A, "https://c.example/feed"})
        assert [feed.state.url for feed in known] == [A]
        assert [feed.state.url for feed in feeds(two_nodes, "two")] == [B]


class TestNotifications:
    @pytest.fixture
    def key(self, two_nodes: Store) -> str:
        return frozen(two_nodes, alert("1")).key

    def test_a_silent_nodes_notification_is_taken_over(self, two_nodes: Store, key: str) -> None:
        (mine,) = notifications(two_nodes, "one")
        assert two_nodes.outbox.begin_attempt("one", key, mine.epoch, NOW)
        later = NOW + LIVES + SECOND
        two_nodes.nodes.beat("two", NOW + 10 * SECOND, LIVES)
        (theirs,) = notifications(two_nodes, "two", later)
        assert (theirs.notification.key, theirs.epoch, theirs.notification.attempts) == (key, 2, 1)
        assert not two_nodes.outbox.begin_attempt("one", key, mine.epoch, later)
        assert not two_nodes.outbox.record("one", key, mine.epoch, Delivered(), later, None)
        assert two_nodes.outbox.begin_attempt("two", key, theirs.epoch, later)
        assert two_nodes.outbox.record("two", key, theirs.epoch, Delivered(), later, None)

    def test_a_dead_node_begins_and_records_nothing_even_if_nobody_took_over(self, two_nodes: Store, key: str) -> None:
        (mine,) = notifications(two_nodes, "one")
        two_nodes.nodes.leave("one", NOW)
        assert not two_nodes.outbox.begin_attempt("one", key, mine.epoch, NOW)
        assert not two_nodes.outbox.record("one", key, mine.epoch, Delivered(), NOW, None)
        assert notifications(two_nodes, "one") == []
        found = two_nodes.outbox.find(key)
        assert found is not None
        assert found.state is NotificationState.LEASED

    def test_the_operator_may_drop_what_a_dead_node_held(self, two_nodes: Store, key: str) -> None:
        notifications(two_nodes, "one")
        assert not two_nodes.outbox.drop(key, NOW)
        two_nodes.nodes.leave("one", NOW)
        assert two_nodes.outbox.drop(key, NOW)

    def test_a_removed_receivers_notification_of_a_dead_node_is_buried(self, two_nodes: Store, key: str) -> None:
        notifications(two_nodes, "one")
        assert two_nodes.outbox.bury_removed([], NOW) == 0
        two_nodes.nodes.leave("one", NOW)
        assert two_nodes.outbox.bury_removed([], NOW) == 1

    def test_a_node_that_does_not_know_a_channel_leaves_its_message_to_one_that_does(
        self, two_nodes: Store, key: str
    ) -> None:
        assert two_nodes.outbox.acquire("one", NOW, UNTIL, 10, channels=[CHAT]) == []
        (taken,) = two_nodes.outbox.acquire("two", NOW, UNTIL, 10, channels=[CHAT, MAIL])
        assert taken.notification.key == key

    def test_routing_waits_for_no_node(self, two_nodes: Store) -> None:
        save_alerts(two_nodes, one := alert("1"), now=NOW)
        two_nodes.nodes.leave("one", NOW)
        two_nodes.routing.save(route_to(alerts=[one]), NOW)
        assert two_nodes.routing.unrouted(10) == []
