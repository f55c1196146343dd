"""Ten thousand alerts in a minute on a route with the budget 10 per hour: what leaves, when, and how fast.

    python bench/flood.py [ALERTS]

Plays the decisions of routing, budget and rendering on books kept in memory (the store is measured by its own
benchmark), a tick a second for two hours and a half, and checks that every alert is in exactly one message, shown or
counted. Prints the messages by hour and the seconds that routing, deciding and rendering took.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from watcher.errors import NotifyReason
from watcher.model.alert import Alert, Evidence, alert_id
from watcher.model.entry import Entry
from watcher.model.notification import (
    BudgetUse,
    GroupKey,
    HeldGroup,
    HoldReason,
    Notification,
    WaitingGroup,
    notification_key,
)
from watcher.model.route import Budget, ChannelRef, Email, Promptly, Receiver, Route
from watcher.model.topic import Level
from watcher.render.message import render_message
from watcher.route.due import is_ripe
from watcher.route.flush import Aside, Release, plan_groups, plan_release
from watcher.route.tree import route_alert

START = datetime(2026, 1, 24, 12, tzinfo=UTC)
BUDGET = Budget(10, timedelta(hours=1))
CHANNEL = ChannelRef("desk", "email")
RECEIVERS = {"desk": Receiver("desk", {CHANNEL: Email(("desk@example.org",))})}
ROUTE = Route("/", "desk", Promptly(), ("topic", "story"), budget=BUDGET)
SHOWN = 100
BODY = "After the shelling, dozens of detainees escaped from the prison while the guards fled towards the town. " * 3


def alert(number: int, now: datetime) -> Alert:
    title = f"Number {number}: guards fled as inmates escaped from a prison"
    parts = (Evidence("prison*", "title", 1, 300, title, ((50, 56),)), Evidence("prison*", "lead", 3, 200 + number % 700, BODY, ((56, 62),)))  # fmt: skip
    entry = Entry(str(number), f"https://news.example/{number}", title, content=BODY, published=now)
    name, story = alert_id("detention", str(number), Level.FOCUS), f"story-{number // 2}"
    labels = {"topic": "detention", "level": "focus", "story": story}
    score = sum(part.points for part in parts)
    return Alert(name, "detention", "Detention facilities", Level.FOCUS, score, 400, parts, str(number), entry,
                 "https://news.example/feed", "News", now, story, labels, created_at=now)  # fmt: skip


@dataclass
class Books:
    """What the store would keep."""

    waiting: dict[str, tuple[GroupKey, list[tuple[datetime, Alert]]]] = field(default_factory=dict)
    held: list[Alert] = field(default_factory=list)
    held_until: datetime = START
    notifications: list[Notification] = field(default_factory=list)
    fates: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def use(self) -> BudgetUse:
        return BudgetUse(0, tuple(one.created_at for one in self.notifications))

    def groups(self) -> list[WaitingGroup]:
        return [
            WaitingGroup(key, items[0][0], None, len(items), max(one.score for _, one in items), False)
            for key, items in self.waiting.values()
        ]

    def hold(self, aside: Aside) -> None:
        self.held_until = aside.until
        for group in aside.groups:
            self.held += [one for _, one in self.waiting.pop(group.key.id)[1]]

    def freeze(self, key: GroupKey, alerts: list[Alert], reason: NotifyReason, now: datetime) -> None:
        best = sorted(alerts, key=lambda one: (-one.score, one.id))
        shown, folded = best[:SHOWN], best[SHOWN:]
        name = notification_key(key, [one.id for one in shown])
        self.notifications.append(Notification(name, key, reason, tuple(shown), now, omitted=len(folded)))
        for one in shown:
            self.fates[one.id].append("shown")
        for one in folded:
            self.fates[one.id].append("folded")


def tick(books: Books, now: datetime) -> None:
    if books.held and books.held_until <= now:
        best = max(one.score for one in books.held)
        held = HeldGroup(ROUTE.path, CHANNEL, HoldReason.BUDGET, books.held_until, len(books.held), best)
        decision = plan_release(ROUTE, held, books.use(), now)
        if isinstance(decision, Release):
            books.freeze(held.key, books.held, decision.reason, now)
            books.held = []
        else:
            books.held_until = decision.until
    ripe = [group for group in books.groups() if is_ripe(ROUTE.timing, group, now)]
    plan = plan_groups(ROUTE, ripe, books.use(), now)
    for aside in plan.aside:
        books.hold(aside)
    for group in plan.tell:
        books.freeze(group.key, [one for _, one in books.waiting.pop(group.key.id)[1]], NotifyReason.FIRST, now)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    books, spent = Books(), 0.0
    arrivals: defaultdict[int, list[Alert]] = defaultdict(list)
    for number in range(count):
        second = number * 60 // count
        arrivals[second].append(alert(number, START + timedelta(seconds=second)))
    for second in range(9_000):
        now = START + timedelta(seconds=second)
        began = time.perf_counter()
        for one in arrivals[second]:
            for delivery in route_alert(ROUTE, RECEIVERS, one).deliveries:
                books.waiting.setdefault(delivery.group.id, (delivery.group, []))[1].append((now, one))
        tick(books, now)
        spent += time.perf_counter() - began
    began = time.perf_counter()
    messages = [render_message(one, zone="UTC") for one in books.notifications]
    rendering = time.perf_counter() - began
    print(f"{count:,} alerts in a minute, budget {BUDGET.max} per hour")
    for notification, message in zip(books.notifications, messages, strict=True):
        at = notification.created_at - START
        print(
            f"  +{at}  {notification.reason:<9} {len(notification.alerts):>4} alerts, {notification.omitted:>6,} counted  {message.subject}"
        )
    once = sum(1 for fate in books.fates.values() if len(fate) == 1)
    print(f"accounted for exactly once: {once:,} of {count:,}")
    print(f"routing and deciding {spent:.2f} s, rendering {rendering:.2f} s")
    if once != count or len(messages) > BUDGET.max + 1:
        sys.exit("FAILED")


if __name__ == "__main__":
    main()
