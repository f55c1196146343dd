"""The long tail of services through Apprise, best effort.

Apprise answers only yes or no, so that nothing can be told apart: every no is tried again. It blocks, hence the
thread; its own timeouts (`cto`, `rto`) end the thread. `redirect=no`, because it takes a POST that was
redirected to a GET for delivered.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from watcher.deliver.chat_text import plain_text, unmention
from watcher.errors import AttemptReason, UsageError
from watcher.model.notification import Delivered, Message, Notification, Outcome, TryAgain
from watcher.model.route import Apprise
from watcher.model.secret import reveal

BODY_CHARACTERS = 3_500
"""Short enough for most services; Apprise shortens what is longer, but anywhere."""


def _library() -> Any:
    """Apprise, an extra: read only where it is used, because reading it takes a seventh of a whole start."""
    try:
        return importlib.import_module("apprise")
    except ImportError as error:
        raise UsageError("a receiver uses apprise, which is not installed: pip install 'watcher[apprise]'") from error


class AppriseChannel:
    """Hands the text part to one Apprise URL."""

    def __init__(self, options: Apprise) -> None:
        self._apprise = _library()
        logging.getLogger("apprise").setLevel(logging.CRITICAL)
        self._options = options

    async def send(self, notification: Notification, message: Message, deadline: timedelta) -> Outcome:
        seconds = deadline.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                taken = await asyncio.to_thread(self._notify, message, seconds / 2)
        except TimeoutError:
            return TryAgain(AttemptReason.TIMEOUT, f"Apprise did not end within {seconds:g} s")
        if taken is None:
            return TryAgain(AttemptReason.REFUSED, "Apprise does not understand this URL: correct it")
        if taken:
            return Delivered("Apprise says so")
        return TryAgain(AttemptReason.UNAVAILABLE, "Apprise could not deliver and does not say why")

    def _notify(self, message: Message, timeout: float) -> bool | None:
        service = self._apprise.Apprise()
        if not service.add(_guarded(reveal(self._options.url), timeout)):
            return None
        body = unmention(plain_text(message, BODY_CHARACTERS)) or message.subject
        return bool(
            service.notify(title=unmention(message.subject), body=body, body_format=self._apprise.NotifyFormat.TEXT)
        )


def _guarded(url: str, timeout: float) -> str:
    options = urlencode({"redirect": "no", "cto": f"{timeout:.1f}", "rto": f"{timeout:.1f}", "overflow": "truncate"})
    return f"{url}{'&' if '?' in url else '?'}{options}"
