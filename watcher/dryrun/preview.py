"""Trying without telling anybody: a page fetched to be explained, the next messages rendered to files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from watcher.errors import NotifyReason, PollReason
from watcher.model.alert import Alert
from watcher.model.entry import Entry
from watcher.model.feed import Feed, Fetched, FetchFailed, NotModified, Validators
from watcher.model.notification import EmptySlot, GroupKey, Notification, notification_key
from watcher.model.route import DigestTiming, Route
from watcher.notify.compose import compose_message
from watcher.notify.flusher import SHOWN
from watcher.notify.template_check import user_templates
from watcher.render.sample import sample_notification
from watcher.route.empty import empty_slots
from watcher.route.tree import route_alert, routes_by_path
from watcher.sandbox.oneshot import run_limited
from watcher.service.app import open_fetcher
from watcher.service.load import CompiledConfig
from watcher.store.interface import Store


async def fetch_entry(url: str, plan: CompiledConfig) -> Entry | FetchFailed:
    """Fetches a page under the configuration's network rules and reads it as one entry."""
    fetcher = open_fetcher(plan)
    try:
        fetched = await fetcher.fetch(Feed(url), Validators())
    finally:
        await fetcher.aclose()
    match fetched:
        case Fetched():
            return await _read(fetched)
        case FetchFailed():
            return fetched
        case NotModified():
            raise AssertionError("a request without validators cannot be answered with 304")


async def _read(page: Fetched) -> Entry | FetchFailed:
    """Reads a page in a process that may die of it."""
    told = await run_limited("watcher.parse.page_worker", page.url, given=page.body)
    if told is None:
        return FetchFailed(
            PollReason.PARSE_TIMEOUT,
            "the page takes too much time or memory to read; give its text with --text instead",
        )
    found = json.loads(told)
    if "error" in found:
        return FetchFailed(PollReason.NOT_A_FEED, found["error"])
    return Entry(id=page.url, link=page.url, title=found["title"], content=found["content"])


@dataclass(frozen=True, slots=True)
class Previews:
    """The files of a preview, and whether what they show is made up for want of alerts."""

    files: tuple[Path, ...]
    made_up: bool


def write_previews(plan: CompiledConfig, store: Store, output: Path, recent: int) -> Previews:
    """Writes what each digest would say now as HTML and text.

    When nothing waits for a digest, the `recent` newest alerts are shown as if they did; digests that
    leave even when empty are shown so as well. Without any of these, a made-up one for each channel that gets digests (for
    all channels when none does). Raises `LookupError` for a configuration without a route.
    """
    root = plan.settings.route
    if root is None:
        raise LookupError("a configuration without a route has no digests")
    routes = routes_by_path(root)
    gathered = _gathered(plan, root, store) or _routed(plan, root, store.alerts(limit=recent))
    empty = empty_slots(routes, plan.settings.receivers, datetime.now(UTC), at_once=True)
    is_made_up = not gathered and not empty
    shown = _made_up(plan, routes) if is_made_up else [_notification(*digest) for digest in gathered]
    output.mkdir(parents=True, exist_ok=True)
    written = []
    for number, told in enumerate([*shown, *map(_nothing, empty)], 1):
        message = compose_message(told, routes, user_templates(plan.settings), store)
        channel = told.group.channel
        stem = f"{number}-{channel.receiver}-{channel.kind}{'' if told.alerts else '-nothing'}"
        for ending, text in (("html", message.html), ("txt", f"Subject: {message.subject}\n\n{message.text}")):
            file = output / f"{stem}.{ending}"
            file.write_text(text, encoding="utf-8")
            written.append(file)
    return Previews(tuple(written), is_made_up)


def _made_up(plan: CompiledConfig, routes: Mapping[str, Route]) -> list[Notification]:
    """A message about nothing for each channel that gets digests, or for all of them."""
    receivers = plan.settings.receivers
    digests = {route.receiver for route in routes.values() if isinstance(route.timing, DigestTiming)}
    now = datetime.now(UTC)
    return [
        sample_notification(channel, now)
        for name, receiver in receivers.items()
        for channel in receiver.channels
        if name in digests or not digests
    ]


def _gathered(plan: CompiledConfig, root: Route, store: Store) -> list[tuple[GroupKey, list[Alert]]]:
    """What waits for a digest, with what no route has seen yet."""
    routes = routes_by_path(root)
    waiting = {
        group.key.id: (group.key, store.waiting_alerts(group.key, SHOWN))
        for group in store.waiting_groups()
        if group.key.route in routes and isinstance(routes[group.key.route].timing, DigestTiming)
    }
    for group, alerts in _routed(plan, root, store.unrouted_alerts(SHOWN)):
        waiting.setdefault(group.id, (group, []))[1].extend(alerts)
    return list(waiting.values())


def _routed(plan: CompiledConfig, root: Route, alerts: list[Alert]) -> list[tuple[GroupKey, list[Alert]]]:
    """The digests that these alerts would stand in."""
    routes = routes_by_path(root)
    groups: dict[str, tuple[GroupKey, list[Alert]]] = {}
    for alert in alerts:
        for delivery in route_alert(root, plan.settings.receivers, alert).deliveries:
            if isinstance(routes[delivery.group.route].timing, DigestTiming):
                groups.setdefault(delivery.group.id, (delivery.group, []))[1].append(alert)
    return list(groups.values())


def _notification(group: GroupKey, alerts: list[Alert]) -> Notification:
    key = notification_key(group, [alert.id for alert in alerts])
    return Notification(key, group, NotifyReason.DIGEST, tuple(alerts), datetime.now(UTC))


def _nothing(slot: EmptySlot) -> Notification:
    return Notification(slot.key, slot.group, NotifyReason.NOTHING, (), slot.slot)
