"""A notification about nothing, to try a channel or a template with. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from watcher.errors import NotifyReason
from watcher.model.alert import Alert, Evidence, alert_id
from watcher.model.entry import Entry
from watcher.model.notification import GroupKey, Notification, notification_key
from watcher.model.route import ChannelRef
from watcher.model.topic import Level

TITLE = "This channel works, and it was only a test"
BODY = "Nothing happened. Whoever reads this can be reached. The words that matched would be marked in a passage like this one."


def sample_notification(channel: ChannelRef, now: datetime) -> Notification:
    """Marked as a test in its subject and its lead; each moment gives another key, so that none is taken for a copy."""
    start, test = BODY.index("words"), TITLE.index("test")
    parts = (
        Evidence("test", "title", 1, 300, TITLE, ((test, test + 4),)),
        Evidence("word*", "lead", 1, 250, BODY, ((start, start + 5),)),
    )
    entry = Entry("test", "https://example.org/", TITLE, content=BODY, published=now - timedelta(minutes=5))
    name = alert_id("test", now.isoformat(), Level.FOCUS)
    labels = {"topic": "test", "level": Level.FOCUS.value, "score": "5.5"}
    alert = Alert(
        name, "test", "watcher", Level.FOCUS, 550, 500, parts, "test", entry, "https://example.org/feed", "Example feed",
        now, name, labels, created_at=now,
    )  # fmt: skip
    group = GroupKey("/", channel, {})
    return Notification(notification_key(group, [name]), group, NotifyReason.TEST, (alert,), now)
