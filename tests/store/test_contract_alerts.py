"""What every engine must do: alerts, routing, groups and freezing."""

from __future__ import annotations

from dataclasses import replace

from tests.harness.store_samples import (
    ASSIGNER,
    CHAT,
    DAY,
    DIGEST,
    HOUR,
    MAIL,
    MINUTE,
    NOW,
    PROMPT,
    SECOND,
    acquire_one,
    alert,
    fold_copies,
    frozen,
    identified,
    notify_all,
    poll,
    route_to,
    save_alerts,
)
from watcher.errors import NotifyReason
from watcher.model.alert import Alert, AlertState, stable_hash
from watcher.model.entry import EntryDecision
from watcher.model.notification import (
    DeliveryState,
    GroupKey,
    Notification,
    NotificationState,
    Routed,
    notification_key,
)
from watcher.model.topic import Level
from watcher.store.store import Store

OTHER = "https://feeds.example.org/other.xml"


def states(store: Store, one: Alert) -> dict[str, DeliveryState]:
    return {str(life.channel): life.state for life in store.alerts.deliveries(one.id)}


def ids(alerts: list[Alert] | tuple[Alert, ...]) -> list[str]:
    return [one.id for one in alerts]


class TestAlerts:
    def test_an_alert_is_complete_in_itself_without_the_body_of_its_entry(self, store: Store) -> None:
        candidate = alert("1")
        candidate = replace(candidate, entry=replace(candidate.entry, content="c" * 50_000, summary="s" * 9_000))
        save_alerts(store, candidate)
        kept = store.alerts.find(candidate.id)
        short = replace(candidate.entry, content="", summary="s" * 2_000)
        assert kept == replace(candidate, entry=short, created_at=NOW)

    def test_lists_are_newest_first_and_may_be_narrowed(self, store: Store) -> None:
        one, two = alert("1"), alert("2", topic="detention")
        save_alerts(store, one)
        save_alerts(store, two, now=NOW + 2 * HOUR)
        assert ids(store.alerts.newest()) == [two.id, one.id]
        assert ids(store.alerts.newest(limit=1)) == [two.id]
        assert ids(store.alerts.newest(topic="ceasefires")) == [one.id]
        assert ids(store.alerts.newest(since=NOW + HOUR)) == [two.id]

    def test_an_alert_is_found_by_the_beginning_of_its_id(self, store: Store) -> None:
        many = [alert(str(number)) for number in range(40)]
        save_alerts(store, *many)
        found = store.alerts.find(many[0].id[:9])
        assert found is not None
        assert found.id == many[0].id
        first_digits = [one.id[0] for one in many]
        ambiguous = next(digit for digit in first_digits if first_digits.count(digit) > 1)
        assert [store.alerts.find(text) for text in (ambiguous, "%", "", "zz")] == [None] * 4

    def test_their_fates_are_counted_by_state(self, store: Store) -> None:
        one, two, three = alert("1"), alert("2"), alert("3")
        save_alerts(store, one, two, three)
        store.routing.save(route_to(PROMPT, DIGEST, alerts=[one]), NOW)
        store.routing.save(route_to(PROMPT, alerts=[two]), NOW)
        assert store.alerts.delivery_states([one.id, two.id, three.id, stable_hash("none")]) == {
            one.id: {DeliveryState.WAITING: 2},
            two.id: {DeliveryState.WAITING: 1},
        }
        assert store.groups.freeze(PROMPT, NotifyReason.FIRST, NOW, 10)
        assert store.alerts.delivery_states([one.id]) == {one.id: {DeliveryState.WAITING: 1, DeliveryState.SENDING: 1}}


class TestRouting:
    def test_unrouted_alerts_come_oldest_first_until_they_are_routed(self, store: Store) -> None:
        one, two = alert("1"), alert("2")
        save_alerts(store, one)
        save_alerts(store, two, now=NOW + HOUR)
        assert ids(store.routing.unrouted(1)) == [one.id]
        assert ids(store.routing.unrouted(5)) == [one.id, two.id]
        store.routing.save(route_to(DIGEST, alerts=[one]), NOW)
        assert ids(store.routing.unrouted(5)) == [two.id]

    def test_an_alert_that_no_route_wants_says_so(self, store: Store) -> None:
        one = alert("1")
        save_alerts(store, one)
        store.routing.save([Routed(one.id, (), "no route matches")], NOW)
        kept = store.alerts.find(one.id)
        assert kept is not None
        assert (kept.state, kept.reason, store.alerts.deliveries(one.id)) == (AlertState.ROUTED, "no route matches", [])

    def test_a_delivery_waits_with_its_route_reason_and_time(self, store: Store) -> None:
        one = alert("1")
        save_alerts(store, one)
        store.routing.save(route_to(DIGEST, PROMPT, alerts=[one]), NOW + SECOND)
        chat, mail = store.alerts.deliveries(one.id)
        assert (chat.channel, chat.route, mail.channel, mail.route) == (CHAT, "/0", MAIL, "/")
        assert (mail.state, mail.reason, mail.since, mail.notification) == (
            DeliveryState.WAITING,
            "routed",
            NOW + SECOND,
            None,
        )

    def test_routing_again_leaves_what_is_there(self, store: Store) -> None:
        one = alert("1")
        save_alerts(store, one)
        store.routing.save(route_to(DIGEST, alerts=[one]), NOW)
        store.routing.save(route_to(DIGEST, PROMPT, alerts=[one]), NOW + HOUR)
        assert [life.since for life in store.alerts.deliveries(one.id)] == [NOW]

    def test_one_channel_gets_an_alert_once_whatever_routes_lead_there(self, store: Store) -> None:
        one, other = alert("1"), GroupKey("/1", MAIL, {"topic": "ceasefires"})
        save_alerts(store, one)
        store.routing.save(route_to(DIGEST, other, alerts=[one]), NOW)
        assert [(life.channel, life.route) for life in store.alerts.deliveries(one.id)] == [(MAIL, "/")]

    def test_unknown_and_folded_alerts_are_not_routed(self, store: Store) -> None:
        first, copy = alert("1", story="s"), alert("2", story="s")
        save_alerts(store, first, copy, decide=fold_copies)
        store.routing.save(route_to(DIGEST, alerts=[copy, alert("never saved")]), NOW)
        assert store.groups.waiting() == []
        kept = store.alerts.find(copy.id)
        assert kept is not None
        assert kept.state is AlertState.FOLDED

    def test_a_changed_configuration_routes_again_what_is_not_frozen(self, store: Store) -> None:
        sent, waiting = alert("1"), alert("2")
        frozen(store, sent)
        later = NOW + 2 * HOUR
        save_alerts(store, waiting, now=later)
        store.routing.save(route_to(DIGEST, PROMPT, alerts=[waiting]), later)
        assert store.routing.withdraw(later + HOUR) == 1
        assert (states(store, waiting), ids(store.routing.unrouted(9))) == ({}, [waiting.id])
        assert states(store, sent) == {"desk/email/0": DeliveryState.SENDING}
        store.routing.save(route_to(PROMPT, alerts=[waiting]), later + HOUR)
        group = store.groups.waiting()[0]
        assert (group.key, group.first_waiting_at) == (PROMPT, later)

    def test_what_one_channel_had_before_is_not_sent_there_again(self, store: Store) -> None:
        one = alert("1")
        save_alerts(store, one)
        store.routing.save(route_to(DIGEST, PROMPT, alerts=[one]), NOW)
        assert store.groups.freeze(PROMPT, NotifyReason.FIRST, NOW, 10) is not None
        store.routing.withdraw(NOW + HOUR)
        store.routing.save(route_to(DIGEST, PROMPT, alerts=[one]), NOW + HOUR)
        assert states(store, one) == {"chat/slack/0": DeliveryState.SENDING, "desk/email/0": DeliveryState.WAITING}


class TestGroups:
    def test_groups_say_what_waits_in_them(self, store: Store) -> None:
        one, two = alert("1", score=500), alert("2", score=900)
        save_alerts(store, one)
        store.routing.save(route_to(DIGEST, PROMPT, alerts=[one]), NOW)
        save_alerts(store, two, now=NOW + 2 * HOUR)
        store.routing.save(route_to(PROMPT, alerts=[two]), NOW + 2 * HOUR)
        groups = {group.key.route: group for group in store.groups.waiting()}
        assert (groups["/"].count, groups["/"].best_score, groups["/"].first_waiting_at) == (1, 500, NOW)
        assert (groups["/0"].count, groups["/0"].best_score, groups["/0"].key) == (2, 900, PROMPT)
        assert (groups["/0"].last_flush_at, groups["/0"].has_unfinished) == (None, False)

    def test_the_longest_waiting_group_comes_first(self, store: Store) -> None:
        one, two = alert("1"), alert("2")
        save_alerts(store, one, two)
        store.routing.save(route_to(PROMPT, alerts=[two]), NOW)
        store.routing.save(route_to(DIGEST, alerts=[one]), NOW + MINUTE)
        assert [group.key for group in store.groups.waiting()] == [PROMPT, DIGEST]


class TestFreezing:
    def test_a_notification_is_named_by_its_group_and_alerts(self, store: Store) -> None:
        one, two = alert("1", score=600), alert("2", score=900)
        notification = frozen(store, one, two)
        assert notification.key == notification_key(DIGEST, [one.id, two.id])
        assert (notification.group, notification.reason) == (DIGEST, NotifyReason.DIGEST)
        assert (notification.state, notification.next_attempt_at) == (NotificationState.READY, NOW)
        assert ids(notification.alerts) == [two.id, one.id]
        assert store.outbox.find(notification.key) == notification

    def test_deliveries_are_sending_with_the_notification_they_are_in(self, store: Store) -> None:
        notification = frozen(store, alert("1"))
        life = store.alerts.deliveries(alert("1").id)[0]
        assert (life.state, life.reason, life.notification) == (DeliveryState.SENDING, "digest", notification.key)

    def test_a_flood_of_one_feed_does_not_push_others_out_of_a_snapshot(self, store: Store) -> None:
        flood = [alert(f"flood-{number}", score=900 + number) for number in range(5)]
        honest = alert("honest", url=OTHER, score=600)
        mention = alert("mention", url=OTHER, score=800, level=Level.MENTION)
        save_alerts(store, *flood)
        other = acquire_one(store, OTHER)
        new = tuple(identified(one.entry.id, url=OTHER) for one in (honest, mention))
        record = poll(other, decision=EntryDecision(new=new), alerts=(honest, mention))
        store.polls.save("me", [record], NOW, notify_all, ASSIGNER)
        store.routing.save(route_to(DIGEST, alerts=[*flood, honest, mention]), NOW)
        notification = store.groups.freeze(DIGEST, NotifyReason.DIGEST, NOW, 3)
        assert notification is not None
        assert ids(notification.alerts) == [flood[4].id, flood[3].id, honest.id]
        assert notification.omitted == 4

    def test_the_best_are_shown_and_the_rest_is_counted(self, store: Store) -> None:
        alerts = [alert(str(score), score=score) for score in (500, 900, 700)]
        save_alerts(store, *alerts)
        store.routing.save(route_to(DIGEST, alerts=alerts), NOW)
        would = store.groups.waiting_alerts(DIGEST, 2)
        notification = store.groups.freeze(DIGEST, NotifyReason.DIGEST, NOW, 2)
        assert notification is not None
        assert [one.score for one in notification.alerts] == [900, 700]
        assert would == [replace(one, state=AlertState.ROUTED) for one in notification.alerts]
        assert notification.omitted == 1
        assert store.groups.waiting() == []
        assert {life.state for one in alerts for life in store.alerts.deliveries(one.id)} == {DeliveryState.SENDING}

    def test_equal_scores_go_by_age(self, store: Store) -> None:
        old, new = alert("old"), alert("new")
        save_alerts(store, old)
        save_alerts(store, new, now=NOW + 2 * HOUR)
        store.routing.save(route_to(DIGEST, alerts=[new, old]), NOW + 2 * HOUR)
        assert ids(store.groups.waiting_alerts(DIGEST, 9)) == [old.id, new.id]

    def test_a_group_has_one_unfinished_notification_at_most(self, store: Store) -> None:
        frozen(store, alert("1"))
        save_alerts(store, alert("2"), now=NOW + 2 * HOUR)
        store.routing.save(route_to(DIGEST, alerts=[alert("2")]), NOW + 2 * HOUR)
        assert store.groups.freeze(DIGEST, NotifyReason.MORE, NOW + DAY, 10) is None
        assert states(store, alert("2")) == {"desk/email/0": DeliveryState.WAITING}

    def test_nothing_waiting_is_no_notification(self, store: Store) -> None:
        assert store.groups.freeze(DIGEST, NotifyReason.DIGEST, NOW, 10) is None
        assert store.groups.waiting_alerts(DIGEST, 10) == []

    def test_sources_are_the_feeds_folded_in_so_far(self, store: Store) -> None:
        first = alert("1", story="s", title="First News")
        copies = [
            alert("2", story="s", title="Second"),
            alert("3", story="s", title="Third"),
            alert("4", story="s", title="Second"),
            alert("5", story="s", title="First News"),
        ]
        save_alerts(store, first, *copies, decide=fold_copies)
        store.routing.save(route_to(DIGEST, alerts=[first]), NOW)
        notification = store.groups.freeze(DIGEST, NotifyReason.DIGEST, NOW, 10)
        assert notification is not None
        assert notification.alerts[0].sources == ("Second", "Third")

    def test_a_frozen_notification_does_not_change_with_its_alerts(self, store: Store) -> None:
        first = alert("1", story="s")
        notification: Notification = frozen(store, first)
        save_alerts(store, alert("2", story="s", title="Late"), now=NOW + 2 * HOUR, decide=fold_copies)
        kept = store.alerts.find(first.id)
        assert kept is not None
        assert kept.sources == ("Late",)
        assert store.outbox.find(notification.key) == notification
