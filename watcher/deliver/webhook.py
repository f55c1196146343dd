"""The generic webhook: our own JSON, signed after Standard Webhooks 1.0.

https://github.com/standard-webhooks/standard-webhooks
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from datetime import timedelta
from typing import TYPE_CHECKING

from watcher.clock import Clock
from watcher.deliver.channel import ChannelKind, OptionProblem, Transport
from watcher.deliver.http_answers import DETAIL_CHARACTERS, Answer, Request, judge_answer
from watcher.deliver.options import Method, Name, SecretHeaders, SecretText, Template, Token, WebAddress, host_of
from watcher.errors import AttemptReason
from watcher.lazy_dataclass import dataclass
from watcher.model.notification import Delivered, GiveUp, Message, Notification, Outcome, TryAgain
from watcher.model.route import ChannelOptions, OwnTemplate
from watcher.model.secret import Secret, reveal

if TYPE_CHECKING:
    import httpx2

_PREFIX = "whsec_"
_OUR_HEADERS = frozenset(
    {"content-type", "content-length", "host", "webhook-id", "webhook-timestamp", "webhook-signature"}
)


@dataclass(frozen=True, slots=True)
class Webhook(ChannelOptions):
    """A request with JSON, signed after Standard Webhooks when a `secret` (`whsec_…` or plain) is given.

    `template` makes the JSON in place of ours. `headers` are sent as well. `username` and `password`, or `bearer`,
    log in.
    """

    url: WebAddress
    secret: SecretText | None = None
    template: Template | None = None
    method: Method = "POST"
    headers: SecretHeaders = field(default_factory=dict)
    username: Name | None = None
    password: SecretText | None = None
    bearer: Token | None = None

    @property
    def own_template(self) -> OwnTemplate | None:
        return self.template

    @property
    def recipients(self) -> tuple[str, ...]:
        return host_of(self.url)


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """Posts the payload of a message. The id is the same on every attempt, the timestamp is new."""

    options: Webhook
    http: Callable[[], httpx2.AsyncClient]
    clock: Clock

    async def send(self, notification: Notification, message: Message, deadline: timedelta) -> Outcome:
        timestamp = int(self.clock.now().timestamp())
        request = signed_request(self.options, notification.key, timestamp, message.payload)
        from watcher.deliver.http_post import post

        return await post(self.http(), request, deadline, judge_webhook)


def signed_request(options: Webhook, key: str, timestamp: int, payload: Mapping[str, object]) -> Request:
    """The request with its headers; without a secret the signature is left out."""
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    own = {name: reveal(value) for name, value in options.headers.items()}
    headers = {**own, **_authorization(options), "Content-Type": "application/json"}
    headers |= {"webhook-id": key, "webhook-timestamp": str(timestamp)}
    secrets = [*own.values(), *(reveal(one) for one in (options.secret, options.password, options.bearer) if one)]
    if options.secret is not None:
        headers["webhook-signature"] = signature(reveal(options.secret), key, timestamp, body)
    return Request(reveal(options.url), body, headers, options.method, tuple(secrets))


def _authorization(options: Webhook) -> dict[str, str]:
    if options.bearer is not None:
        return {"Authorization": f"Bearer {reveal(options.bearer)}"}
    if options.username is not None and options.password is not None:
        pair = f"{options.username}:{reveal(options.password)}".encode()  # RFC 7617: UTF-8
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {}


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    digest = hmac.new(signing_key(secret), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def signing_key(secret: str) -> bytes:
    """The key bytes: what follows `whsec_` decoded from base64, or a plain secret's UTF-8.

    Raises `ValueError` when there is no key: nothing follows `whsec_`, or something that is not base64.
    """
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("what follows whsec_ is not base64: copy the secret again") from None
    if not key:
        raise ValueError("nothing follows whsec_: copy the whole secret")
    return key


def webhook_problems(options: Webhook) -> Iterator[OptionProblem]:
    """A secret that cannot sign, a login that is incomplete or given twice, a header that is ours."""
    if options.secret is None:
        advice = "has no secret, so its receiver cannot verify who sent a message; give it one"
        yield OptionProblem("", advice, is_warning=True)
    secret = options.secret.value if isinstance(options.secret, Secret) else options.secret
    try:
        signing_key(secret or "plain")
    except ValueError as error:
        yield OptionProblem("secret", str(error))
    if (options.username is None) != (options.password is None):
        given, missing = ("username", "password") if options.password is None else ("password", "username")
        yield OptionProblem("", f"has a {given} but no {missing}; give both or neither")
    ways = (options.bearer, options.username, _named(options, "authorization"))
    if sum(way is not None for way in ways) > 1:
        yield OptionProblem("", "logs in in two ways; keep one of bearer, username, and the header Authorization")
    for name in options.headers:
        if name.lower() in _OUR_HEADERS:
            yield OptionProblem("headers", f"{name} is set by this program; remove it")


def _named(options: Webhook, header: str) -> str | Secret | None:
    return next((value for name, value in options.headers.items() if name.lower() == header), None)


def judge_webhook(answer: Answer) -> Outcome:
    """Standard Webhooks: 2xx is success, 410 ends it, everything else is tried again on the schedule.

    A 404 or 400 of a program that is just being deployed passes; of a chat service it would not. A web page is
    no answer of a program that takes JSON: the receiver is behind a login page, or the address is wrong.
    """
    outcome = judge_answer(answer, lambda answer: not answer.is_page)
    if isinstance(outcome, Delivered | TryAgain) or answer.status == 410:
        return outcome
    if outcome.reason is AttemptReason.TOO_LARGE:
        return GiveUp(outcome.reason, outcome.detail)
    return TryAgain(AttemptReason.REFUSED, answer.summary[:DETAIL_CHARACTERS])


def build_webhook(options: Webhook, transport: Transport) -> WebhookChannel:
    if options.secret is not None:
        signing_key(reveal(options.secret))
    return WebhookChannel(options, transport.http, transport.clock)


WEBHOOK = ChannelKind("webhook", Webhook, build_webhook, webhook_problems)
