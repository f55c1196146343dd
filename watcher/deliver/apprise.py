"""The long tail of services through Apprise, best effort.

Apprise answers only yes or no, so that failures cannot be distinguished: every no is tried again. It blocks, hence the
thread; its own timeouts (`cto`, `rto`) end the thread. `redirect=no`, because it takes a POST that was
redirected to a GET for delivered. What a service answered is Apprise's judgement, not ours.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from watcher.deliver.channel import ChannelKind, Transport
from watcher.deliver.chat_text import plain_text, unmention
from watcher.deliver.options import SecretText
from watcher.deliver.paging import Part, send_parts, split
from watcher.errors import AttemptReason, UsageError
from watcher.lazy_dataclass import dataclass
from watcher.model.notification import Delivered, Message, Notification, Outcome, TryAgain
from watcher.model.route import ChannelOptions
from watcher.model.secret import reveal
from watcher.threads import AbandonableThreads

BODY_CHARACTERS = 3_500
"""Short enough for most services; Apprise shortens what is longer, but anywhere."""
HANGING = 8
"""Sends of one channel that may hang at once; its own timeouts end most of them."""


@dataclass(frozen=True, slots=True)
class Apprise(ChannelOptions):
    """Any service that Apprise knows, best effort: it does not say why something failed."""

    url: SecretText


def _library() -> Any:
    """Apprise, an extra: imported only where it is used, because that takes a seventh of a whole start."""
    try:
        return importlib.import_module("apprise")
    except ImportError as error:
        raise UsageError("apprise is not installed: pip install 'watcher-news[apprise]'") from error


class AppriseChannel:
    """Hands the text part to one Apprise URL."""

    def __init__(self, options: Apprise) -> None:
        self._apprise = _library()
        logging.getLogger("apprise").setLevel(logging.CRITICAL)
        self._options = options
        self._threads = AbandonableThreads("apprise", HANGING)

    async def send(self, notification: Notification, message: Message, deadline: timedelta) -> Outcome:
        return await send_parts(split(message, fits), notification, deadline, self._send)

    async def _send(self, part: Part, deadline: timedelta) -> Outcome:
        seconds = deadline.total_seconds()
        if self._threads.are_used_up:
            return TryAgain(AttemptReason.TIMEOUT, f"{HANGING} earlier sends still hang in Apprise")
        try:
            async with asyncio.timeout(seconds):
                taken = await self._threads(self._notify, part.message, seconds / 2)
        except TimeoutError:
            return TryAgain(AttemptReason.TIMEOUT, f"Apprise did not end within {seconds:g} s")
        if taken is None:
            return TryAgain(AttemptReason.REFUSED, _NOT_UNDERSTOOD)
        if taken:
            return Delivered("Apprise says so")
        return TryAgain(AttemptReason.UNAVAILABLE, "Apprise could not deliver and does not say why")

    def _notify(self, message: Message, timeout: float) -> bool | None:
        service = self._apprise.Apprise()
        if not service.add(_guarded(reveal(self._options.url), timeout)):
            return None
        body = unmention(plain_text(message)) or message.subject
        return bool(
            service.notify(title=unmention(message.subject), body=body, body_format=self._apprise.NotifyFormat.TEXT)
        )

    def understands(self) -> bool:
        """Whether Apprise knows what the URL asks for."""
        return bool(self._apprise.Apprise().add(reveal(self._options.url)))


_NOT_UNDERSTOOD = "Apprise does not understand this URL: correct it"


def fits(message: Message) -> bool:
    return len(plain_text(message)) <= BODY_CHARACTERS


def _guarded(url: str, timeout: float) -> str:
    options = urlencode({"redirect": "no", "cto": f"{timeout:.1f}", "rto": f"{timeout:.1f}", "overflow": "truncate"})
    return f"{url}{'&' if '?' in url else '?'}{options}"


def build_apprise(options: Apprise, transport: Transport) -> AppriseChannel:
    channel = AppriseChannel(options)
    if not channel.understands():
        raise ValueError(_NOT_UNDERSTOOD)
    return channel


APPRISE = ChannelKind("apprise", Apprise, build_apprise)
