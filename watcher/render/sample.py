"""A notification about nothing, to try a channel or a template with. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from watcher.errors import NotifyReason
from watcher.model.alert import Alert, Evidence, alert_id
from watcher.model.entry import Entry
from watcher.model.notification import GroupKey, Notification, notification_key
from watcher.model.route import ChannelRef
from watcher.model.topic import Level

TITLE = "This channel works, and it was only a test"
BODY = (
    "Nothing happened. Whoever reads this can be reached. "
    "The words that matched would be marked in a passage like this one."
)


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
        name, "test", "watcher", Level.FOCUS, 550, 500, parts, "test", entry,
        "https://example.org/feed", "Example feed",
        now, name, labels, created_at=now,
    )  # fmt: skip
    group = GroupKey("/", channel, {})
    return Notification(notification_key(group, [name]), group, NotifyReason.TEST, (alert,), now)


AWKWARD = 'He said: "nothing\'s \\ lost" — {{7*7}} 100 % </b>\nسجن غويران'
"""A title and a passage that break JSON, markup and sentences where a template takes them as they are."""


def samples(channel: ChannelRef, now: datetime, *, may_be_empty: bool) -> Iterator[Notification]:
    """What a template has to cope with: one alert, two awkward ones without link and date, and perhaps none."""
    one = sample_notification(channel, now)
    yield one
    (alert,) = one.alerts
    entry = replace(alert.entry, title=AWKWARD, content=AWKWARD, link="", published=None)
    awkward = replace(
        alert, topic_title=AWKWARD, feed_title=AWKWARD, entry=entry, sources=(AWKWARD,),
        evidence=(Evidence("said", "lead", 1, 550, AWKWARD, ((3, 7),)),),
    )  # fmt: skip
    another = replace(awkward, id=alert_id("test", "another", Level.FOCUS), story="another")
    yield replace(one, alerts=(awkward, another), reason=NotifyReason.DIGEST, omitted=3)
    if may_be_empty:
        yield replace(one, alerts=(), reason=NotifyReason.NOTHING)
