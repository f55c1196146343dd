"""Being first silences nobody: a copy is silent on a channel only behind an alert of its story that arrived there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time
from functools import partial

from tests.harness.store_samples import (
    CHAT,
    DAY,
    DIGEST,
    HOUR,
    MAIL,
    MINUTE,
    NOW,
    alert,
    fold_copies,
    route_to,
    save_alerts,
)
from watcher.errors import AttemptReason, NotifyReason
from watcher.model.alert import Alert, AlertState
from watcher.model.notification import (
    Delivered,
    Delivery,
    DeliveryState,
    GiveUp,
    GroupKey,
    HoldReason,
    Outcome,
    Routed,
)
from watcher.model.route import DigestTiming, GroupTiming, Matcher, Route
from watcher.model.silence import Silence
from watcher.model.trust import Trust
from watcher.route.copies import is_covered
from watcher.store.store import Store

PROMPT = GroupKey("/0", CHAT, {})
WEEKLY = GroupKey("/1", CHAT, {})
ROUTES = {
    "/": Route(path="/", receiver="desk", timing=DigestTiming((time(7),), "UTC"), group_by=()),
    "/0": Route(path="/0", receiver="chat", timing=GroupTiming(MINUTE, HOUR), group_by=()),
    "/1": Route(path="/1", receiver="chat", timing=DigestTiming((time(7),), "UTC", days=("sat",)), group_by=()),
}
COVERED = partial(is_covered, ROUTES, in_force=(), now=NOW)


def saved(store: Store, *names: str, now: datetime = NOW, trust: Trust = Trust.NORMAL) -> list[Alert]:
    """Alerts of one story; all but the first are folded."""
    alerts = [replace(alert(name, story="s"), trust=trust) for name in names]
    save_alerts(store, *alerts, now=now, decide=fold_copies)
    return alerts


def examined(store: Store, group: GroupKey, now: datetime) -> list[str]:
    """Decides about the copies that are unexamined; the names of those that are sent."""
    copies = store.routing.unexamined_copies(100)
    store.routing.save_copies(route_to(group, alerts=copies), now, COVERED)
    return [one.entry.id for one in copies if store.alerts.deliveries(one.id)]


def sent(store: Store, group: GroupKey, outcome: Outcome, now: datetime) -> None:
    """What waits in the group is frozen and ends like this."""
    notification = store.groups.freeze(group, NotifyReason.FIRST, now, 100)
    assert notification is not None
    (acquired,) = store.outbox.acquire("me", now, now + MINUTE, 1)
    assert store.outbox.begin_attempt("me", notification.key, acquired.epoch, now)
    assert store.outbox.record("me", notification.key, acquired.epoch, outcome, now, None)


def states(store: Store, one: Alert) -> Sequence[DeliveryState]:
    return [life.state for life in store.alerts.deliveries(one.id)]


def test_a_copy_is_silent_behind_one_that_was_delivered_or_waits_in_the_same_group(store: Store) -> None:
    first, copy = saved(store, "first", "copy")
    store.routing.save(route_to(PROMPT, alerts=[first]), NOW)
    assert examined(store, PROMPT, NOW) == []
    sent(store, PROMPT, Delivered(), NOW + 2 * MINUTE)
    saved(store, "late", now=NOW + DAY)
    assert examined(store, PROMPT, NOW + DAY) == []
    kept = store.alerts.find(copy.id)
    assert kept is not None
    assert kept.state is AlertState.FOLDED


def test_a_channel_without_the_story_gets_the_first_copy(store: Store) -> None:
    first, *_ = saved(store, "first", "copy", "second copy")
    store.routing.save(route_to(DIGEST, alerts=[first]), NOW)
    assert examined(store, PROMPT, NOW) == ["copy"]


def test_a_copy_is_sent_when_the_first_one_leaves_later_on_that_channel(store: Store) -> None:
    first, *_ = saved(store, "first", "copy", "second copy")
    store.routing.save(route_to(WEEKLY, alerts=[first]), NOW)
    assert examined(store, PROMPT, NOW) == ["copy"]


def test_a_copy_is_sent_only_on_the_channel_where_the_first_one_leaves_later(store: Store) -> None:
    first, copy = saved(store, "first", "copy")
    mail = GroupKey("/0", MAIL, {})
    on_both = [Routed(first.id, (Delivery(first.id, WEEKLY), Delivery(first.id, mail)))]
    store.routing.save(on_both, NOW)
    sent(store, mail, Delivered(), NOW)
    store.routing.save_copies([Routed(copy.id, (Delivery(copy.id, PROMPT), Delivery(copy.id, mail)))], NOW, COVERED)
    assert [life.channel for life in store.alerts.deliveries(copy.id)] == [CHAT]


def test_a_copy_is_examined_after_the_alert_that_it_is_folded_into_is_routed(store: Store) -> None:
    """A poll may save both after the unrouted alerts were read, and before the copies are."""
    first, _ = saved(store, "first", "copy")
    assert examined(store, PROMPT, NOW) == []
    store.routing.save(route_to(PROMPT, alerts=[first]), NOW)
    assert examined(store, PROMPT, NOW) == []
    assert store.routing.unexamined_copies(100) == []


def test_a_copy_is_silent_behind_one_that_leaves_sooner(store: Store) -> None:
    first, *_ = saved(store, "first", "copy")
    store.routing.save(route_to(PROMPT, alerts=[first]), NOW)
    assert examined(store, WEEKLY, NOW) == []


def test_a_copy_behind_a_dead_letter_is_sent(store: Store) -> None:
    first, *_ = saved(store, "first", "copy")
    store.routing.save(route_to(PROMPT, alerts=[first]), NOW)
    assert examined(store, PROMPT, NOW) == []
    sent(store, PROMPT, GiveUp(AttemptReason.REFUSED, "413"), NOW + 2 * MINUTE)
    assert states(store, first) == [DeliveryState.DEAD]
    assert examined(store, PROMPT, NOW + HOUR) == ["copy"]


def test_a_copy_behind_a_silenced_alert_is_sent(store: Store) -> None:
    first, *_ = saved(store, "first", "copy")
    store.routing.save(route_to(PROMPT, alerts=[first]), NOW)
    assert examined(store, PROMPT, NOW) == []
    assert store.silences.apply([PROMPT], {first.id: "0" * 32}, NOW + MINUTE) == 1
    assert examined(store, PROMPT, NOW + MINUTE) == ["copy"]


def test_a_copy_behind_a_waiting_alert_that_meets_a_silence_in_force_is_sent(store: Store) -> None:
    first, *_ = saved(store, "first", "copy")
    store.routing.save(route_to(PROMPT, alerts=[first]), NOW)
    matcher = Matcher("topic", "=", first.topic)
    silence = Silence("0" * 32, (matcher,), "Ada", "mirrors others", NOW - MINUTE, NOW + HOUR, NOW)
    copies = store.routing.unexamined_copies(100)
    decide = partial(is_covered, ROUTES, in_force=(silence,), now=NOW)
    assert store.routing.save_copies(route_to(PROMPT, alerts=copies), NOW, decide) == 1


def test_a_copy_behind_a_held_alert_is_sent_or_held_by_itself(store: Store) -> None:
    first, *_ = saved(store, "first", "copy")
    store.routing.save(route_to(PROMPT, alerts=[first]), NOW)
    assert examined(store, PROMPT, NOW) == []
    store.holds.hold([PROMPT], HoldReason.QUIET_HOURS, NOW + 8 * HOUR, NOW + MINUTE)
    assert examined(store, PROMPT, NOW + MINUTE) == ["copy"]


def test_a_copy_behind_an_alert_that_a_message_only_counts_is_sent(store: Store) -> None:
    first, copy = saved(store, "first", "copy")
    other = replace(alert("other", score=9_000), story="o")
    save_alerts(store, other, now=NOW + MINUTE)
    store.routing.save(route_to(PROMPT, alerts=[first, other]), NOW)
    assert examined(store, PROMPT, NOW) == []
    notification = store.groups.freeze(PROMPT, NotifyReason.FIRST, NOW + MINUTE, 1)
    assert notification is not None
    (acquired,) = store.outbox.acquire("me", NOW + MINUTE, NOW + HOUR, 1)
    store.outbox.begin_attempt("me", notification.key, acquired.epoch, NOW + MINUTE)
    assert store.outbox.record("me", notification.key, acquired.epoch, Delivered(), NOW + MINUTE, None)
    assert states(store, first) == [DeliveryState.OMITTED]
    assert examined(store, PROMPT, NOW + HOUR) == [copy.entry.id]


def test_a_trusted_copy_is_not_silent_behind_a_feed_trusted_less(store: Store) -> None:
    (rumour,) = saved(store, "rumour", trust=Trust.LOW)
    store.routing.save(route_to(PROMPT, alerts=[rumour]), NOW)
    saved(store, "official", now=NOW + MINUTE)
    assert examined(store, PROMPT, NOW) == ["official"]


def test_another_configuration_examines_copies_again(store: Store) -> None:
    first, *_ = saved(store, "first", "copy")
    store.routing.save(route_to(PROMPT, alerts=[first]), NOW)
    assert examined(store, PROMPT, NOW) == []
    store.routing.withdraw(NOW + MINUTE)
    store.routing.save(route_to(GroupKey("/", MAIL, {}), alerts=[first]), NOW + MINUTE)
    assert examined(store, PROMPT, NOW + MINUTE) == ["copy"]
