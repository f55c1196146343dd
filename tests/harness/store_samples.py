"""Values for the tests of the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from watcher.errors import NotifyReason
from watcher.model.alert import Alert, EarlierAlert, Evidence, alert_id, stable_hash
from watcher.model.entry import Entry, EntryDecision, Identified
from watcher.model.feed import AcquiredFeed, Validators
from watcher.model.notification import Delivery, GroupKey, Notification, Routed
from watcher.model.route import ChannelRef
from watcher.model.settings import Retention
from watcher.model.story import AlertDecider, AlertDecision, Verdict
from watcher.model.topic import Level
from watcher.store.records import PollRecord, PollSaved
from watcher.store.store import Store
from watcher.story.assign import StoryAssigner

NOW = datetime(2026, 11, 23, 8, 0, 0, 123_456, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

FEED = "https://feeds.example.org/a.xml"
MAIL = ChannelRef("desk", "email", 0)
CHAT = ChannelRef("chat", "slack", 0)
DIGEST = GroupKey("/", MAIL, {})
PROMPT = GroupKey("/0", CHAT, {"topic": "ceasefires"})

ASSIGNER = StoryAssigner()


def kept(entries: timedelta, messages: timedelta | None = None, **others: Any) -> Retention:
    """Retention where entries without an alert are kept as long as all, and messages too unless given."""
    return Retention(**{"entries": entries, "unmatched": entries, "messages": messages or entries} | others)


def notify_all(alert: Alert, before: Sequence[EarlierAlert]) -> AlertDecision:
    """Folds nothing."""
    return AlertDecision(Verdict.NOTIFY)


def fold_copies(alert: Alert, before: Sequence[EarlierAlert]) -> AlertDecision:
    """Folds everything after the first alert."""
    return AlertDecision(Verdict.FOLD, before[0].id) if before else AlertDecision(Verdict.NOTIFY)


def identified(name: str, *, url: str = FEED, text: str = "text") -> Identified:
    """An entry called `name`, with everything it is remembered by."""
    return Identified(
        key=stable_hash(url, name),
        entry=Entry(id=name, link=f"https://example.org/{name}", title=f"Title {name}", content=text, published=NOW),
        link_hash=stable_hash("link", name),
        title_fingerprint=stable_hash("title", name),
        text_fingerprint=stable_hash("text", text),
    )


def alert(
    name: str,
    *,
    url: str = FEED,
    topic: str = "ceasefires",
    level: Level = Level.FOCUS,
    score: int = 740,
    story: str = "",
    title: str = "Example News",
) -> Alert:
    """An alert for the entry called `name`."""
    entry = identified(name, url=url)
    return Alert(
        id=alert_id(topic, entry.key, level),
        topic=topic,
        topic_title="Ceasefires",
        level=level,
        score=score,
        focus=500,
        evidence=(Evidence("ceasefire*", "title", 1, score, "a ceasefire holds", ((2, 11),)),),
        entry_key=entry.key,
        entry=entry.entry,
        feed_url=url,
        feed_title=title,
        first_seen=NOW,
        story=story or stable_hash("story", name),
        labels={"topic": topic, "level": level.value},
    )


def poll(feed: AcquiredFeed, now: datetime = NOW, **changes: object) -> PollRecord:
    """A successful poll of a feed under lease; `changes` go into the record."""
    state = replace(
        feed.state,
        next_poll_at=now + HOUR,
        last_polled_at=now,
        last_success_at=now,
        validators=Validators('W/"1"', None),
    )
    return replace(PollRecord(feed.epoch, state, "Example News", {"region": "mena"}), **changes)  # type: ignore[arg-type]


def acquire_one(store: Store, url: str = FEED, now: datetime = NOW, owner: str = "me") -> AcquiredFeed:
    """The feed under a lease of `owner`, known to the store or not."""
    store.feeds.sync({url, *(state.url for state in store.feeds.states())}, now)
    return next(
        feed for feed in store.polls.acquire_due(owner, now, now + MINUTE, 100, force=True) if feed.state.url == url
    )


def save_alerts(store: Store, *alerts: Alert, now: datetime = NOW, decide: AlertDecider = notify_all) -> PollSaved:
    """Saves a poll of FEED that brings these alerts."""
    feed = acquire_one(store, now=now)
    record = poll(feed, now, decision=EntryDecision(new=tuple(_of(one) for one in alerts)), alerts=alerts)
    return store.polls.save("me", [record], now, decide, ASSIGNER)[0]


def _of(one: Alert) -> Identified:
    return replace(identified(one.entry.id, url=one.feed_url), entry=one.entry)


def route_to(*groups: GroupKey, alerts: Sequence[Alert]) -> list[Routed]:
    """Routing of each alert to all groups."""
    return [Routed(one.id, tuple(Delivery(one.id, group) for group in groups)) for one in alerts]


def frozen(store: Store, *alerts: Alert, group: GroupKey = DIGEST, now: datetime = NOW) -> Notification:
    """A notification of these alerts, which are new to the store."""
    save_alerts(store, *alerts, now=now)
    store.routing.save(route_to(group, alerts=alerts), now)
    notification = store.groups.freeze(group, NotifyReason.DIGEST, now, 100)
    assert notification is not None
    return notification
