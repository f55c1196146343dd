"""How things are now, and what needs somebody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from watcher.model.notification import NotificationState, WaitingGroup
from watcher.model.route import DigestTiming, Route
from watcher.model.settings import Settings
from watcher.queries.silences import read_stories
from watcher.route.due import NEVER, next_slot
from watcher.route.limits import active_silences
from watcher.route.tree import routes_by_path
from watcher.schedule.health import feed_issues, lasting_issues
from watcher.store.records import NodeState
from watcher.store.store import Store
from watcher.views.attention import Attention, NextDigest

DAY = timedelta(days=1)
MOST_DEAD = 200
MOST_DIGESTS = 5
MOST_SILENCES = 8


def read_attention(store: Store, settings: Settings, now: datetime) -> Attention:
    """What the first page shows at its side."""
    counts, waiting = store.feeds.counts(now), store.groups.waiting()
    issues = feed_issues(store.feeds.with_issues(now), now)
    lasting = lasting_issues(issues, now)
    dead = store.outbox.newest(state=NotificationState.DEAD, limit=MOST_DEAD)
    dropped = store.outbox.dropped([one.key for one in dead])
    by_channel = Counter(one.group.channel for one in dead if one.key not in dropped)
    silences = tuple(active_silences(store.silences.ending_after(now), now))
    return Attention(
        feeds=counts.feeds,
        failing=counts.failing,
        is_running=is_running(store, now),
        entries_day=store.entries.count(now - DAY),
        last_entry_at=store.entries.last_seen(),
        polls_day=store.feeds.polls_since(now - DAY),
        digests=tuple(_digests(settings.route, waiting, now)),
        waiting=sum(group.count for group in waiting),
        held=tuple(store.holds.held()),
        issues=tuple(one for one in issues if one in lasting or one.failures),
        dead=tuple(sorted(by_channel.items(), key=str)),
        silences=silences,
        stories=read_stories(store, silences[:MOST_SILENCES]),
    )


def is_running(store: Store, now: datetime) -> bool:
    """Whether a daemon is there that does what pages ask for."""
    return any(node.state(now) is NodeState.ALIVE for node in store.nodes.all())


def _digests(root: Route | None, waiting: Sequence[WaitingGroup], now: datetime) -> Iterator[NextDigest]:
    """The next digest of each route that sends any, the soonest first."""
    routes = routes_by_path(root) if root else {}
    found = []
    for path, route in routes.items():
        if isinstance(route.timing, DigestTiming) and (at := next_slot(route.timing, now)) != NEVER:
            count = sum(group.count for group in waiting if group.key.route == path)
            found.append(NextDigest(route.receiver, at, count))
    soonest: dict[tuple[str, datetime], NextDigest] = {}
    for one in found:
        known = soonest.get((one.receiver, one.at))
        soonest[one.receiver, one.at] = NextDigest(one.receiver, one.at, one.waiting + (known.waiting if known else 0))
    yield from sorted(soonest.values(), key=lambda one: (one.at, one.receiver))[:MOST_DIGESTS]
