"""How watcher is doing, as the store knows it."""

from __future__ import annotations

from datetime import datetime, timedelta

from watcher.errors import NotifyReason
from watcher.model.notification import NotificationState
from watcher.schedule.health import feed_issues
from watcher.store.store import Store
from watcher.views.status import Status, StatusFacts, status_of

MOST_MESSAGES = 1_000
DAY = timedelta(days=1)


def read_status(store: Store, now: datetime) -> Status:
    """The status at `now`, and what needs the operator."""
    dead = store.outbox.newest(state=NotificationState.DEAD, limit=MOST_MESSAGES)
    facts = StatusFacts(
        counts=store.counts(),
        feeds=store.feeds.counts(now),
        issues=feed_issues(store.feeds.with_issues(now), now),
        nodes=store.nodes.all(),
        waiting=store.groups.waiting(),
        held=store.holds.held(),
        ready=store.outbox.newest(state=NotificationState.READY, limit=MOST_MESSAGES),
        dead=dead,
        dropped=store.outbox.dropped([one.key for one in dead]),
        last_digest=store.outbox.last_sent(NotifyReason.DIGEST),
        pauses=store.outbox.pauses(now),
        entries_day=store.entries.count(now - DAY),
        last_entry_at=store.entries.last_seen(),
        polls_day=store.feeds.polls_since(now - DAY),
    )
    return status_of(facts, now)
