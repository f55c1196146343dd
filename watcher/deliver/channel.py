"""What every channel is: one method, whose result is a value."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from watcher.model.notification import Message, Notification, Outcome


class Channel(Protocol):
    """Carries one message to one destination.

    `send` never raises for what receivers and networks do: that is an `Outcome`. It ends within
    `deadline`. The notification's `key` travels with the message (Message-ID, webhook-id, …), the same on
    every attempt. No URL and no secret appears in the outcome's detail.
    """

    async def send(self, notification: Notification, message: Message, deadline: timedelta) -> Outcome: ...
