"""Channels of chats: a message is one HTTP request, or a few where it exceeds the service's limits."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from watcher.clock import stopwatch
from watcher.deliver.channel import Transport
from watcher.deliver.http_answers import Answer, Judge, Request
from watcher.deliver.paging import Part, send_parts, split
from watcher.lazy_dataclass import dataclass
from watcher.model.alert import stable_hash
from watcher.model.notification import Delivered, GiveUp, Message, Notification, Outcome
from watcher.model.route import ChannelOptions

if TYPE_CHECKING:
    import httpx2

_Options = TypeVar("_Options", bound=ChannelOptions)

BuildRequest = Callable[[Message, str, str], Request]
"""Pure: the request of one service for a message, the message's key and, where the service can reply, the id of the
message that is replied to ("" for an ordinary message)."""


@dataclass(frozen=True, slots=True)
class Receipts:
    """Where a service's answer names the message (first group of `pattern`), and the `place` in which that name is
    valid.

    A receipt of another place (the chat was changed in the configuration) is ignored.
    """

    pattern: re.Pattern[str]
    place: str

    def receipt(self, answer: Answer) -> str:
        """What the channel must know to reply later; "" when the answer does not name the message."""
        found = self.pattern.search(answer.said)
        return f"{self._mark}:{found[1]}" if found else ""

    def message_id(self, receipt: str) -> str:
        """The service's id in a receipt; "" when it is of another place."""
        mark, _, found = receipt.partition(":")
        return found if mark == self._mark else ""

    @property
    def _mark(self) -> str:
        return stable_hash(self.place)[:8]


@dataclass(frozen=True, slots=True)
class ChatService:
    """One chat of one receiver: how a request is made, what fits into it, what its answers mean.

    `fits` says whether a message keeps the service's limits. `receipts`: if it can reply, how its messages are named.
    """

    build_request: BuildRequest
    fits: Callable[[Message], bool]
    judge: Judge
    receipts: Receipts | None = None


@dataclass(frozen=True, slots=True)
class ChatChannel:
    """Posts messages to one chat, as replies where it can."""

    service: ChatService
    http: Callable[[], httpx2.AsyncClient]

    async def send(self, notification: Notification, message: Message, deadline: timedelta) -> Outcome:
        receipts = self.service.receipts
        reply_to = receipts.message_id(notification.reply_to) if receipts else ""
        parts = split(message, self.service.fits)

        async def send_part(part: Part, left: timedelta) -> Outcome:
            is_first = part is parts[0]
            key = notification.key if is_first else stable_hash(notification.key, part.name)
            return await self._send(part.message, key, reply_to, left)

        return await send_parts(parts, notification, deadline, send_part)

    async def _send(self, message: Message, key: str, reply_to: str, deadline: timedelta) -> Outcome:
        ends = stopwatch() + deadline.total_seconds()
        outcome = await self._post(message, key, reply_to, deadline)
        if reply_to and isinstance(outcome, GiveUp):  # perhaps the message was deleted: better no reply than no message
            outcome = await self._post(message, key, "", timedelta(seconds=ends - stopwatch()))
        return outcome

    async def _post(self, message: Message, key: str, reply_to: str, deadline: timedelta) -> Outcome:
        from watcher.deliver.http_post import post

        return await post(self.http(), self.service.build_request(message, key, reply_to), deadline, self._judge)

    def _judge(self, answer: Answer) -> Outcome:
        outcome = self.service.judge(answer)
        if isinstance(outcome, Delivered) and self.service.receipts:
            return replace(outcome, receipt=self.service.receipts.receipt(answer))
        return outcome


def chat(service: Callable[[_Options], ChatService]) -> Callable[[_Options, Transport], ChatChannel]:
    """The `build` of a chat's registration."""
    return lambda options, transport: ChatChannel(service(options), transport.http)


def json_request(url: str, body: Mapping[str, object], **headers: str) -> Request:
    """A POST of JSON; the underscores of header names become hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(url, encode(body), {"Content-Type": "application/json; charset=utf-8", **named})


def encode(body: Mapping[str, object]) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
