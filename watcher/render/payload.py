"""The body of the generic webhook (docs/channels.md has the shape). Pure."""

from __future__ import annotations

from watcher.errors import NotifyReason
from watcher.model.alert import Alert, Evidence
from watcher.model.notification import Notification
from watcher.render.moments import iso
from watcher.render.plain import one_line, safe_link


def payload(notification: Notification) -> dict[str, object]:
    """JSON-ready, the same on every attempt: its time is when the notification was made."""
    data: dict[str, object] = {
        "receiver": notification.group.channel.receiver,
        "reason": notification.reason.value,
        "group": dict(notification.group.labels),
        "alerts": [_alert(alert) for alert in notification.alerts],
    }
    if notification.omitted:
        data["silenced" if notification.reason is NotifyReason.NOTHING else "omitted"] = notification.omitted
    return {"type": "alerts", "timestamp": iso(notification.created_at), "data": data}


def _alert(alert: Alert) -> dict[str, object]:
    entry = alert.entry
    return {
        "id": alert.id,
        "topic": alert.topic,
        "level": alert.level.value,
        "score": alert.score / 100,
        "focus": alert.focus / 100,
        "evidence": [_evidence(part) for part in alert.evidence],
        "entry": {
            "id": one_line(entry.id),
            "title": one_line(entry.title),
            "link": safe_link(entry.link),
            "published": iso(entry.published),
            "feed": {"url": alert.feed_url, "title": one_line(alert.feed_title)},
        },
        "story": {"id": alert.story, "sources": [one_line(name) for name in (alert.feed_title, *alert.sources)]},
    }


def _evidence(part: Evidence) -> dict[str, object]:
    return {
        "term": part.term,
        "field": part.field,
        "count": part.count,
        "points": part.points / 100,
        "text": one_line(part.text),
    }
