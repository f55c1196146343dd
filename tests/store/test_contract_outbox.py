"""What every engine must do: the outbox."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.harness.store_samples import (
    CHAT,
    DAY,
    DIGEST,
    HOUR,
    MAIL,
    MINUTE,
    NOW,
    PROMPT,
    SECOND,
    alert,
    frozen,
    route_to,
    save_alerts,
)
from watcher.errors import AttemptReason, NotifyReason
from watcher.model.notification import (
    AcquiredNotification,
    Attempt,
    AttemptResult,
    Delivered,
    DeliveryState,
    GiveUp,
    Notification,
    NotificationState,
    TryAgain,
)
from watcher.model.route import ChannelRef
from watcher.store.store import Store

BUSY = TryAgain(AttemptReason.SLOW_DOWN, "429 too many")


def acquire(store: Store, owner: str = "me", now: datetime = NOW, **options: object) -> list[AcquiredNotification]:
    return store.outbox.acquire(owner, now, now + MINUTE, 10, **options)  # type: ignore[arg-type]


def now_of(store: Store, key: str) -> Notification:
    notification = store.outbox.find(key)
    assert notification is not None
    return notification


def fate(store: Store, name: str = "1") -> tuple[DeliveryState, str, datetime]:
    life = store.alerts.deliveries(alert(name).id)[0]
    return life.state, life.reason, life.since


def kill(store: Store, notification: Notification, now: datetime = NOW) -> None:
    leased = next(one for one in acquire(store, now=now) if one.notification.key == notification.key)
    gone = GiveUp(AttemptReason.GONE, "410")
    assert store.outbox.record("me", notification.key, leased.epoch, gone, now, None)


class TestLeases:
    def test_a_ready_notification_is_leased_to_one_owner(self, store: Store) -> None:
        notification = frozen(store, alert("1"))
        (mine,) = acquire(store)
        assert acquire(store, "other") == []
        assert (mine.epoch, mine.until, mine.notification.epoch) == (1, NOW + MINUTE, 1)
        assert mine.notification.alerts == notification.alerts
        assert mine.notification.state is NotificationState.LEASED

    def test_an_expired_lease_is_anybodys(self, store: Store) -> None:
        key = frozen(store, alert("1")).key
        acquire(store, "dead")
        (mine,) = acquire(store, "me", NOW + MINUTE)
        assert mine.epoch == 2
        assert not store.outbox.begin_attempt("dead", key, 1, NOW + MINUTE)
        assert not store.outbox.record("dead", key, 1, Delivered(), NOW + MINUTE, None)
        assert not store.outbox.record("me", key, 1, Delivered(), NOW + MINUTE, None)
        assert now_of(store, key).state is NotificationState.LEASED

    def test_no_send_begins_after_the_lease_but_its_result_is_kept(self, store: Store) -> None:
        key = frozen(store, alert("1")).key
        acquire(store)
        assert not store.outbox.begin_attempt("me", key, 1, NOW + MINUTE)
        assert store.outbox.begin_attempt("me", key, 1, NOW + MINUTE - SECOND)
        assert store.outbox.record("me", key, 1, Delivered("250 ok"), NOW + HOUR, None)

    def test_only_the_channels_asked_for(self, store: Store) -> None:
        frozen(store, alert("1"))
        assert acquire(store, channels=[]) == []
        assert acquire(store, channels=[CHAT]) == []
        assert len(acquire(store, channels=[CHAT, MAIL])) == 1

    def test_in_order_of_due_time_up_to_the_limit(self, store: Store) -> None:
        late, early = frozen(store, alert("1")), frozen(store, alert("2"), group=PROMPT, now=NOW + 2 * HOUR)
        acquire(store)
        store.outbox.record("me", late.key, 1, BUSY, NOW, NOW + 3 * HOUR)
        taken = store.outbox.acquire("me", NOW + DAY, NOW + 2 * DAY, 1)
        assert [one.notification.key for one in taken] == [early.key]
        taken = store.outbox.acquire("me", NOW + DAY, NOW + 2 * DAY, 5)
        assert [one.notification.key for one in taken] == [late.key]


class TestOutcomes:
    def test_delivered(self, store: Store) -> None:
        key = frozen(store, alert("1")).key
        acquire(store)
        assert store.outbox.begin_attempt("me", key, 1, NOW + SECOND)
        assert store.outbox.record("me", key, 1, Delivered("250 ok"), NOW + 2 * SECOND, None)
        assert now_of(store, key).state is NotificationState.SENT
        assert fate(store) == (DeliveryState.DELIVERED, "digest", NOW + 2 * SECOND)
        assert store.outbox.attempts(key) == [
            Attempt(1, NOW + SECOND, NOW + 2 * SECOND, AttemptResult.DELIVERED, "", "250 ok")
        ]
        assert acquire(store, now=NOW + DAY) == []

    def test_try_again_waits_and_keeps_who_accepted(self, store: Store) -> None:
        key = frozen(store, alert("1")).key
        again = NOW + HOUR
        for attempt, accepted in enumerate([("a@x",), ("b@x", "a@x")], start=1):
            acquire(store, now=NOW if attempt == 1 else again)
            store.outbox.begin_attempt("me", key, attempt, NOW if attempt == 1 else again)
            outcome = TryAgain(AttemptReason.SLOW_DOWN, "451", accepted=accepted)
            assert store.outbox.record("me", key, attempt, outcome, NOW + SECOND, again)
        waiting = now_of(store, key)
        assert (waiting.state, waiting.attempts, waiting.next_attempt_at) == (NotificationState.READY, 2, again)
        assert waiting.accepted == ("a@x", "b@x")
        assert fate(store) == (DeliveryState.SENDING, "slow_down", NOW + SECOND)
        assert acquire(store, now=again - SECOND) == []
        assert [(line.number, line.result, line.reason) for line in store.outbox.attempts(key)] == [
            (1, "try_again", "slow_down"),
            (2, "try_again", "slow_down"),
        ]

    @pytest.mark.parametrize("outcome", [GiveUp(AttemptReason.SLOW_DOWN, "no", ("a@x",)), BUSY])
    def test_a_dead_letter_says_why(self, store: Store, outcome: GiveUp | TryAgain) -> None:
        key = frozen(store, alert("1")).key
        acquire(store)
        assert store.outbox.record("me", key, 1, outcome, NOW + SECOND, None)
        assert now_of(store, key).state is NotificationState.DEAD
        assert now_of(store, key).accepted == outcome.accepted
        assert fate(store) == (DeliveryState.DEAD, "slow_down", NOW + SECOND)
        assert acquire(store, now=NOW + DAY) == []

    def test_alerts_that_a_delivered_message_only_counts_are_omitted(self, store: Store) -> None:
        best, shown, counted, beyond = alerts = [alert(str(score), score=score) for score in (900, 800, 700, 600)]
        save_alerts(store, *alerts)
        store.routing.save(route_to(DIGEST, alerts=alerts), NOW)
        notification = store.groups.freeze(DIGEST, NotifyReason.DIGEST, NOW, 3)
        assert notification is not None
        acquire(store)
        outcome = Delivered("250 ok", shown=frozenset({best.id, shown.id}))
        assert store.outbox.record("me", notification.key, 1, outcome, NOW + SECOND, None)
        states = {one.id: store.alerts.deliveries(one.id)[0].state for one in alerts}
        assert states == {
            best.id: DeliveryState.DELIVERED,
            shown.id: DeliveryState.DELIVERED,
            counted.id: DeliveryState.OMITTED,
            beyond.id: DeliveryState.OMITTED,
        }
        assert store.stats().deliveries == {"delivered": 2, "omitted": 2}

    def test_alerts_beyond_the_snapshot_are_omitted_where_the_channel_names_none(self, store: Store) -> None:
        best, beyond = alerts = [alert(str(score), score=score) for score in (900, 800)]
        save_alerts(store, *alerts)
        store.routing.save(route_to(DIGEST, alerts=alerts), NOW)
        notification = store.groups.freeze(DIGEST, NotifyReason.DIGEST, NOW, 1)
        assert notification is not None
        acquire(store)
        store.outbox.record("me", notification.key, 1, Delivered("250 ok"), NOW + SECOND, None)
        assert [store.alerts.deliveries(one.id)[0].state for one in (best, beyond)] == ["delivered", "omitted"]

    def test_what_a_dead_message_had_shown_stays_delivered_when_it_is_retried(self, store: Store) -> None:
        shown, rest = alerts = [alert(str(score), score=score) for score in (900, 800)]
        key = frozen(store, *alerts).key
        acquire(store)
        outcome = GiveUp(AttemptReason.GONE, "410", ("part 1",), shown=frozenset({shown.id}))
        store.outbox.record("me", key, 1, outcome, NOW + SECOND, None)
        assert [store.alerts.deliveries(one.id)[0].state for one in (shown, rest)] == ["delivered", "dead"]
        assert store.outbox.retry(key, NOW + MINUTE)
        assert [store.alerts.deliveries(one.id)[0].state for one in (shown, rest)] == ["delivered", "sending"]

    def test_an_attempt_that_never_came_back_stays_visible(self, store: Store) -> None:
        key = frozen(store, alert("1")).key
        acquire(store, "dead")
        store.outbox.begin_attempt("dead", key, 1, NOW)
        (again,) = acquire(store, "me", NOW + HOUR)
        assert again.notification.attempts == 1
        store.outbox.begin_attempt("me", key, 2, NOW + HOUR)
        store.outbox.record("me", key, 2, Delivered(), NOW + HOUR, None)
        assert [(line.number, line.result) for line in store.outbox.attempts(key)] == [(1, None), (2, "delivered")]

    def test_after_one_is_finished_the_next_may_be_frozen(self, store: Store) -> None:
        kill(store, frozen(store, alert("1")))
        assert frozen(store, alert("2"), now=NOW + 2 * HOUR).state is NotificationState.READY


class TestPeople:
    def test_a_dead_letter_is_retried_under_its_own_key(self, store: Store) -> None:
        notification = frozen(store, alert("1"))
        kill(store, notification)
        assert store.outbox.retry(notification.key, NOW + HOUR)
        ready = now_of(store, notification.key)
        assert (ready.state, ready.attempts, ready.next_attempt_at) == (NotificationState.READY, 0, NOW + HOUR)
        assert ready.alerts == notification.alerts
        assert fate(store) == (DeliveryState.SENDING, "digest", NOW + HOUR)
        (again,) = acquire(store, now=NOW + HOUR)
        assert (again.notification.key, again.epoch) == (notification.key, 2)

    def test_a_waiting_one_is_tried_now(self, store: Store) -> None:
        key = frozen(store, alert("1")).key
        acquire(store)
        store.outbox.begin_attempt("me", key, 1, NOW)
        store.outbox.record("me", key, 1, BUSY, NOW, NOW + DAY)
        assert store.outbox.retry(key, NOW + HOUR)
        assert (now_of(store, key).next_attempt_at, now_of(store, key).attempts) == (NOW + HOUR, 0)

    def test_the_schedule_of_what_is_retried_begins_again(self, store: Store) -> None:
        notification = frozen(store, alert("1"))
        kill(store, notification)
        assert now_of(store, notification.key).retried_at is None
        assert store.outbox.retry(notification.key, NOW + 9 * DAY)
        kept = now_of(store, notification.key)
        assert (kept.retried_at, kept.created_at, kept.attempts) == (NOW + 9 * DAY, NOW, 0)

    def test_retried_dead_letters_of_one_group_go_one_after_the_other(self, store: Store) -> None:
        first, second = frozen(store, alert("1")), None
        kill(store, first)
        second = frozen(store, alert("2"), now=NOW + 2 * HOUR)
        later = NOW + DAY
        assert store.outbox.retry(first.key, later)
        assert now_of(store, first.key).state is NotificationState.DEAD
        (leased,) = acquire(store, now=later)
        assert leased.notification.key == second.key
        store.outbox.record("me", second.key, leased.epoch, Delivered(), later, None)
        assert [one.notification.key for one in acquire(store, now=later)] == [first.key]

    def test_what_is_sent_being_sent_or_unknown_is_not_retried(self, store: Store) -> None:
        key = frozen(store, alert("1")).key
        acquire(store)
        assert not store.outbox.retry(key, NOW)
        store.outbox.record("me", key, 1, Delivered(), NOW, None)
        assert not store.outbox.retry(key, NOW)
        assert not store.outbox.retry("0" * 32, NOW)

    def test_a_user_drops_what_is_unfinished(self, store: Store) -> None:
        key = frozen(store, alert("1")).key
        assert store.outbox.drop(key, NOW + HOUR)
        assert fate(store) == (DeliveryState.DEAD, "dropped", NOW + HOUR)
        assert [(line.result, line.reason) for line in store.outbox.attempts(key)] == [("give_up", "dropped")]
        assert not store.outbox.drop(key, NOW + HOUR)

    def test_a_dead_letter_is_settled_by_dropping_it(self, store: Store) -> None:
        notification = frozen(store, alert("1"))
        kill(store, notification)
        key = notification.key
        assert store.outbox.dropped([key]) == set()
        assert store.outbox.drop(key, NOW + HOUR)
        assert fate(store) == (DeliveryState.DEAD, "dropped", NOW + HOUR)
        assert (now_of(store, key).state, store.outbox.dropped([key, "0" * 32])) == (NotificationState.DEAD, {key})
        assert not store.outbox.drop(key, NOW + 2 * HOUR)
        assert store.outbox.retry(key, NOW + 2 * HOUR)
        assert (now_of(store, key).state, store.outbox.dropped([key])) == (NotificationState.READY, set())
        (again,) = acquire(store, now=NOW + 2 * HOUR)
        store.outbox.begin_attempt("me", key, again.epoch, NOW + 2 * HOUR)
        store.outbox.record("me", key, again.epoch, BUSY, NOW + 2 * HOUR, None)
        assert (now_of(store, key).state, store.outbox.dropped([key])) == (NotificationState.DEAD, set())

    def test_what_was_to_be_retried_and_is_dropped_is_not_retried(self, store: Store) -> None:
        first = frozen(store, alert("1"))
        kill(store, first)
        second = frozen(store, alert("2"), now=NOW + 2 * HOUR)
        later = NOW + DAY
        assert store.outbox.retry(first.key, later)
        assert store.outbox.drop(first.key, later)
        (leased,) = acquire(store, now=later)
        store.outbox.record("me", second.key, leased.epoch, Delivered(), later, None)
        assert acquire(store, now=later) == []
        assert now_of(store, first.key).state is NotificationState.DEAD

    def test_nothing_is_dropped_while_it_is_being_sent(self, store: Store) -> None:
        key = frozen(store, alert("1")).key
        acquire(store)
        assert not store.outbox.drop(key, NOW + SECOND)
        assert store.outbox.drop(key, NOW + MINUTE)
        assert not store.outbox.record("me", key, 1, Delivered(), NOW + MINUTE, None)

    def test_what_goes_to_a_removed_receiver_dies_as_such(self, store: Store) -> None:
        mail, chat = frozen(store, alert("1")), frozen(store, alert("2"), group=PROMPT, now=NOW + 2 * HOUR)
        assert store.outbox.bury_removed([MAIL, ChannelRef("new", "webhook", 1)], NOW + DAY) == 1
        assert now_of(store, mail.key).state is NotificationState.READY
        assert now_of(store, chat.key).state is NotificationState.DEAD
        assert fate(store, "2") == (DeliveryState.DEAD, "receiver_removed", NOW + DAY)

    def test_what_is_being_sent_is_not_buried(self, store: Store) -> None:
        frozen(store, alert("1"))
        acquire(store)
        assert store.outbox.bury_removed([], NOW + SECOND) == 0
        assert store.outbox.bury_removed([], NOW + HOUR) == 1


class TestLists:
    def test_newest_first_by_state_up_to_the_limit(self, store: Store) -> None:
        first, second = frozen(store, alert("1")), frozen(store, alert("2"), group=PROMPT, now=NOW + 2 * HOUR)
        kill(store, first, NOW + 2 * HOUR)
        assert [one.key for one in store.outbox.newest()] == [second.key, first.key]
        assert [one.key for one in store.outbox.newest(limit=1)] == [second.key]
        assert [one.key for one in store.outbox.newest(state=NotificationState.DEAD)] == [first.key]

    def test_found_by_the_beginning_of_the_key(self, store: Store) -> None:
        key = frozen(store, alert("1")).key
        assert now_of(store, key[:6]).key == key
        assert (store.outbox.find("none"), store.outbox.attempts("0" * 32)) == (None, [])

    def test_freeze_reasons_are_kept(self, store: Store) -> None:
        save_alerts(store, alert("1"))
        store.routing.save(route_to(DIGEST, alerts=[alert("1")]), NOW)
        notification = store.groups.freeze(DIGEST, NotifyReason.OVERFLOW, NOW, 1)
        assert notification is not None
        assert now_of(store, notification.key).reason is NotifyReason.OVERFLOW
