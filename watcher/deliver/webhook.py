"""The generic webhook: our own JSON, signed after Standard Webhooks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta

import httpx2

from watcher.clock import Clock
from watcher.deliver.http import DETAIL_CHARACTERS, Answer, Request, judge_answer, post
from watcher.deliver.signature import signature
from watcher.errors import AttemptReason
from watcher.model.notification import Delivered, GiveUp, Message, Notification, Outcome, TryAgain
from watcher.model.route import Webhook
from watcher.model.secret import reveal


class WebhookChannel:
    """Posts the payload of a message. The id is the same on every attempt, the timestamp is new."""

    def __init__(self, options: Webhook, client: httpx2.AsyncClient, clock: Clock) -> None:
        self._options = options
        self._client = client
        self._clock = clock

    async def send(self, notification: Notification, message: Message, deadline: timedelta) -> Outcome:
        timestamp = int(self._clock.now().timestamp())
        request = signed_request(self._options, notification.key, timestamp, message.payload)
        return await post(self._client, request, deadline, judge_webhook)


def signed_request(options: Webhook, key: str, timestamp: int, payload: Mapping[str, object]) -> Request:
    """The request with its three headers; without a secret the signature is left out."""
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    headers = {"Content-Type": "application/json", "webhook-id": key, "webhook-timestamp": str(timestamp)}
    if options.secret is None:
        return Request(reveal(options.url), body, headers)
    secret = reveal(options.secret)
    headers["webhook-signature"] = signature(secret, key, timestamp, body)
    return Request(reveal(options.url), body, headers, secrets=(secret,))


def judge_webhook(answer: Answer) -> Outcome:
    """Standard Webhooks: 2xx is success, 410 ends it, everything else is tried again on the schedule.

    A 404 or 400 of a program that is just being deployed passes; of a chat service it would not.
    """
    outcome = judge_answer(answer)
    if isinstance(outcome, Delivered | TryAgain) or answer.status == 410:
        return outcome
    if outcome.reason is AttemptReason.TOO_LARGE:
        return GiveUp(outcome.reason, outcome.detail)
    return TryAgain(AttemptReason.REFUSED, answer.summary[:DETAIL_CHARACTERS])
