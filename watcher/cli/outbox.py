"""`watcher outbox`: messages being sent, and those that could not be delivered."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import DEFAULT_CONFIG, AsJson, Config, at_terminal, command_group, store_of
from watcher.cli.tables import Cell, say, show_json, show_table, when
from watcher.errors import UsageError
from watcher.model.notification import Notification, NotificationState
from watcher.model.route import ChannelRef
from watcher.views.outbox import attempt_facts, message_facts

if TYPE_CHECKING:
    from watcher.store.store import Store

app = command_group("List messages, and retry or drop those that were not delivered.")

Key = Annotated[str, typer.Argument(help="The key of the message, or its first 8 digits.")]


@app.command("list", epilog="Example: watcher outbox list --state dead")
def list_notifications(
    config: Config = DEFAULT_CONFIG,
    state: Annotated[NotificationState | None, typer.Option(help="List only messages in this state.")] = None,
    limit: Annotated[int, typer.Option(metavar="NUMBER", help="List at most this many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List messages (notifications), the newest first."""
    with store_of(config) as store:
        notifications = store.outbox.newest(state=state, limit=limit)
        pauses = _pauses(store, notifications)
        dropped = store.outbox.dropped([one.key for one in notifications])
    if as_json:
        facts = [
            {**message_facts(one), "dropped": one.key in dropped, "paused_until": pauses.get(one.group.channel)}
            for one in notifications
        ]
        show_json(facts)
        return
    rows = (
        (
            notification.key[:8],
            notification.created_at,
            _state(notification, dropped),
            str(notification.group.channel),
            str(len(notification.alerts)),
            str(notification.attempts),
            _next_attempt(notification, pauses),
        )
        for notification in notifications
    )
    columns = ("key", "made", "state", "channel", "alerts", "attempts", "next attempt")
    show_table(columns, rows, empty="nothing here")
    for channel, until in sorted(pauses.items(), key=str):
        say(_PAUSED.format(channel, when(until)), err=True)


_PAUSED = "{} is paused until {}. One message is then tried; the rest follow once it is delivered."


def _pauses(store: Store, notifications: Sequence[Notification]) -> dict[ChannelRef, datetime]:
    unfinished = {one.group.channel for one in notifications if one.state is NotificationState.READY}
    pauses = store.outbox.pauses(datetime.now(UTC))
    return {channel: until for channel, until in pauses.items() if channel in unfinished}


def _state(notification: Notification, dropped: Collection[str]) -> str:
    return f"{notification.state.value}{', dropped' if notification.key in dropped else ''}"


def _next_attempt(notification: Notification, pauses: Mapping[ChannelRef, datetime]) -> datetime | None:
    """When it is tried next, not before its channel's pause ends. None when it is finished."""
    due = notification.next_attempt_at
    if due is None or notification.state is not NotificationState.READY:
        return due
    return max(due, pauses.get(notification.group.channel, due))


@app.command(epilog="Example: watcher outbox show 9be1c044")
def show(key: Key, config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Show one message: its alerts, and every attempt to deliver it."""
    with store_of(config) as store:
        notification = _find(store, key)
        attempts = store.outbox.attempts(notification.key)
        pauses = _pauses(store, [notification])
    if as_json:
        show_json({**message_facts(notification), "attempt_log": [attempt_facts(one) for one in attempts]})
        return
    say(f"{notification.key} to {notification.group.channel} by route {notification.group.route}")
    say(f"{notification.state.value}, {notification.reason.value}, made {when(notification.created_at)}")
    if notification.state is NotificationState.READY:
        pause = ", when its channel is no longer paused" if pauses else ""
        say(f"next attempt {when(_next_attempt(notification, pauses))}{pause}")
    for alert in notification.alerts:
        say(f"{alert.id[:8]}  {alert.topic}  {alert.entry.title}", indent=2, hang=10)
    rows: list[tuple[Cell, ...]] = [
        (str(number), one.started_at, one.finished_at, one.result or "", one.reason, one.detail)
        for number, one in enumerate(attempts, 1)
    ]
    show_table(("attempt", "started", "finished", "outcome", "reason", "detail"), rows, empty="no attempt yet")


@app.command(epilog="Example: watcher outbox retry 9be1c044")
def retry(key: Key, config: Config = DEFAULT_CONFIG) -> None:
    """Send a message again, under the same key.

    The daemon sends it at once; without a daemon, the next `watcher once` does.
    """
    with store_of(config) as store:
        notification = _find(store, key)
        done = store.outbox.retry(notification.key, datetime.now(UTC), at_terminal())
    if not done:
        raise UsageError(f"{key} is {notification.state.value}: only a dead or waiting message can be retried")
    say(f"{notification.key} is ready again")


@app.command(epilog="Example: watcher outbox drop 9be1c044")
def drop(key: Key, config: Config = DEFAULT_CONFIG) -> None:
    """Give a message up: it becomes a dead letter with the reason `dropped`."""
    with store_of(config) as store:
        notification = _find(store, key)
        already = store.outbox.dropped([notification.key])
        done = store.outbox.drop(notification.key, datetime.now(UTC), at_terminal())
    if not done:
        raise UsageError(f"{key} is {_state(notification, already)}: only a waiting or dead message can be dropped")
    say(f"{notification.key} is dropped")


def _find(store: Store, key: str) -> Notification:
    notification = store.outbox.find(key)
    if notification is None:
        raise UsageError(f"no message (or more than one) matches {key}; see `watcher outbox list`")
    return notification
