"""A frozen notification made readable, with what the store adds to a digest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import structlog

from watcher.errors import NotifyReason
from watcher.model.notification import Message, Notification
from watcher.model.route import Route
from watcher.render.digest_context import BAR_DAYS, DigestContext, daily_counts, feed_notes
from watcher.render.message import render_message
from watcher.render.user_templates import UserTemplates
from watcher.route.tree import rank_of, zone_of
from watcher.schedule.health import feed_issues, lasting_issues
from watcher.store.interface import Store

log = structlog.get_logger()

_DIGESTS = (NotifyReason.DIGEST, NotifyReason.NOTHING)


def compose_message(
    notification: Notification, routes: Mapping[str, Route], templates: UserTemplates | None, store: Store
) -> Message:
    """The message of a notification. What it tells of alerts is the same on every attempt; the footnote about feeds
    says how they fare now.
    """
    zone = zone_of(routes, notification.group.route)
    around = _surroundings(notification, zone, store) if notification.reason in _DIGESTS else None
    rank = rank_of(routes, notification.group.route)
    message = render_message(notification, zone=zone, surroundings=around, templates=templates, rank=rank)
    for problem in message.problems:
        log.warning("template.failed", channel=str(notification.group.channel), problem=problem)
    return message


def _surroundings(notification: Notification, zone: str, store: Store) -> DigestContext:
    made_at = notification.created_at
    issues = lasting_issues(feed_issues(store.feeds_with_issues(made_at), made_at), made_at)
    told = store.told_alerts(made_at - timedelta(days=BAR_DAYS), made_at)
    return DigestContext(daily_counts(told, zone, made_at), feed_notes(issues, zone))
