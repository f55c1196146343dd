"""A copy that joins a story after its message went out is listed by the next digest of the channel, once."""

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
    alert,
    fold_copies,
    kept,
    notify_all,
    route_to,
    save_alerts,
)
from watcher.errors import AttemptReason, NotifyReason
from watcher.model.alert import Alert
from watcher.model.notification import Delivered, EmptySlot, GiveUp, GroupKey, Notification, Outcome
from watcher.store.late_copies import LISTED_FOR, MOST
from watcher.store.store import Store

OTHER = GroupKey("/0", CHAT, {})


def saved(store: Store, *names: str, now: datetime = NOW) -> list[Alert]:
    """Alerts of one story, all but its first folded, which are examined and stay silent."""
    alerts = [alert(name, story="s", title=f"Paper {name}") for name in names]
    save_alerts(store, *alerts, now=now, decide=fold_copies)
    copies = store.routing.unexamined_copies(1_000)
    store.routing.save_copies(route_to(DIGEST, alerts=copies), now, lambda *_: True)
    return alerts


def news(store: Store, name: str, now: datetime, group: GroupKey = DIGEST) -> None:
    """An alert that is no copy waits in the group."""
    other = alert(name, story=name)
    save_alerts(store, other, now=now, decide=notify_all)
    store.routing.save(route_to(group, alerts=[other]), now)


def digest(store: Store, now: datetime, group: GroupKey = DIGEST, outcome: Outcome | None = None) -> Notification:
    """What the flusher does: everything late on the channel is offered to the message."""
    late = [copy.id for copy in store.shown_copies.late(group.channel, now)]
    made = store.groups.freeze(group, NotifyReason.DIGEST, now, 100, late)
    assert made is not None
    (acquired,) = store.outbox.acquire("me", now, now + MINUTE, 1)
    assert acquired.notification.late == made.late
    assert store.outbox.record("me", made.key, acquired.epoch, outcome or Delivered(), now, None)
    return made


def listed(notification: Notification) -> list[tuple[str, list[str]]]:
    return [(late.title, [report.source for report in late.reports]) for late in notification.late]


@pytest.fixture
def first(store: Store) -> Alert:
    """The first alert of the story, delivered in a digest with one copy."""
    one, _ = saved(store, "first", "early")
    store.routing.save(route_to(DIGEST, alerts=[one]), NOW)
    made = digest(store, NOW)
    assert made.late == ()
    assert made.alerts[0].sources == ("Paper early",)
    return one


def test_the_next_digest_lists_it_and_no_other(store: Store, first: Alert) -> None:
    saved(store, "late", "later", now=NOW + HOUR)
    news(store, "news", NOW + DAY)
    assert listed(digest(store, NOW + DAY)) == [("Title first", ["Paper late", "Paper later"])]
    news(store, "more news", NOW + 2 * DAY)
    assert listed(digest(store, NOW + 2 * DAY)) == []


def test_what_a_message_shows_beneath_its_alert_is_not_late(store: Store, first: Alert) -> None:
    assert store.shown_copies.late(MAIL, NOW + HOUR) == []


def test_a_copy_that_came_while_the_message_was_on_its_way_is_late(store: Store) -> None:
    one, _ = saved(store, "first", "early")
    store.routing.save(route_to(DIGEST, alerts=[one]), NOW)
    assert store.groups.freeze(DIGEST, NotifyReason.DIGEST, NOW + HOUR, 100) is not None
    (late,) = saved(store, "late", now=NOW + 2 * MINUTE)  # saved afterwards by a poll that began before
    assert [copy.id for copy in store.shown_copies.late(MAIL, NOW + HOUR)] == [late.id]


def test_messages_that_are_no_digests_list_none(store: Store, first: Alert) -> None:
    saved(store, "late", now=NOW + HOUR)
    news(store, "news", NOW + 2 * HOUR)
    made = store.groups.freeze(DIGEST, NotifyReason.FIRST, NOW + 2 * HOUR, 100)
    assert made is not None
    assert made.late == ()
    assert len(store.shown_copies.late(MAIL, NOW + 2 * HOUR)) == 1


def test_a_channel_without_the_story_lists_none_of_its_copies(store: Store, first: Alert) -> None:
    saved(store, "late", now=NOW + HOUR)
    assert store.shown_copies.late(CHAT, NOW + HOUR) == []


def test_each_channel_lists_it_by_itself(store: Store) -> None:
    (one,) = saved(store, "first")
    store.routing.save(route_to(DIGEST, OTHER, alerts=[one]), NOW)
    digest(store, NOW)
    digest(store, NOW, OTHER)
    saved(store, "late", now=NOW + HOUR)
    for day, group in enumerate((DIGEST, OTHER), start=1):
        news(store, f"news {day}", NOW + day * DAY, group)
        assert listed(digest(store, NOW + day * DAY, group)) == [("Title first", ["Paper late"])]


def test_an_empty_digest_lists_it(store: Store, first: Alert) -> None:
    saved(store, "late", now=NOW + HOUR)
    slot = EmptySlot(MAIL, ("/",), NOW + DAY, NOW + DAY)
    late = [copy.id for copy in store.shown_copies.late(MAIL, NOW + DAY)]
    made = store.empty_digests.freeze(slot, NOW + DAY, late)
    assert made is not None
    assert listed(made) == [("Title first", ["Paper late"])]
    assert store.shown_copies.late(MAIL, NOW + DAY) == []


def test_it_belongs_to_its_message_whatever_becomes_of_that(store: Store, first: Alert) -> None:
    """A dead letter lists it again when it is sent after all; until then `alerts show` names the message."""
    (late,) = saved(store, "late", now=NOW + HOUR)
    news(store, "news", NOW + DAY)
    dead = digest(store, NOW + DAY, outcome=GiveUp(AttemptReason.REFUSED, "no"))
    assert listed(dead) == [("Title first", ["Paper late"])]
    assert store.shown_copies.messages_with(late.id) == [(MAIL, dead.key)]
    assert late.id not in {copy.id for copy in store.shown_copies.late(MAIL, NOW + DAY)}
    found = store.outbox.find(dead.key)
    assert found is not None
    assert found.late == dead.late


def test_a_copy_for_which_a_chat_had_no_space_is_listed_by_the_next_digest(store: Store, first: Alert) -> None:
    """A message of many parts stops before its last lines; what it did not list was not shown."""
    saved(store, "late", now=NOW + HOUR)
    news(store, "news", NOW + DAY)
    (copies,) = digest(store, NOW + DAY, outcome=Delivered(late=frozenset())).late
    assert [report.source for report in copies.reports] == ["Paper late"]
    news(store, "more news", NOW + 2 * DAY)
    listing = digest(store, NOW + 2 * DAY, outcome=Delivered(late=frozenset({copies.alert_id})))
    assert listed(listing) == [("Title first", ["Paper late"])]
    assert store.shown_copies.late(MAIL, NOW + 2 * DAY) == []


def test_a_silenced_copy_waits_for_the_end_of_the_silence(store: Store, first: Alert) -> None:
    """The flusher offers only copies that no silence meets; what is not offered stays late."""
    saved(store, "late", now=NOW + HOUR)
    news(store, "news", NOW + DAY)
    made = store.groups.freeze(DIGEST, NotifyReason.DIGEST, NOW + DAY, 100, late=())
    assert made is not None
    assert made.late == ()
    assert len(store.shown_copies.late(MAIL, NOW + DAY)) == 1


def test_many_are_listed_by_several_digests(store: Store, first: Alert) -> None:
    saved(store, *(f"late {number}" for number in range(MOST + 3)), now=NOW + HOUR)
    counts = []
    for day in (1, 2, 3):
        news(store, f"news {day}", NOW + day * DAY)
        counts.append(sum(len(late.reports) for late in digest(store, NOW + day * DAY).late))
    assert counts == [MOST, 3, 0]


def test_it_is_not_listed_for_ever(store: Store, first: Alert) -> None:
    saved(store, "late", now=NOW + HOUR)
    assert store.shown_copies.late(MAIL, NOW + HOUR + LISTED_FOR) == []


def test_the_memory_goes_with_the_alerts(store: Store, first: Alert) -> None:
    saved(store, "late", now=NOW + HOUR)
    news(store, "news", NOW + DAY)
    digest(store, NOW + DAY)
    later = NOW + 99 * DAY
    while store.purge(later, kept(DAY, seen=DAY), 2):
        pass
    assert store.alerts.newest() == []
