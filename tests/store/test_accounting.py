"""Random walks through the life of feeds and alerts: the books balance at every step (I2, I3, I5)."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.harness.store_samples import ASSIGNER, CHAT, FEED, HOUR, MAIL, MINUTE, NOW, alert, poll
from watcher.errors import AttemptReason, NotifyReason
from watcher.model.alert import Alert, AlertState, EarlierAlert
from watcher.model.feed import AcquiredFeed
from watcher.model.notification import (
    AcquiredNotification,
    Delivered,
    Delivery,
    DeliveryState,
    GiveUp,
    GroupKey,
    NotificationState,
    Outcome,
    Routed,
    TryAgain,
    notification_key,
)
from watcher.model.story import AlertDecision, Verdict
from watcher.store.store import open_store

OWNERS = ("one", "two")
GROUPS = (GroupKey("/", MAIL, {}), GroupKey("/0", CHAT, {"topic": "a"}), GroupKey("/1", CHAT, {"topic": "b"}))
OUTCOMES: tuple[Outcome, ...] = (
    Delivered("ok"),
    TryAgain(AttemptReason.TIMEOUT, "slow", accepted=("a@x",)),
    GiveUp(AttemptReason.GONE, "410"),
)

STATES = {
    NotificationState.READY: DeliveryState.SENDING,
    NotificationState.LEASED: DeliveryState.SENDING,
    NotificationState.SENT: DeliveryState.OMITTED,
    NotificationState.DEAD: DeliveryState.DEAD,
}
"""The state of the deliveries whose alert the receiver was not shown."""


@dataclass(frozen=True)
class Held:
    """A lease that was handed out, as its holder remembers it."""

    owner: str
    epoch: int
    until: datetime


def judge(_candidate: Alert, before: list[EarlierAlert]) -> AlertDecision:
    return AlertDecision(Verdict.FOLD, before[-1].id) if before else AlertDecision(Verdict.NOTIFY)


class Books(RuleBasedStateMachine):
    """What the store says, against what was done to it."""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.store = open_store("sqlite:///watcher.db", base=Path(self.folder.name))
        self.store.upgrade()
        self.store.feeds.sync([FEED], NOW)
        self.now = NOW
        self.made = 0
        self.routed: dict[str, set[str]] = {}
        self.feed_lease: Held | None = None
        self.feed_held: list[tuple[str, AcquiredFeed]] = []
        self.leases: dict[str, Held] = {}
        self.held: list[tuple[str, AcquiredNotification]] = []
        self.frozen: dict[str, list[str]] = {}
        self.belonging: dict[str, list[str]] = {}
        self.shown: dict[str, set[str]] = {}

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()

    @rule(minutes=st.integers(0, 3))
    def wait(self, minutes: int) -> None:
        self.now += minutes * MINUTE

    @rule(owner=st.sampled_from(OWNERS))
    def acquire_feed(self, owner: str) -> None:
        taken = self.store.polls.acquire_due(owner, self.now, self.now + MINUTE, 5)
        for feed in taken:
            lease = self.feed_lease
            assert lease is None or lease.until <= self.now, "two owners hold one feed"
            assert feed.epoch == (lease.epoch if lease else self.last_feed_epoch()) + 1
            self.feed_lease = Held(owner, feed.epoch, feed.until)
            self.feed_held.append((owner, feed))

    def last_feed_epoch(self) -> int:
        return max((feed.epoch for _, feed in self.feed_held), default=0)

    @rule(data=st.data(), stories=st.lists(st.sampled_from("xyz"), max_size=3))
    def save_poll(self, data: st.DataObject, stories: list[str]) -> None:
        if not self.feed_held:
            return
        owner, feed = data.draw(st.sampled_from(self.feed_held))
        self.made += len(stories)
        brought = tuple(alert(f"{self.made}-{number}", story=story) for number, story in enumerate(stories))
        before = self.store.stats()
        (saved,) = self.store.polls.save(
            owner, [poll(feed, self.now - HOUR, alerts=brought)], self.now, judge, ASSIGNER
        )
        lease = self.feed_lease
        ours = lease is not None and (lease.owner, lease.epoch) == (owner, feed.epoch)
        assert saved.saved == ours
        if ours:
            self.feed_lease = None
        else:
            assert self.store.stats() == before, "a stale epoch wrote"

    @rule(groups=st.lists(st.sampled_from(GROUPS), unique_by=lambda group: group.id), limit=st.integers(1, 3))
    def route(self, groups: list[GroupKey], limit: int) -> None:
        unrouted = self.store.routing.unrouted(limit)
        self.store.routing.save(
            [Routed(one.id, tuple(Delivery(one.id, group) for group in groups)) for one in unrouted], self.now
        )
        for one in unrouted:
            self.routed.setdefault(one.id, set()).update(str(group.channel) for group in groups)

    @rule()
    def reroute(self) -> None:
        for one in self.store.alerts.newest(limit=10_000):
            for life in self.store.alerts.deliveries(one.id):
                if life.state is DeliveryState.WAITING:
                    self.routed[one.id].discard(str(life.channel))
        self.store.routing.withdraw(self.now)

    @rule(group=st.sampled_from(GROUPS), limit=st.integers(1, 3))
    def freeze(self, group: GroupKey, limit: int) -> None:
        waiting = [one.id for one in self.store.groups.waiting_alerts(group, 10_000)]
        notification = self.store.groups.freeze(group, NotifyReason.DIGEST, self.now, limit)
        if notification is not None:
            assert [one.id for one in notification.alerts] == waiting[:limit]
            assert notification.omitted == len(waiting[limit:])
            assert notification.key == notification_key(group, waiting)
            assert notification.key not in self.frozen, "an alert was frozen twice"
            self.frozen[notification.key] = [one.id for one in notification.alerts]
            self.belonging[notification.key] = waiting
            self.shown[notification.key] = set()

    @rule(owner=st.sampled_from(OWNERS))
    def acquire_notifications(self, owner: str) -> None:
        for taken in self.store.outbox.acquire(owner, self.now, self.now + MINUTE, 3):
            lease = self.leases.get(taken.notification.key)
            assert lease is None or lease.until <= self.now, "two owners hold one notification"
            self.leases[taken.notification.key] = Held(owner, taken.epoch, taken.until)
            self.held.append((owner, taken))

    @rule(data=st.data(), outcome=st.sampled_from(OUTCOMES), again=st.booleans(), shown=st.integers(0, 3))
    def attempt(self, data: st.DataObject, outcome: Outcome, again: bool, shown: int) -> None:
        if not self.held:
            return
        owner, taken = data.draw(st.sampled_from(self.held))
        key, epoch = taken.notification.key, taken.epoch
        if not isinstance(outcome, TryAgain) and shown < 3:
            outcome = replace(outcome, shown=frozenset(self.frozen[key][:shown]))
        lease = self.leases.get(key)
        ours = lease is not None and (lease.owner, lease.epoch) == (owner, epoch)
        begun = self.store.outbox.begin_attempt(owner, key, epoch, self.now)
        assert begun == (ours and lease is not None and self.now < lease.until)
        next_attempt = self.now + MINUTE if again else None
        assert self.store.outbox.record(owner, key, epoch, outcome, self.now, next_attempt) == ours
        if ours:
            del self.leases[key]
            if not isinstance(outcome, TryAgain):
                self.shown[key] |= set(self.frozen[key]) if outcome.shown is None else outcome.shown

    @rule(data=st.data(), drop=st.booleans())
    def decide(self, data: st.DataObject, drop: bool) -> None:
        if not self.frozen:
            return
        key = data.draw(st.sampled_from(sorted(self.frozen)))
        change = self.store.outbox.drop if drop else self.store.outbox.retry
        if change(key, self.now):
            lease = self.leases.pop(key, None)
            assert lease is None or lease.until <= self.now, "taken from under a living lease"

    @invariant()
    def every_delivery_is_in_one_state_and_all_are_there(self) -> None:
        if not hasattr(self, "store"):
            return
        alerts = self.store.alerts.newest(limit=10_000)
        lives = {one.id: self.store.alerts.deliveries(one.id) for one in alerts}
        stats = self.store.stats()
        assert sum(stats.deliveries.values()) == sum(map(len, lives.values()))
        assert sum(stats.alerts.values()) == len(alerts)
        for one in alerts:
            assert {str(life.channel) for life in lives[one.id]} == self.routed.get(one.id, set())
            assert all(life.reason and life.since <= self.now for life in lives[one.id])
            if one.state is AlertState.FOLDED:
                assert one.folded_into in lives
                assert not lives[one.id]

    @invariant()
    def deliveries_follow_their_notification(self) -> None:
        if not hasattr(self, "store"):
            return
        for one in self.store.outbox.newest(limit=10_000):
            for alert_id in self.belonging[one.key]:
                lives = [life for life in self.store.alerts.deliveries(alert_id) if life.notification == one.key]
                expected = DeliveryState.DELIVERED if alert_id in self.shown[one.key] else STATES[one.state]
                assert [life.state for life in lives] == [expected]

    @invariant()
    def keys_never_change_and_groups_send_one_at_a_time(self) -> None:
        if not hasattr(self, "store"):
            return
        notifications = self.store.outbox.newest(limit=10_000)
        assert {one.key: [told.id for told in one.alerts] for one in notifications} == self.frozen
        unfinished = [
            one.group.id for one in notifications if one.state in {NotificationState.READY, NotificationState.LEASED}
        ]
        assert len(unfinished) == len(set(unfinished))


Books.TestCase.settings = settings(
    max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestBooks = Books.TestCase
