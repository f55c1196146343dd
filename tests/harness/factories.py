"""Alerts and notifications for the tests of the rooms that route, render and deliver them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from watcher.errors import NotifyReason
from watcher.model.alert import Alert, Evidence, alert_id
from watcher.model.entry import Entry
from watcher.model.notification import GroupKey, Notification, notification_key
from watcher.model.route import ChannelRef
from watcher.model.topic import Level

NOW = datetime(2026, 1, 24, 4, 0, tzinfo=UTC)
"""Seven o'clock in Istanbul."""

TITLE = "Guards fled as inmates escaped from a prison in Hasakah"
BODY = "After the shelling, dozens of detainees escaped from the prison while the guards fled towards the town."


def marked(field: str, text: str, words: str, points: int, term: str = "prison*") -> Evidence:
    """Evidence with every occurrence of the words marked."""
    places = tuple(found.span() for found in re.finditer(words, text))
    return Evidence(term, field, max(len(places), 1), points, text, places)


def alert(
    title: str = TITLE,
    *,
    topic: str = "detention-facilities",
    topic_title: str = "Detention facilities",
    body: str = BODY,
    score: int = 740,
    level: Level = Level.FOCUS,
    link: str = "https://news.example/a?b=1&c=2",
    feed: str = "UN News",
    story: str = "",
    sources: Sequence[str] = (),
    published: datetime | None = NOW - timedelta(hours=3),
    labels: Mapping[str, str] | None = None,
    name: str = "1",
) -> Alert:
    """An alert that is complete; `name` makes its id."""
    in_title = marked("title", title, r"prison|سجن", 300)
    in_body = marked("lead", body, r"prison|escaped|سجن", score - 300)
    entry = Entry(id=name, link=link, title=title, content=body, published=published)
    return Alert(
        id=alert_id(topic, name, level),
        topic=topic,
        topic_title=topic_title,
        level=level,
        score=score,
        focus=500,
        evidence=(in_title, in_body),
        entry_key=name,
        entry=entry,
        feed_url="https://news.example/feed",
        feed_title=feed,
        first_seen=NOW - timedelta(hours=2),
        story=story or f"story-{name}",
        labels={"topic": topic, "level": level.value, "score": f"{score / 100:g}", **(labels or {})},
        sources=tuple(sources),
    )


def notification(
    *alerts: Alert,
    reason: NotifyReason = NotifyReason.DIGEST,
    channel: ChannelRef | None = None,
    labels: Mapping[str, str] | None = None,
    omitted: int = 0,
    accepted: tuple[str, ...] = (),
    created_at: datetime = NOW,
) -> Notification:
    """A frozen notification of these alerts, of one alert if none is given."""
    alerts = alerts or (alert(),)
    group = GroupKey("/0", channel or ChannelRef("desk", "email"), labels or {})
    key = notification_key(group, [one.id for one in alerts])
    return Notification(key, group, reason, alerts, created_at, omitted=omitted, accepted=accepted)
