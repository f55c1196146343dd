"""Messages of the outbox with what is known of their channels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from watcher.model.notification import Notification
from watcher.store.store import Store
from watcher.views.outbox import MessageRow


def read_message_rows(store: Store, notifications: Sequence[Notification], now: datetime) -> tuple[MessageRow, ...]:
    """The rows of a list, in the given order."""
    keys = [one.key for one in notifications]
    last, dropped, pauses = store.pages.last_attempts(keys), store.outbox.dropped(keys), store.outbox.pauses(now)
    return tuple(
        MessageRow(one, last.get(one.key), one.key in dropped, pauses.get(one.group.channel)) for one in notifications
    )
