"""Held, released, silenced: what every engine must do with deliveries that are kept back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tests.harness.store_samples import DIGEST, HOUR, MAIL, MINUTE, NOW, PROMPT, alert, route_to, save_alerts
from watcher.errors import NotifyReason
from watcher.model.alert import stable_hash
from watcher.model.notification import (
    Delivered,
    DeliveryState,
    EmptySlot,
    GroupKey,
    HeldGroup,
    HoldReason,
    notification_key,
)
from watcher.model.route import Matcher
from watcher.model.silence import Silence
from watcher.store.store import Store

OTHER = GroupKey(PROMPT.route, PROMPT.channel, {"topic": "other"})


def waiting(store: Store, *names: str, group: GroupKey = PROMPT, now: datetime = NOW) -> list[str]:
    alerts = [alert(name) for name in names]
    save_alerts(store, *alerts, now=now)
    store.routing.save(route_to(group, alerts=alerts), now)
    return [one.id for one in alerts]


def states(store: Store, ids: list[str]) -> list[tuple[DeliveryState, str]]:
    return [(life.state, life.reason) for one in ids for life in store.alerts.deliveries(one)]


def held(count: int, reason: HoldReason = HoldReason.QUIET_HOURS, until: datetime = NOW + HOUR) -> HeldGroup:
    return HeldGroup(PROMPT.route, PROMPT.channel, reason, until, count, alert("a").score)


def test_what_is_held_waits_no_more_and_leaves_as_one_message(store: Store) -> None:
    ids = waiting(store, "a") + waiting(store, "b", group=OTHER, now=NOW + 2 * MINUTE)
    assert store.holds.hold([PROMPT, OTHER], HoldReason.QUIET_HOURS, NOW + HOUR, NOW) == 2
    assert states(store, ids) == [(DeliveryState.HELD, "quiet_hours")] * 2
    assert store.groups.waiting() == []
    assert store.holds.held() == [held(2)]

    notification = store.holds.release(held(2), NotifyReason.RELEASED, NOW + HOUR, 1)
    assert notification is not None
    assert (notification.key, notification.omitted) == (notification_key(held(2).key, ids), 1)
    assert states(store, ids) == [(DeliveryState.SENDING, "released")] * 2
    assert store.holds.held() == []


def test_only_some_alerts_of_a_group_are_held(store: Store) -> None:
    first, second = waiting(store, "a", "b")
    assert store.holds.hold([PROMPT], HoldReason.QUIET_HOURS, NOW + HOUR, NOW, only=[second]) == 1
    assert [one.id for one in store.groups.waiting_alerts(PROMPT, 10)] == [first]


def test_held_longer_for_another_reason(store: Store) -> None:
    ids = waiting(store, "a")
    store.holds.hold([PROMPT], HoldReason.BUDGET, NOW + MINUTE, NOW)
    store.holds.extend(held(1, HoldReason.BUDGET), HoldReason.QUIET_HOURS, NOW + HOUR, NOW + MINUTE)
    assert store.holds.held() == [held(1)]
    assert states(store, ids) == [(DeliveryState.HELD, "quiet_hours")]


def test_a_release_waits_for_an_unfinished_message_of_its_group(store: Store) -> None:
    waiting(store, "a")
    store.holds.hold([PROMPT], HoldReason.BUDGET, NOW, NOW)
    assert store.holds.release(held(1, HoldReason.BUDGET), NotifyReason.OVERFLOW, NOW, 10) is not None
    waiting(store, "b", now=NOW + 2 * MINUTE)
    store.holds.hold([PROMPT], HoldReason.BUDGET, NOW, NOW)
    assert store.holds.release(held(1, HoldReason.BUDGET), NotifyReason.OVERFLOW, NOW, 10) is None


def test_a_budget_counts_what_was_sent_when_it_was_sent(store: Store) -> None:
    waiting(store, "a")
    notification = store.groups.freeze(PROMPT, NotifyReason.FIRST, NOW, 10)
    assert notification is not None
    assert store.holds.budget_use(PROMPT.route, PROMPT.channel, NOW - HOUR).unfinished == 1
    (acquired,) = store.outbox.acquire("me", NOW, NOW + HOUR, 1)
    sent_at = NOW + 30 * MINUTE
    assert store.outbox.record("me", notification.key, acquired.epoch, Delivered(), sent_at, None)
    use = store.holds.budget_use(PROMPT.route, PROMPT.channel, NOW)
    assert (use.unfinished, use.sent_at) == (0, (sent_at,))
    assert store.holds.budget_use(PROMPT.route, PROMPT.channel, sent_at).sent_at == ()
    assert store.holds.budget_use(PROMPT.route, MAIL, NOW).sent_at == ()
    assert store.holds.budget_use("/elsewhere", PROMPT.channel, NOW).sent_at == ()


def test_a_silence_ends_at_its_time_or_when_a_user_ends_it(store: Store) -> None:
    silence = Silence(stable_hash("s"), (Matcher("topic", "=", "x"),), "Ada", "noise", NOW, NOW + HOUR, NOW)
    store.silences.add(silence)
    assert store.silences.ending_after(NOW) == [silence]
    assert store.silences.ending_after(NOW + HOUR) == []
    assert store.silences.expire(silence.id[:8], NOW + MINUTE)
    assert not store.silences.expire(silence.id[:8], NOW + MINUTE)
    assert store.silences.ending_after(NOW + MINUTE) == []


def test_silenced_deliveries_stay_silenced(store: Store) -> None:
    first, second = waiting(store, "a", "b")
    assert store.silences.apply([DIGEST], {first: stable_hash("s")}, NOW) == 0
    assert store.silences.apply([DIGEST, PROMPT], {first: stable_hash("s")}, NOW) == 1
    assert states(store, [first]) == [(DeliveryState.SILENCED, f"silence {stable_hash('s')[:8]}")]
    store.routing.withdraw(NOW)
    assert states(store, [first, second]) == [(DeliveryState.SILENCED, f"silence {stable_hash('s')[:8]}")]


EMPTY = EmptySlot(MAIL, (DIGEST.route, PROMPT.route), NOW, NOW)


def to_mail(route: str) -> GroupKey:
    return GroupKey(route, MAIL, {})


class TestADigestWithNothingToTell:
    def test_is_made_once_for_a_slot(self, store: Store) -> None:
        made = store.empty_digests.freeze(EMPTY, NOW)
        assert made is not None
        assert (made.key, made.alerts, made.omitted, made.reason) == (EMPTY.key, (), 0, NotifyReason.NOTHING)
        assert store.outbox.find(made.key) == made
        assert store.empty_digests.freeze(EMPTY, NOW + MINUTE) is None
        assert store.stats().deliveries == dict.fromkeys(store.stats().deliveries, 0)

    def test_keeps_its_key_over_attempts_and_has_another_for_each_slot(self, store: Store) -> None:
        first = store.empty_digests.freeze(EMPTY, NOW)
        assert first is not None
        (leased,) = store.outbox.acquire("me", NOW, NOW + MINUTE, 10)
        assert leased.notification.key == first.key
        assert store.outbox.begin_attempt("me", first.key, leased.epoch, NOW)
        assert store.outbox.record("me", first.key, leased.epoch, Delivered(), NOW, None)
        assert store.empty_digests.freeze(EMPTY, NOW + MINUTE) is None
        tomorrow = NOW + 24 * HOUR
        second = store.empty_digests.freeze(replace(EMPTY, slot=tomorrow, due=tomorrow), tomorrow)
        assert second is not None
        assert second.key != first.key

    def test_waits_for_the_message_before_it(self, store: Store) -> None:
        assert store.empty_digests.freeze(EMPTY, NOW) is not None
        tomorrow = NOW + 24 * HOUR
        assert store.empty_digests.freeze(replace(EMPTY, slot=tomorrow, due=tomorrow), tomorrow) is None

    def test_is_not_made_where_something_waits_for_the_slot(self, store: Store) -> None:
        waiting(store, "a", group=to_mail(PROMPT.route), now=NOW - MINUTE)
        assert store.empty_digests.freeze(EMPTY, NOW) is None

    def test_is_made_where_something_waits_for_the_next_slot_or_elsewhere(self, store: Store) -> None:
        waiting(store, "b", group=to_mail("/elsewhere"), now=NOW - MINUTE)
        waiting(store, "a", group=to_mail(DIGEST.route), now=NOW + MINUTE)
        assert store.empty_digests.freeze(EMPTY, NOW + MINUTE) is not None

    def test_is_not_made_where_something_is_held_sent_or_not_yet_routed(self, store: Store) -> None:
        group = to_mail(DIGEST.route)
        waiting(store, "a", group=group, now=NOW)
        store.holds.hold([group], HoldReason.QUIET_HOURS, NOW, NOW)
        assert store.empty_digests.freeze(EMPTY, NOW) is None
        told = store.holds.release(
            HeldGroup(group.route, MAIL, HoldReason.QUIET_HOURS, NOW, 1, 0), NotifyReason.RELEASED, NOW, 9
        )
        assert told is not None
        assert store.empty_digests.freeze(EMPTY, NOW) is None
        store.outbox.drop(told.key, NOW)
        assert store.empty_digests.freeze(EMPTY, NOW) is None
        later = replace(EMPTY, slot=NOW + HOUR, due=NOW + HOUR)
        save_alerts(store, alert("b"), now=NOW + 9 * MINUTE)
        assert store.empty_digests.freeze(later, NOW + HOUR) is None
        store.routing.save(route_to(to_mail("/elsewhere"), alerts=[alert("b")]), NOW)
        assert store.empty_digests.freeze(later, NOW + HOUR) is not None

    def test_counts_what_was_silenced_there(self, store: Store) -> None:
        (silenced,) = waiting(store, "a", group=to_mail(DIGEST.route), now=NOW - MINUTE)
        store.silences.apply([to_mail(DIGEST.route)], {silenced: "s"}, NOW)
        made = store.empty_digests.freeze(EMPTY, NOW)
        assert made is not None
        assert made.omitted == 1
