"""The next digests, rendered without sending them: nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum

from watcher.errors import NotifyReason
from watcher.lazy_dataclass import dataclass
from watcher.model.alert import Alert
from watcher.model.notification import EmptySlot, GroupKey, Notification, notification_key
from watcher.model.route import DigestTiming, Route
from watcher.notify.compose import compose_message, digest_context
from watcher.notify.flusher import SHOWN
from watcher.render.sample import sample_notification
from watcher.render.user_templates import user_templates
from watcher.route.empty import empty_slots
from watcher.route.tree import route_alert, routes_by_path
from watcher.service.load import CompiledConfig
from watcher.store.store import Store

Digest = tuple[GroupKey, list[Alert]]


class PreviewSource(StrEnum):
    """What the previews show."""

    WAITING = "waiting"
    RECENT = "recent"
    SAMPLE = "sample"


@dataclass(frozen=True, slots=True)
class Previews:
    """Contents by file name, in the order of the digests."""

    files: Mapping[str, str]
    source: PreviewSource


def render_previews(compiled: CompiledConfig, store: Store, recent: int) -> Previews:
    """What each digest would say now, as HTML and text.

    Shows the alerts that wait for a digest; without any, the `recent` newest alerts, and digests that are sent even
    when empty. Without any of these, a sample for each channel that gets digests (for all channels when none does).
    Raises `LookupError` for a configuration without a route.
    """
    root = compiled.settings.route
    if root is None:
        raise LookupError("a configuration without a route has no digests")
    routes = routes_by_path(root)
    empty = empty_slots(routes, compiled.settings.receivers, datetime.now(UTC), at_once=True)
    source, digests = PreviewSource.WAITING, _waiting(compiled, root, store)
    if not digests:
        digests = _routed(compiled, root, store.alerts.newest(limit=recent))
        source = PreviewSource.RECENT if digests else PreviewSource.WAITING
    notifications = [_notification(*digest) for digest in digests]
    if not notifications and not empty:
        source, notifications = PreviewSource.SAMPLE, _samples(compiled, routes)
    files: dict[str, str] = {}
    for number, notification in enumerate([*notifications, *map(_empty, empty)], 1):
        context = digest_context(notification, routes, store)
        message = compose_message(notification, routes, user_templates(compiled.settings), context)
        channel = notification.group.channel
        stem = f"{number}-{channel.receiver}-{channel.kind}{'' if notification.alerts else '-nothing'}"
        files[f"{stem}.html"] = message.html
        files[f"{stem}.txt"] = f"Subject: {message.subject}\n\n{message.text}"
    return Previews(files, source)


def _samples(compiled: CompiledConfig, routes: Mapping[str, Route]) -> list[Notification]:
    """A sample for each channel that gets digests, or for all of them."""
    receivers = compiled.settings.receivers
    digests = {route.receiver for route in routes.values() if isinstance(route.timing, DigestTiming)}
    now = datetime.now(UTC)
    return [
        sample_notification(channel, now)
        for name, receiver in receivers.items()
        for channel in receiver.channels
        if name in digests or not digests
    ]


def _waiting(compiled: CompiledConfig, root: Route, store: Store) -> list[Digest]:
    """What waits for a digest, with what was not routed yet."""
    routes = routes_by_path(root)
    waiting = {
        group.key.id: (group.key, store.groups.waiting_alerts(group.key, SHOWN))
        for group in store.groups.waiting()
        if group.key.route in routes and isinstance(routes[group.key.route].timing, DigestTiming)
    }
    for group, alerts in _routed(compiled, root, store.routing.unrouted(SHOWN)):
        waiting.setdefault(group.id, (group, []))[1].extend(alerts)
    return list(waiting.values())


def _routed(compiled: CompiledConfig, root: Route, alerts: list[Alert]) -> list[Digest]:
    """The digests that would contain these alerts."""
    routes = routes_by_path(root)
    groups: dict[str, Digest] = {}
    for alert in alerts:
        for delivery in route_alert(root, compiled.settings.receivers, alert).deliveries:
            if isinstance(routes[delivery.group.route].timing, DigestTiming):
                groups.setdefault(delivery.group.id, (delivery.group, []))[1].append(alert)
    return list(groups.values())


def _notification(group: GroupKey, alerts: list[Alert]) -> Notification:
    key = notification_key(group, [alert.id for alert in alerts])
    return Notification(key, group, NotifyReason.DIGEST, tuple(alerts), datetime.now(UTC))


def _empty(slot: EmptySlot) -> Notification:
    return Notification(slot.key, slot.group, NotifyReason.NOTHING, (), slot.slot)
