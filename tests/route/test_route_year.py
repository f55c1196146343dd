"""A year of alerts on a fake clock in four zones: when each message leaves, and that none is lost or doubled.

The small model below keeps in memory what the store keeps; every decision is that of the product.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.harness.factories import alert
from watcher.errors import NotifyReason
from watcher.model.alert import Alert
from watcher.model.notification import BudgetUse, GroupKey, HeldGroup, HoldReason, WaitingGroup
from watcher.model.route import Budget, ChannelRef, DigestTiming, GroupTiming, Hold, Route
from watcher.route.due import is_ripe
from watcher.route.release_policy import Release, decide_alerts, decide_groups, decide_release
from watcher.route.tree import group_of

CHANNEL = ChannelRef("chat", "slack")
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
TICK = timedelta(minutes=30)
BUDGET = Budget(2, timedelta(hours=3))
LOUD = 1200


@dataclass
class Sent:
    at: datetime
    reason: NotifyReason
    alerts: list[Alert]


@dataclass
class Model:
    """The books of one route."""

    route: Route
    waiting: dict[str, tuple[GroupKey, list[tuple[datetime, Alert]]]] = field(default_factory=dict)
    held: dict[HoldReason, list[tuple[datetime, Alert]]] = field(default_factory=dict)
    flushed: dict[str, datetime] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)

    def put(self, new: Alert, now: datetime) -> None:
        key = group_of(self.route, CHANNEL, new.labels)
        self.waiting.setdefault(key.id, (key, []))[1].append((now, new))

    def tick(self, now: datetime) -> None:
        for reason in list(self.held):
            self._release(reason, now)
        ripe = [group for group in self._groups() if is_ripe(self.route.timing, group, now)]
        decision = decide_groups(self.route, ripe, self._use(), now)
        for held in decision.hold:
            for group in held.groups:
                self._hold(group.key, {one.id for one in self._alerts(group.key)}, held.reason, held.until)
        for group in decision.send:
            behind = decide_alerts(self.route, self._alerts(group.key), now)
            if behind:
                self._hold(group.key, set(behind.alert_ids), HoldReason.QUIET_HOURS, behind.until)
            is_digest = isinstance(self.route.timing, DigestTiming)
            self._send(self._alerts(group.key), NotifyReason.DIGEST if is_digest else NotifyReason.FIRST, now)
            del self.waiting[group.key.id]
            self.flushed[group.key.id] = now

    def _release(self, reason: HoldReason, now: datetime) -> None:
        items = self.held[reason]
        until = max(moment for moment, _ in items)
        best = max(one.score for _, one in items)
        if until > now:
            return
        decision = decide_release(
            self.route, HeldGroup(self.route.path, CHANNEL, reason, until, len(items), best), self._use(), now
        )
        if isinstance(decision, Release):
            self._send([one for _, one in self.held.pop(reason)], decision.reason, now)
        else:
            self.held[reason] = [(decision.until, one) for _, one in items]

    def _groups(self) -> list[WaitingGroup]:
        return [
            WaitingGroup(
                key,
                min(moment for moment, _ in items),
                self.flushed.get(key.id),
                len(items),
                max(one.score for _, one in items),
                False,
            )
            for key, items in self.waiting.values()
        ]

    def _use(self) -> BudgetUse:
        return BudgetUse(0, tuple(sent.at for sent in self.sent[-50:]))

    def _alerts(self, key: GroupKey) -> list[Alert]:
        return [one for _, one in self.waiting[key.id][1]]

    def _hold(self, key: GroupKey, ids: set[str], reason: HoldReason, until: datetime) -> None:
        _, items = self.waiting[key.id]
        behind = [one for _, one in items if one.id in ids]
        self.held.setdefault(reason, []).extend((until, one) for one in behind)
        items[:] = [(moment, one) for moment, one in items if one.id not in ids]
        if not items:
            del self.waiting[key.id]

    def _send(self, alerts: list[Alert], reason: NotifyReason, now: datetime) -> None:
        self.sent.append(Sent(now, reason, alerts))


def prompt(zone: str) -> Route:
    hold = Hold(((time(22), time(6)),), zone, LOUD)
    return Route(
        "/0", "chat", GroupTiming(timedelta(seconds=30), timedelta(minutes=5)), ("topic",), (), False, hold, BUDGET
    )


def digest(zone: str) -> Route:
    return Route("/1", "chat", DigestTiming((time(2, 30), time(7)), zone), ())


def year(zone: str, offset: timedelta = timedelta(0)) -> Iterator[datetime]:
    moment = datetime(2026, 1, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC) + offset
    end = moment + timedelta(days=367)
    while moment < end:
        yield moment
        moment += TICK


def play(model: Model, ticks: Iterator[datetime], seed: int) -> list[Alert]:
    """Alerts at random moments, now and then thirty at once; then three quiet days in which all must leave."""
    chance = random.Random(seed)
    made: list[Alert] = []
    days_left = timedelta(days=3)
    moments = list(ticks)
    for now in moments:
        if now < moments[-1] - days_left and chance.random() < 0.08:
            for _ in range(30 if chance.random() < 0.03 else 1):
                made.append(
                    alert(name=str(len(made)), topic=chance.choice("abc"), score=chance.choice([600, 900, 1500]))
                )
                model.put(made[-1], now - timedelta(seconds=chance.randrange(60, 1800)))
        model.tick(now)
    return made


@pytest.mark.parametrize("zone", ZONES)
def test_a_year_of_prompt_messages(zone: str) -> None:
    model = Model(prompt(zone))
    given = play(model, year(zone), seed=1)
    made = Counter(one.id for sent in model.sent for one in sent.alerts)
    assert made == Counter(one.id for one in given)
    for sent in model.sent:
        local = sent.at.astimezone(ZoneInfo(zone)).time()
        if local >= time(22) or local < time(6):
            assert max(one.score for one in sent.alerts) >= LOUD
            assert sent.reason is NotifyReason.OVERFLOW or min(one.score for one in sent.alerts) >= LOUD
        recent = [other for other in model.sent if sent.at - BUDGET.per < other.at <= sent.at]
        assert len(recent) <= BUDGET.max
    mornings = [sent for sent in model.sent if sent.reason is NotifyReason.RELEASED]
    at_six = [sent for sent in mornings if sent.at.astimezone(ZoneInfo(zone)).time() == time(6)]
    assert len(mornings) > 100
    assert len(at_six) > 0.9 * len(mornings)
    assert any(sent.reason is NotifyReason.OVERFLOW for sent in model.sent)


@pytest.mark.parametrize("zone", ZONES)
def test_a_year_of_digests(zone: str) -> None:
    model = Model(digest(zone))
    given = play(model, year(zone), seed=2)
    assert Counter(one.id for sent in model.sent for one in sent.alerts) == Counter(one.id for one in given)
    locals_ = [sent.at.astimezone(ZoneInfo(zone)) for sent in model.sent]
    assert {moment.time() for moment in locals_} <= {time(2, 30), time(7), time(3, 30), time(3)}
    odd = [moment for moment in locals_ if moment.time() not in {time(2, 30), time(7)}]
    assert len(odd) <= 1
    assert all(moment.fold == 0 for moment in locals_)


def test_a_clock_that_jumps_back_and_forth_loses_and_doubles_nothing() -> None:
    zone = "Europe/Berlin"
    calm = list(year(zone))[:4000]
    jumpy = [*calm[:800], *calm[1500:1900], *calm[700:3000], *calm[500:700], *calm[3000:]]
    for model in (Model(prompt(zone)), Model(digest(zone))):
        given = play(model, iter(jumpy), seed=3)
        assert Counter(one.id for sent in model.sent for one in sent.alerts) == Counter(one.id for one in given)
