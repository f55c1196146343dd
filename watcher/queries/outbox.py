"""Messages of the outbox with what is known of their channels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from watcher.model.notification import Notification
from watcher.store.store import Store
from watcher.views.outbox import MessageRow, message_rows


def read_message_rows(store: Store, notifications: Sequence[Notification], now: datetime) -> tuple[MessageRow, ...]:
    """The rows of a list, in the given order."""
    return message_rows(
        notifications, store.pages.last_attempts([one.key for one in notifications]), store.outbox.pauses(now)
    )
