"""What every engine must do: facts, counts and retention."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.harness.store_samples import (
    ASSIGNER,
    CHAT,
    DAY,
    DIGEST,
    FEED,
    HOUR,
    NOW,
    PROMPT,
    SECOND,
    acquire_one,
    alert,
    fold_copies,
    frozen,
    identified,
    kept,
    notify_all,
    poll,
    route_to,
    save_alerts,
)
from tests.harness.stores import counted
from watcher.model.alert import stable_hash
from watcher.model.entry import EntryDecision, Identified, SeenProbe
from watcher.model.notification import Delivered, Routed
from watcher.store.schema import CURRENT
from watcher.store.store import Store
from watcher.store.tables import alerts

MONTH = 30 * DAY
YEARS = 800 * DAY


def purge(store: Store, now: datetime, chunk: int = 1_000) -> int:
    return store.purge(now, kept(MONTH, 3 * MONTH), chunk)


def see(store: Store, now: datetime, *, new: tuple[Identified, ...] = (), known: tuple[Identified, ...] = ()) -> None:
    decision = EntryDecision(new=new, known=tuple(one.key for one in known))
    store.polls.save("me", [poll(acquire_one(store, now=now), now, decision=decision)], now, notify_all, ASSIGNER)


def remembered(store: Store, *these: Identified) -> list[bool]:
    return [bool(store.polls.seen(FEED, SeenProbe(frozenset({one.key}), frozenset(), frozenset()))) for one in these]


def deliver(store: Store, key: str, now: datetime) -> None:
    epoch = next(one.epoch for one in store.outbox.acquire("me", now, now + HOUR, 9) if one.notification.key == key)
    assert store.outbox.begin_attempt("me", key, epoch, now)
    assert store.outbox.record("me", key, epoch, Delivered(), now, None)


class TestFacts:
    def test_the_last_value_is_kept(self, store: Store) -> None:
        assert store.facts.recall("routes") is None
        store.facts.remember("routes", "one")
        store.facts.remember("routes", "two")
        assert store.facts.recall("routes") == "two"


class TestStats:
    def test_everything_is_counted_by_state(self, store: Store) -> None:
        first = frozen(store, alert("1"))
        later = NOW + 2 * HOUR
        save_alerts(store, alert("2"), alert("3"), now=later)
        store.routing.save(route_to(DIGEST, PROMPT, alerts=[alert("2")]), later)
        deliver(store, first.key, later)
        stats = store.stats()
        assert (stats.feeds, stats.entries, stats.seen, stats.schema) == (1, 3, 3, CURRENT)
        assert stats.alerts == {"routed": 2, "unrouted": 1}
        assert stats.deliveries == {"delivered": 1, "waiting": 2}
        assert stats.notifications == {"sent": 1}
        assert stats.bytes > 0


class TestSeenKeys:
    def test_keys_that_left_the_feed_go_after_their_time(self, store: Store) -> None:
        gone, here = identified("gone"), identified("here")
        see(store, NOW, new=(gone, here))
        see(store, NOW + YEARS, known=(here,))
        assert purge(store, NOW + YEARS) == 1 + 2
        assert remembered(store, gone, here) == [False, True]

    def test_keys_within_their_time_stay(self, store: Store) -> None:
        gone = identified("gone")
        see(store, NOW, new=(gone,))
        see(store, NOW + 399 * DAY, new=(identified("other"),))
        purge(store, NOW + 400 * DAY)
        assert remembered(store, gone) == [True]

    def test_a_feed_that_stood_still_for_years_keeps_its_last_document(self, store: Store) -> None:
        here = identified("here")
        see(store, NOW, new=(here,))
        purge(store, NOW + YEARS)
        store.feeds.sync([], NOW + YEARS)
        purge(store, NOW + 2 * YEARS)
        assert remembered(store, here) == [True]

    def test_a_key_seen_again_within_a_week_counts_from_the_first_time(self, store: Store) -> None:
        here = identified("here")
        see(store, NOW, new=(here,))
        for days in (1, 8, 9):
            see(store, NOW + days * DAY, known=(here,))
        purge(store, NOW + YEARS)
        assert remembered(store, here) == [True]


class TestRetention:
    def test_old_entries_go_and_young_ones_stay(self, store: Store) -> None:
        see(store, NOW, new=(identified("old"),))
        see(store, NOW + MONTH, new=(identified("young"),))
        assert purge(store, NOW + MONTH + SECOND) == 1
        assert [record.entry.id for record in store.entries.since(NOW)] == ["young"]

    def test_entries_without_an_alert_go_earlier(self, store: Store) -> None:
        save_alerts(store, alert("matched"))
        see(store, NOW + SECOND, new=(identified("unmatched"),))
        late = NOW + MONTH - DAY
        assert store.purge(late, kept(MONTH), 10) == 0
        assert store.purge(late, kept(MONTH, unmatched=14 * DAY), 10) == 1
        assert [record.entry.id for record in store.entries.since(NOW)] == ["matched"]

    def test_an_entry_whose_alert_has_gone_meanwhile_goes_after_younger_ones(self, store: Store) -> None:
        save_alerts(store, alert("matched"))
        for number in (1, 2):
            see(store, NOW + number * SECOND, new=(identified(str(number)),))
        left = []
        for _ in range(4):
            store.purge(NOW + MONTH, kept(9 * MONTH, unmatched=DAY), 1)
            left.append([record.entry.id for record in store.entries.since(NOW - DAY)])
            with store._database.write("test") as connection:
                connection.execute(alerts.delete())
        assert left == [["matched", "2"], ["matched"], [], []]

    def test_with_too_many_entries_the_oldest_without_an_alert_go_first(self, store: Store) -> None:
        save_alerts(store, alert("oldest"), now=NOW)
        for number in range(5):
            see(store, NOW + (number + 1) * HOUR, new=(identified(str(number)),))
        now = NOW + DAY
        assert store.purge(now, kept(MONTH, max_entries=6), 10) == 0
        assert [store.purge(now, kept(MONTH, max_entries=3), 2) for _ in range(3)] == [2, 1, 0]
        left = {entry.entry.id for entry in store.entries.since(NOW - DAY)}
        assert left == {"oldest", "3", "4"}

    def test_entries_are_counted_once_however_many_chunks_there_are(self, store: Store) -> None:
        see(store, NOW, new=tuple(identified(str(number)) for number in range(30)))
        with counted() as executed:
            while store.purge(NOW + DAY, kept(MONTH, max_entries=3), 1):
                pass
        assert len(store.entries.since(NOW - DAY)) == 3
        counts = [one for one in executed if "count(*)" in one and one.endswith("FROM entries")]
        assert len(counts) == 2, "before the first chunk, and after the last"

    def test_entries_with_alerts_stay_however_many_there_are(self, store: Store) -> None:
        save_alerts(store, alert("1"), alert("2"), now=NOW)
        assert store.purge(NOW + DAY, kept(MONTH, max_entries=1), 10) == 0

    def test_a_store_that_is_too_large_loses_its_oldest_entries_without_an_alert(self, store: Store) -> None:
        save_alerts(store, alert("oldest"), now=NOW)
        before = store.bytes_used()
        for number in range(40):
            text = "".join(stable_hash(str(number), str(part)) for part in range(200))
            see(store, NOW + (number + 1) * HOUR, new=(identified(str(number), text=text),))
        full = store.bytes_used()
        limit = (before + full) // 2
        gone = [store.purge(NOW + 2 * DAY, kept(MONTH, max_bytes=limit), 5) for _ in range(9)]
        assert gone[-1] == 0, "it ends when the bound is met, though no file has become smaller"
        assert store.bytes_used() <= limit
        left = [one.entry.id for one in store.entries.since(NOW - DAY)]
        assert 15 < len(left) < 25, "about half of them, not more than the bound asks for"
        assert set(left) == {"oldest", *map(str, range(40 - len(left) + 1, 40))}

    def test_in_chunks(self, store: Store) -> None:
        see(store, NOW, new=tuple(identified(str(number)) for number in range(5)))
        assert [purge(store, NOW + 2 * MONTH, chunk=2) for _ in range(4)] == [2, 2, 1, 0]

    def test_nothing_goes_that_is_not_finished(self, store: Store) -> None:
        unrouted, waiting, sending = alert("1"), alert("2"), alert("3")
        copy = alert("4", story=waiting.story, title="Other")
        frozen(store, sending, group=PROMPT)
        later = NOW + 2 * HOUR
        save_alerts(store, waiting, copy, unrouted, now=later, decide=fold_copies)
        store.routing.save(route_to(DIGEST, alerts=[waiting]), later)
        assert purge(store, NOW + YEARS) == 1
        assert {one.id for one in store.alerts.newest()} == {one.id for one in (unrouted, waiting, sending, copy)}
        assert {record.entry.id for record in store.entries.since(NOW)} == {"1", "2", "3"}
        assert store.groups.waiting_alerts(DIGEST, 1)[0].sources == ("Other",)
        assert len(store.outbox.newest()) == 1

    def test_what_is_finished_goes_whole(self, store: Store) -> None:
        deliver(store, frozen(store, alert("1")).key, NOW)
        save_alerts(store, alert("2"), now=NOW + 2 * HOUR)
        store.routing.save([Routed(alert("2").id, (), "no route")], NOW + 2 * HOUR)
        purge(store, NOW + YEARS)
        stats = store.stats()
        assert (stats.alerts, stats.deliveries, stats.notifications, stats.entries) == ({}, {}, {}, 0)
        assert store.groups.waiting() == []

    def test_an_old_alert_that_was_delivered_lately_can_still_be_looked_up(self, store: Store) -> None:
        notification = frozen(store, alert("1"))
        deliver(store, notification.key, NOW + YEARS)
        purge(store, NOW + YEARS + DAY)
        assert [life.notification for life in store.alerts.deliveries(alert("1").id)] == [notification.key]

    def test_a_notification_outlives_its_entries(self, store: Store) -> None:
        notification = frozen(store, alert("1"))
        deliver(store, notification.key, NOW + YEARS)
        purge(store, NOW + YEARS + timedelta(days=1))
        assert store.entries.since(NOW) == []
        kept = store.outbox.find(notification.key)
        assert kept is not None
        assert kept.alerts == notification.alerts
        assert kept.alerts[0].entry.title == "Title 1"

    def test_a_group_that_lost_its_alerts_to_another_configuration_goes(self, store: Store) -> None:
        save_alerts(store, alert("1"))
        store.routing.save(route_to(DIGEST, alerts=[alert("1")]), NOW)
        store.routing.withdraw(NOW)
        assert purge(store, NOW + SECOND) == 1

    def test_a_dead_channel_leaves_its_log_until_its_time(self, store: Store) -> None:
        notification = frozen(store, alert("1"), group=PROMPT)
        assert store.outbox.bury_removed([], NOW) == 1
        purge(store, NOW + MONTH)
        assert [line.reason for line in store.outbox.attempts(notification.key)] == ["receiver_removed"]
        assert notification.group.channel == CHAT
