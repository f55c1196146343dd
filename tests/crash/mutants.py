"""Starts the program with one of its promises broken: `python -m tests.crash.mutants NAME run -c config.yaml`.

Each is a mistake that a program of this kind is known to make. The judge must see every one of them; a run in which it
does not proves nothing. The product itself knows nothing of this.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, update

from watcher.cli.main import main
from watcher.deliver.mail_message import EmailChannel
from watcher.deliver.webhook import WebhookChannel
from watcher.model.alert import stable_hash
from watcher.model.notification import Delivered, DeliveryState, Message, Notification, Outcome, TryAgain
from watcher.notify.notifier import Notifier
from watcher.service.node import Node
from watcher.store import documents
from watcher.store.holds import Holds
from watcher.store.outbox import Outbox
from watcher.store.polls import Polls
from watcher.store.records import PollRecord
from watcher.store.tables import deliveries, feeds


def _replace(owner: type, by: Callable[..., Any], name: str) -> None:
    setattr(owner, name, by)


def mark_before_send() -> None:
    """The result is written first and the message sent afterwards (rssalertbot, RSS-to-Telegram-Bot)."""
    send = Notifier._send

    async def marked(self: Notifier, notification: Notification, message: Message, until: datetime) -> Outcome:
        now = self.clock.now()
        self.store.outbox.record(self.owner, notification.key, notification.epoch, Delivered("marked"), now, None)
        return await send(self, notification, message, until)

    _replace(Notifier, marked, "_send")


def new_id_on_retry() -> None:
    """Every attempt has an id of its own (Alertmanager's e-mail)."""
    for channel in (EmailChannel, WebhookChannel):
        send = channel.send

        async def renamed(
            self: Any,
            notification: Notification,
            message: Message,
            deadline: timedelta,
            send: Callable[..., Any] = send,
        ) -> Outcome:
            key = stable_hash("attempt", notification.key, str(notification.attempts))
            outcome: Outcome = await send(self, replace(notification, key=key), message, deadline)
            return outcome

        _replace(channel, renamed, "send")


def lease_not_checked() -> None:
    """Whoever has acquired a message sends it, however long ago that was, and dead or alive."""
    begin, send = Outbox.begin_attempt, Notifier._send

    def begun(self: Outbox, owner: str, key: str, epoch: int, now: datetime) -> bool:
        begin(self, owner, key, epoch, now)
        return True

    async def sent(self: Notifier, notification: Notification, message: Message, until: datetime) -> Outcome:
        return await send(self, notification, message, self.clock.now() + self.timings.notification_lease)

    async def beaten(self: Node) -> bool:
        await beat(self)
        return True

    beat = Node.beat
    _replace(Outbox, begun, "begin_attempt")
    _replace(Notifier, sent, "_send")
    _replace(Node, beaten, "beat")
    Node.is_trusted = property(lambda _: True)  # type: ignore[method-assign]  # else it drops what it holds


def validators_before_entries() -> None:
    """What the server said of the document is saved in a transaction of its own, before what was in it."""
    save = Polls.save

    def saved(self: Polls, owner: str, polls: Sequence[PollRecord], *rest: Any) -> Any:
        with self._database.write("remember") as connection:
            for poll in polls:
                document = documents.write_poll_state(poll.state)
                connection.execute(update(feeds).where(feeds.c.url == poll.state.url).values(document=document))
        return save(self, owner, polls, *rest)

    _replace(Polls, saved, "save")


def held_deliveries_dropped() -> None:
    """Quiet hours swallow instead of holding (alertmanager#3367, ntfy#1575)."""
    hold = Holds.hold

    def swallowed(self: Holds, *given: Any, **named: Any) -> Any:
        result = hold(self, *given, **named)
        with self._database.write("remember") as connection:
            connection.execute(delete(deliveries).where(deliveries.c.state == DeliveryState.HELD))
        return result

    _replace(Holds, swallowed, "hold")


def retry_after_ignored() -> None:
    """What a receiver asks for is not read (Alertmanager)."""
    send = WebhookChannel.send

    async def impatient(
        self: WebhookChannel, notification: Notification, message: Message, deadline: timedelta
    ) -> Outcome:
        outcome = await send(self, notification, message, deadline)
        return replace(outcome, retry_after=None) if isinstance(outcome, TryAgain) else outcome

    _replace(WebhookChannel, impatient, "send")


def result_forgotten() -> None:
    """The first success of a message is not written down."""
    record = Outbox.record

    def forgotten(self: Outbox, owner: str, key: str, epoch: int, outcome: Outcome, *rest: Any) -> bool:
        if isinstance(outcome, Delivered) and epoch == 1:
            return True
        return record(self, owner, key, epoch, outcome, *rest)

    _replace(Outbox, forgotten, "record")


MUTANTS: dict[str, Callable[[], None]] = {
    mutant.__name__: mutant
    for mutant in (
        mark_before_send,
        new_id_on_retry,
        lease_not_checked,
        validators_before_entries,
        held_deliveries_dropped,
        retry_after_ignored,
        result_forgotten,
    )
}

if __name__ == "__main__":
    MUTANTS[sys.argv.pop(1)]()
    main()
