"""From a frozen notification to the message that a channel sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from watcher.errors import NotifyReason
from watcher.model.alert_link import AlertLinks
from watcher.model.feed import FeedIssue, FeedIssueKind
from watcher.model.notification import Message, Notification
from watcher.model.route import Route
from watcher.render.digest_context import (
    BAR_DAYS,
    DigestContext,
    HeldAlerts,
    ReadCounts,
    SilencedAlerts,
    daily_counts,
    feed_notes,
)
from watcher.render.message import render_message
from watcher.render.user_templates import UserTemplates
from watcher.route.tree import rank_of, zone_of
from watcher.schedule.health import feed_issues, lasting_issues
from watcher.store.store import Store

log = structlog.get_logger()

_DIGESTS = (NotifyReason.DIGEST, NotifyReason.NOTHING)


def digest_context(notification: Notification, routes: Mapping[str, Route], store: Store) -> DigestContext | None:
    """What a digest shows beside its alerts; None for other messages. Reads the store.

    An exception here costs the digest its footnote, never the digest.
    """
    if notification.reason not in _DIGESTS:
        return None
    try:
        return _context(notification, zone_of(routes, notification.group.route), store)
    except Exception:
        log.exception("digest.context_failed", notification=notification.key, remedy="the digest has no footnote")
        return None


def _context(notification: Notification, zone: str, store: Store) -> DigestContext:
    made_at, group = notification.created_at, notification.group
    previous = store.digest_facts.previous_at(group, made_at)
    since = made_at - timedelta(days=1) if previous is None else previous + timedelta(microseconds=1)
    feeds, answered = store.digest_facts.feeds_read(made_at - timedelta(days=1))
    return DigestContext(
        history=daily_counts(store.alerts.volume(made_at - timedelta(days=BAR_DAYS), made_at), zone, made_at),
        feed_notes=feed_notes(_shown_issues(store, made_at), zone),
        silenced=_silenced(notification, previous, store),
        held=tuple(
            HeldAlerts(one.count, one.reason, one.until) for one in store.holds.held() if one.channel == group.channel
        ),
        read=ReadCounts(feeds, answered, store.entries.count(since)),
    )


def _shown_issues(store: Store, now: datetime) -> list[FeedIssue]:
    """Issues that last, and feeds that fail now, from the first failure on."""
    issues = feed_issues(store.feeds.with_issues(now), now)
    lasting = lasting_issues(issues, now)
    return [one for one in issues if one in lasting or one.kind in {FeedIssueKind.GONE, FeedIssueKind.FAILING}]


def _silenced(notification: Notification, previous: datetime | None, store: Store) -> tuple[SilencedAlerts, ...]:
    """What silences took out of the digest, and whose they were; one that ended long ago has no author here."""
    made_at = notification.created_at
    counts = store.digest_facts.silenced(notification.group, previous, made_at)
    if not counts:
        return ()
    known = {one.id[:8]: one for one in store.silences.ending_after(previous or made_at - timedelta(days=30))}
    return tuple(
        SilencedAlerts(count, silence.author, silence.comment, silence.ends_at)
        if silence
        else SilencedAlerts(count, "")
        for name, count in counts.items()
        for silence in (known.get(name),)
    )


def compose_message(
    notification: Notification,
    routes: Mapping[str, Route],
    templates: UserTemplates | None,
    context: DigestContext | None,
    links: AlertLinks | None = None,
) -> Message:
    """The message of a notification: its alerts are the same on every attempt, the footnote about feeds is current.

    An alert that cannot be rendered is left out and counted as omitted; the others go out. Blocks while a template of
    the user runs. Raises what rendering raises when no alert can be rendered.
    """
    page_of = links.page_of(notification.group.channel, notification.created_at) if links else None
    zone, rank = zone_of(routes, notification.group.route), rank_of(routes, notification.group.route)

    def rendered(one: Notification, own: UserTemplates | None) -> Message:
        return render_message(one, zone=zone, context=context, templates=own, rank=rank, page_of=page_of)

    def is_rendered(one: Notification) -> bool:
        try:
            rendered(one, None)
        except Exception:  # noqa: BLE001 - logged once, for all of them
            return False
        return True

    try:
        message = rendered(notification, templates)
    except Exception:
        good = tuple(alert for alert in notification.alerts if is_rendered(replace(notification, alerts=(alert,))))
        bad = [alert.id for alert in notification.alerts if alert.id not in {one.id for one in good}]
        if not good or not bad:
            raise
        remedy = "they are left out of the message; `watcher alerts show ID` shows them"
        log.exception("alerts.not_rendered", alerts=bad, notification=notification.key, remedy=remedy)
        rest = replace(notification, alerts=good, omitted=notification.omitted + len(bad))
        message = rendered(rest, templates)
    if message.unrendered:
        remedy = "they are left out of the message; `watcher alerts show ID` shows them"
        log.error("alerts.not_rendered", alerts=message.unrendered, notification=notification.key, remedy=remedy)
    for problem in message.problems:
        log.warning("template.failed", channel=str(notification.group.channel), problem=problem)
    if links is not None:
        page = links.message_page(notification.key, notification.group.channel, notification.created_at)
        message = replace(message, page=page)
    return message
