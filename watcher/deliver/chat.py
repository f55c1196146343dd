"""Channels that are one HTTP request: a pure shape makes it, one function posts it, one judges the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta

import httpx2

from watcher.deliver.post import Judgement, Request, judge_answer, post
from watcher.model.notification import Message, Notification, Outcome

Shape = Callable[[Message, str], Request]
"""Pure: the request of one service for a message and the notification's key."""


class ChatChannel:
    """Posts messages in the shape of one service."""

    def __init__(self, shape: Shape, client: httpx2.AsyncClient, judge: Judgement = judge_answer) -> None:
        self._shape = shape
        self._client = client
        self._judge = judge

    async def send(self, notification: Notification, message: Message, deadline: timedelta) -> Outcome:
        return await post(self._client, self._shape(message, notification.key), deadline, self._judge)


def json_request(url: str, body: Mapping[str, object], **headers: str) -> Request:
    """A POST of JSON; the underscores of header names become hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(url, encode(body), {"Content-Type": "application/json; charset=utf-8", **named})


def encode(body: Mapping[str, object]) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
