"""Ten thousand alerts in a minute on a route with the budget 10 per hour: what leaves, when, and how fast.

    python bench/flood.py [ALERTS]

Runs on a SQLite store in a temporary folder and a clock that is told the time: alerts are saved as polls save them,
then routed, flushed, rendered, delivered to nobody and recorded, a round every ten seconds for two and a half hours.
Prints every message with its time, the fate of all deliveries (I5) and the seconds spent; the limits are ten messages
an hour, one of them the fold, every alert accounted for, and ten seconds for routing, flushing and rendering. Seconds
are those of this process's work, which other programs on the machine do not lengthen; those by the clock stand beside.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from watcher.deliver.mail_message import Email
from watcher.model.alert import Alert, Evidence, alert_id
from watcher.model.entry import Entry, EntryDecision, Identified
from watcher.model.notification import Delivered
from watcher.model.route import Budget, ChannelRef, GroupTiming, Receiver, Route
from watcher.model.story import AlertDecision, Verdict
from watcher.model.topic import Level
from watcher.notify.flusher import Early, Flusher
from watcher.render.message import render_message
from watcher.route.tree import route_alert
from watcher.store.records import PollRecord
from watcher.store.store import Store, open_store
from watcher.story.assign import StoryAssigner

START = datetime(2026, 1, 24, 12, tzinfo=UTC)
ROUND = timedelta(seconds=10)
ROUNDS = 900
FLOOD = timedelta(minutes=2)
LEASE = timedelta(minutes=2)
LIMIT_SECONDS = 10
FEED = "https://news.example/feed"
BUDGET = Budget(10, timedelta(hours=1))
CHANNEL = ChannelRef("desk", "email")
RECEIVERS = {"desk": Receiver("desk", {CHANNEL: Email(("desk@example.org",))})}
ROUTE = Route("/", "desk", GroupTiming(), ("topic", "story"), budget=BUDGET)
BODY = "After the shelling, dozens of detainees escaped from the prison while the guards fled towards the town. " * 3

spent: Counter[str] = Counter()
worked: Counter[str] = Counter()
"""Seconds by the clock, and seconds of this process's work: they part where the machine has others to serve."""


@contextmanager
def measured(name: str) -> Iterator[None]:
    began, worked_before = time.perf_counter(), time.process_time()
    yield
    spent[name] += time.perf_counter() - began
    worked[name] += time.process_time() - worked_before


def alert(number: int, now: datetime) -> Alert:
    title = f"Number {number}: guards fled as inmates escaped from a prison"
    parts = (
        Evidence("prison*", "title", 1, 300, title, ((len(title) - 6, len(title)),)),
        Evidence("prison*", "lead", 3, 200 + number % 700, BODY, ((56, 62),)),
    )
    score = sum(part.points for part in parts)
    entry = Entry(str(number), f"https://news.example/{number}", title, content=BODY, published=now)
    story = f"{number // 2:032x}"
    labels = {"topic": "detention", "level": "focus", "score": f"{score / 100:g}", "story": story}
    name = alert_id("detention", f"{number:032x}", Level.FOCUS)
    return Alert(
        name, "detention", "Detention facilities", Level.FOCUS, score, 400, parts, f"{number:032x}", entry,
        FEED, "Example News", now, story, labels, created_at=now,
    )  # fmt: skip


def save(store: Store, alerts: list[Alert], now: datetime) -> None:
    """What a poll that brings these alerts does."""
    (feed,) = store.polls.acquire_due("bench", now, now + LEASE, 1, force=True)
    new = tuple(Identified(one.entry_key, one.entry, one.entry_key, one.entry_key, one.entry_key) for one in alerts)
    state = replace(feed.state, next_poll_at=now + ROUND, last_polled_at=now, last_success_at=now)
    record = PollRecord(feed.epoch, state, "Example News", {}, EntryDecision(new=new), alerts=tuple(alerts))
    store.polls.save("bench", [record], now, lambda candidate, told: AlertDecision(Verdict.NOTIFY), StoryAssigner())


def notify(store: Store, now: datetime) -> list[str]:
    """One round of the second trip; a line for each message."""
    with measured("routing"):
        while alerts := store.routing.unrouted(500):
            store.routing.save([route_alert(ROUTE, RECEIVERS, one) for one in alerts], now)
    with measured("round"):
        made = Flusher({ROUTE.path: ROUTE}, store, now).flush(Early.NOTHING)
    for kind in (spent, worked):
        kind["flushing" if made or now - START < FLOOD else "idle rounds"] += kind.pop("round")
    lines = []
    for acquired in store.outbox.acquire("bench", now, now + LEASE, 100):
        told = acquired.notification
        with measured("rendering"):
            message = render_message(told, zone="UTC")
        store.outbox.begin_attempt("bench", told.key, acquired.epoch, now)
        store.outbox.record("bench", told.key, acquired.epoch, Delivered(), now, None)
        size = f"{len(told.alerts):>5} alerts and {told.omitted:>6,} counted"
        lines.append(f"  +{now - START}  {told.reason:<9} {size}  {message.subject}")
    return lines


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    arrivals: defaultdict[int, list[Alert]] = defaultdict(list)
    for number in range(count):
        arrivals[number * 6 // count].append(alert(number, START))
    with tempfile.TemporaryDirectory() as folder:
        store = open_store("sqlite:///flood.db", base=Path(folder))
        store.upgrade()
        store.feeds.sync([FEED], START)
        lines = []
        for number in range(ROUNDS):
            now = START + number * ROUND
            if arrivals[number]:
                with measured("saving"):
                    save(store, arrivals[number], now)
            lines += notify(store, now)
        fates = dict(store.stats().deliveries)
        store.close()
    print(f"{count:,} alerts in a minute, at most {BUDGET.max} messages an hour", *lines, sep="\n")
    print(f"deliveries: {fates}")
    print(", ".join(f"{name} {seconds:.2f} s ({worked[name]:.2f} s of work)" for name, seconds in spent.items()))
    seconds = worked["routing"] + worked["flushing"] + worked["rendering"]
    print(f"told in {seconds:.2f} s of work, {seconds + worked['saving']:.2f} s with the saving")
    finished = {state: number for state, number in fates.items() if number}
    if len(lines) > BUDGET.max + 1 or sum(finished.values()) != count or finished.keys() - {"delivered", "omitted"}:
        sys.exit("FAILED: too many messages, or alerts that are not accounted for")
    if seconds > LIMIT_SECONDS:
        sys.exit(f"FAILED: {seconds:.1f} s, the limit is {LIMIT_SECONDS} s")


if __name__ == "__main__":
    main()
