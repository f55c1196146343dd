"""Channels that are one HTTP request: a pure shape makes it, one function posts it, one judges the answer."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx2

from watcher.deliver.http import Answer, Judgement, Request, judge_answer, post
from watcher.model.alert import stable_hash
from watcher.model.notification import Delivered, GiveUp, Message, Notification, Outcome

BuildRequest = Callable[[Message, str, str], Request]
"""Pure: the request of one service for a message, the notification's key and, where the service can reply, the id of
the message that is replied to ("" for an ordinary message)."""


@dataclass(frozen=True, slots=True)
class Receipts:
    """How a service names a message in its answer (the first group of `pattern`), and where: a receipt of another
    `place` (the chat was changed in the configuration) is none.
    """

    pattern: re.Pattern[str]
    place: str

    def receipt(self, answer: Answer) -> str:
        """What the channel must know to reply later; "" when the answer does not name the message."""
        found = self.pattern.search(answer.text)
        return f"{self._mark}:{found[1]}" if found else ""

    def message_id(self, receipt: str) -> str:
        """The service's id in a receipt; "" when it is of another place."""
        mark, _, found = receipt.partition(":")
        return found if mark == self._mark else ""

    @property
    def _mark(self) -> str:
        return stable_hash(self.place)[:8]


@dataclass(frozen=True, slots=True)
class Service:
    """A chat: from the options to the shape, what its answers mean and, if it can reply, how its messages are named.

    The module of a chat holds its own as `SERVICE`; `open.py` finds it there by the kind's name.
    """

    shape: Callable[[Any], BuildRequest]
    judge: Judgement = judge_answer
    receipts: Callable[[Any], Receipts] | None = None

    def open(self, options: Any, client: httpx2.AsyncClient) -> ChatChannel:
        """The channel for the options of one receiver."""
        return ChatChannel(self.shape(options), client, self.judge, self.receipts(options) if self.receipts else None)


class ChatChannel:
    """Posts messages in the shape of one service, as replies where it can."""

    def __init__(
        self,
        shape: BuildRequest,
        client: httpx2.AsyncClient,
        judge: Judgement = judge_answer,
        receipts: Receipts | None = None,
    ) -> None:
        self._shape = shape
        self._client = client
        self._judge = judge
        self._receipts = receipts

    async def send(self, notification: Notification, message: Message, deadline: timedelta) -> Outcome:
        loop = asyncio.get_running_loop()
        ends = loop.time() + deadline.total_seconds()
        reply_to = self._receipts.message_id(notification.reply_to) if self._receipts else ""
        outcome = await post(self._client, self._shape(message, notification.key, reply_to), deadline, self._judged)
        if reply_to and isinstance(outcome, GiveUp):  # perhaps the message was deleted: better no reply than no message
            left = timedelta(seconds=ends - loop.time())
            outcome = await post(self._client, self._shape(message, notification.key, ""), left, self._judged)
        return outcome

    def _judged(self, answer: Answer) -> Outcome:
        outcome = self._judge(answer)
        if isinstance(outcome, Delivered) and self._receipts:
            return replace(outcome, receipt=self._receipts.receipt(answer))
        return outcome


def json_request(url: str, body: Mapping[str, object], **headers: str) -> Request:
    """A POST of JSON; the underscores of header names become hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(url, encode(body), {"Content-Type": "application/json; charset=utf-8", **named})


def encode(body: Mapping[str, object]) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
