"""What an outgoing feed lists: the newest stories of all topics, of one, or of what one route has sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from watcher.lazy_dataclass import dataclass
from watcher.model.alert import Alert
from watcher.model.topic import Level
from watcher.render.item import Line, lines_of
from watcher.store.records import AlertFilter
from watcher.store.store import Store

LISTED = 50
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OutgoingStory:
    """One story. `updated` is when a further report joined it; of a route, when it was sent."""

    alert: Alert
    line: Line
    updated: datetime


def read_topic_stories(
    store: Store, topic: str | None, level: Level | None, zone: str, now: datetime
) -> tuple[OutgoingStory, ...]:
    """The newest stories of a topic, or of all topics, the newest first."""
    alerts = store.alerts.matching(AlertFilter(topic=topic, level=level, folded=False), LISTED)
    joined = store.alerts.last_joined([alert.id for alert in alerts])
    return _stories([(one, joined.get(one.id, one.created_at or one.first_seen)) for one in alerts], zone, now)


def read_route_stories(
    store: Store, route: str, level: Level | None, zone: str, now: datetime
) -> tuple[OutgoingStory, ...]:
    """The newest stories that messages of a route have shown, as they were sent, the newest first."""
    found: dict[str, tuple[Alert, datetime]] = {}
    for notification, sent_at in store.outbox.sent_by(route, LISTED):
        for alert in notification.alerts:
            if level in (None, alert.level):
                found.setdefault(alert.id, (alert, sent_at))
    return _stories(list(found.values())[:LISTED], zone, now)


def _stories(alerts: Sequence[tuple[Alert, datetime]], zone: str, now: datetime) -> tuple[OutgoingStory, ...]:
    """Alerts on one story of a topic are one line: the entry of the feed that was there first keeps its name."""
    by_id = {alert.id: (alert, updated) for alert, updated in alerts}
    lines, _ = lines_of([alert for alert, _ in alerts], zone, now)
    stories = []
    for line in lines:
        alert = min((by_id[one][0] for one in line.ids), key=lambda one: (one.created_at or NEVER, one.id))
        stories.append(OutgoingStory(alert, line, max(by_id[one][1] for one in line.ids)))
    return tuple(sorted(stories, key=lambda one: (one.updated, one.alert.id), reverse=True))
