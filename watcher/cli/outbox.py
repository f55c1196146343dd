"""`watcher outbox`: messages on their way, and those that did not arrive."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from watcher.cli.options import DEFAULT_CONFIG, AsJson, Config, store_of
from watcher.cli.tables import show_table, when
from watcher.errors import UsageError
from watcher.model.notification import Notification, NotificationState
from watcher.model.route import ChannelRef
from watcher.notify.breakers import shown_pauses
from watcher.store.interface import Store

app = typer.Typer(help="Messages on their way, and those that did not arrive.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="The notification's key, or its first 8 digits.")]


@app.command("list", epilog="Example: watcher outbox list --state dead")
def list_notifications(
    config: Config = DEFAULT_CONFIG,
    state: Annotated[NotificationState | None, typer.Option(help="Only this state.")] = None,
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """The newest notifications."""
    with store_of(config) as store:
        notifications = store.notifications(state=state, limit=limit)
        pauses = _pauses(store, notifications)
        dropped = store.dropped([one.key for one in notifications])
    if as_json:
        facts = [
            {**_facts(one), "dropped": one.key in dropped, "paused_until": when(pauses.get(one.group.channel))}
            for one in notifications
        ]
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    rows = (
        (
            notification.key[:8],
            when(notification.created_at),
            _state(notification, dropped),
            str(notification.group.channel),
            str(len(notification.alerts)),
            str(notification.attempts),
            when(_next_attempt(notification, pauses)),
        )
        for notification in notifications
    )
    columns = ("key", "made", "state", "channel", "alerts", "attempts", "next attempt")
    show_table(columns, rows, empty="nothing here")
    for channel, until in sorted(pauses.items(), key=str):
        typer.echo(_PAUSED.format(channel, when(until)), err=True)


_PAUSED = "{} pauses until {}; then one message tries it, and the rest follow when that arrives"


def _pauses(store: Store, notifications: Sequence[Notification]) -> dict[ChannelRef, datetime]:
    unfinished = {one.group.channel for one in notifications if one.state is NotificationState.READY}
    return shown_pauses(store, unfinished, datetime.now(UTC))


def _state(notification: Notification, dropped: Collection[str]) -> str:
    return f"{notification.state.value}{', dropped' if notification.key in dropped else ''}"


def _next_attempt(notification: Notification, pauses: Mapping[ChannelRef, datetime]) -> datetime | None:
    """When it is tried next: not while its channel pauses. None for what is finished."""
    due = notification.next_attempt_at
    if due is None or notification.state is not NotificationState.READY:
        return due
    return max(due, pauses.get(notification.group.channel, due))


def _facts(notification: Notification) -> dict[str, object]:
    return {
        "key": notification.key,
        "created_at": when(notification.created_at),
        "state": notification.state.value,
        "reason": notification.reason.value,
        "channel": str(notification.group.channel),
        "route": notification.group.route,
        "alerts": [alert.id for alert in notification.alerts],
        "omitted": notification.omitted,
        "attempts": notification.attempts,
        "next_attempt_at": when(notification.next_attempt_at),
    }


@app.command(epilog="Example: watcher outbox show 9be1c044")
def show(key: Key, config: Config = DEFAULT_CONFIG) -> None:
    """One notification: what it tells, and every attempt to deliver it."""
    with store_of(config) as store:
        notification = _find(store, key)
        attempts = store.attempts(notification.key)
        pauses = _pauses(store, [notification])
    typer.echo(f"{notification.key} to {notification.group.channel} by route {notification.group.route}")
    typer.echo(f"{notification.state.value}, {notification.reason.value}, made {when(notification.created_at)}")
    if notification.state is NotificationState.READY:
        typer.echo(
            f"next attempt {when(_next_attempt(notification, pauses))}{', when its channel no longer pauses' if pauses else ''}"
        )
    for alert in notification.alerts:
        typer.echo(f"  {alert.id[:8]}  {alert.topic}  {alert.entry.title}")
    rows = (
        (str(place), when(one.started_at), when(one.finished_at), one.result or "", one.reason, one.detail)
        for place, one in enumerate(attempts, 1)
    )
    show_table(("attempt", "started", "finished", "outcome", "reason", "detail"), rows, empty="no attempt yet")


@app.command(epilog="Example: watcher outbox retry 9be1c044")
def retry(key: Key, config: Config = DEFAULT_CONFIG) -> None:
    """Tries again at once, under the same key. The daemon, or the next `once`, sends it."""
    with store_of(config) as store:
        notification = _find(store, key)
        done = store.retry_notification(notification.key, datetime.now(UTC))
    if not done:
        raise UsageError(f"{key} is {notification.state.value}: only what is dead or waits can be tried again")
    typer.echo(f"{notification.key} is ready again")


@app.command(epilog="Example: watcher outbox drop 9be1c044")
def drop(key: Key, config: Config = DEFAULT_CONFIG) -> None:
    """Gives a message up: it becomes a dead letter with the reason `dropped`. Settles one that is dead already."""
    with store_of(config) as store:
        notification = _find(store, key)
        already = store.dropped([notification.key])
        done = store.drop_notification(notification.key, datetime.now(UTC))
    if not done:
        raise UsageError(f"{key} is {_state(notification, already)}: only what waits or is dead can be dropped")
    typer.echo(f"{notification.key} is dropped")


def _find(store: Store, key: str) -> Notification:
    notification = store.notification(key)
    if notification is None:
        raise UsageError(f"no single notification is named {key}; `watcher outbox list` shows their keys")
    return notification
