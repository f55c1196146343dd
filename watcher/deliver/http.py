"""One HTTP request to a receiver, and what its answer means.

Redirects are never followed: the request carries a secret, and a POST that becomes a GET would count as
delivered. Answers are read only as far as a person needs to see them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx2

from watcher.errors import AttemptReason
from watcher.http_headers import retry_after
from watcher.model.notification import Delivered, GiveUp, Outcome, TryAgain

ANSWER_BYTES = 4096
"""How much of an answer is read."""

DETAIL_CHARACTERS = 200
"""How much of an answer goes into the notification log."""


TOKEN_CHARACTERS = 8
"""Shorter parts of a URL are ordinary words (`hooks`, `api`)."""


@dataclass(frozen=True, slots=True)
class Request:
    """What goes over the wire. `secrets` are texts that must not be seen in any answer we keep (I12)."""

    url: str = field(repr=False)
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    method: Literal["POST", "PUT"] = "POST"
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers in lower case, and the beginning of the body, without secrets."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def summary(self) -> str:
        return f"HTTP {self.status} {self.text}".strip()


Judgement = Callable[[Answer], Outcome]
"""What a receiver's answer means; each kind of channel may know its own."""


def http_client(user_agent: str = "watcher") -> httpx2.AsyncClient:
    """The client of all channels: no redirects, no proxies from the environment.

    Its logger would write whole URLs, which are secrets here (I12), hence the level.
    """
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    limits = httpx2.Limits(max_connections=50, max_keepalive_connections=20)
    headers = {"User-Agent": user_agent}
    return httpx2.AsyncClient(trust_env=False, follow_redirects=False, timeout=None, limits=limits, headers=headers)


async def post(client: httpx2.AsyncClient, request: Request, deadline: timedelta, judge: Judgement) -> Outcome:
    """Sends the request and judges the answer; ends within the deadline; never raises for what networks do."""
    try:
        async with asyncio.timeout(deadline.total_seconds()):
            answer = await _exchange(client, request)
    except TimeoutError:
        return TryAgain(AttemptReason.TIMEOUT, f"no answer within {deadline.total_seconds():g} s")
    except httpx2.ConnectError as error:
        return _connect_failure(error)
    except (httpx2.UnsupportedProtocol, httpx2.InvalidURL):
        return GiveUp(AttemptReason.REFUSED, "the address is not an http(s) URL: correct it in the configuration")
    except UnicodeError:
        return GiveUp(AttemptReason.REFUSED, "address or token hold characters that HTTP cannot carry: copy them again")
    except httpx2.HTTPError as error:
        return TryAgain(AttemptReason.PROTOCOL, f"the connection broke ({type(error).__name__})")
    return judge(answer)


async def _exchange(client: httpx2.AsyncClient, request: Request) -> Answer:
    async with client.stream(request.method, request.url, content=request.body, headers=dict(request.headers)) as got:
        body = await _beginning(got)
        secrets = [*secret_parts(request.url), *request.secrets]
        return Answer(got.status_code, dict(got.headers), redact(body, secrets))


async def _beginning(response: httpx2.Response) -> str:
    body = bytearray()
    async for piece in response.aiter_raw(ANSWER_BYTES):
        body += piece
        if len(body) >= ANSWER_BYTES:
            break
    return bytes(body[:ANSWER_BYTES]).decode("utf-8", "replace")


def _connect_failure(error: httpx2.ConnectError) -> TryAgain:
    if "SSL" in str(error) or "certificate" in str(error).lower():
        return TryAgain(AttemptReason.TLS, "no trusted TLS connection: check the receiver's certificate")
    return TryAgain(AttemptReason.CONNECT, "could not connect: check that the receiver runs and its address is right")


def secret_parts(url: str) -> list[str]:
    """The URL and what in it may be a token by itself: a receiver that refuses one likes to repeat it."""
    parts = urlsplit(url)
    pieces = [*parts.path.split("/"), *(value for _, value in parse_qsl(parts.query))]
    return [url, *(form for piece in pieces if len(piece) >= TOKEN_CHARACTERS for form in (piece, unquote(piece)))]


def redact(text: str, secrets: Collection[str]) -> str:
    """The text on one line with every secret replaced by stars."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())


def judge_answer(answer: Answer) -> Outcome:
    """The meaning of a status as HTTP (RFC 9110) has it, for services that say nothing more precise."""
    detail = answer.summary[:DETAIL_CHARACTERS]
    if 200 <= answer.status < 300:
        return Delivered(detail)
    reason = reason_of(answer.status)
    if reason in _REMEDIES:
        detail = f"{detail}: {_REMEDIES[reason]}"
    if reason in FINAL:
        return GiveUp(reason, detail)
    return TryAgain(reason, detail, retry_after(answer.headers))


def reason_of(status: int) -> AttemptReason:
    """What a status that is not a success says."""
    if status in _REASONS:
        return _REASONS[status]
    if status >= 500:
        return AttemptReason.UNAVAILABLE
    return AttemptReason.REFUSED if status >= 400 else AttemptReason.REDIRECTED


FINAL = frozenset({AttemptReason.REFUSED, AttemptReason.GONE, AttemptReason.TOO_LARGE})
"""Reasons that another attempt with the same message cannot mend."""

_REASONS: Mapping[int, AttemptReason] = {
    401: AttemptReason.AUTHENTICATION,
    403: AttemptReason.AUTHENTICATION,
    404: AttemptReason.GONE,
    407: AttemptReason.AUTHENTICATION,
    408: AttemptReason.UNAVAILABLE,
    409: AttemptReason.UNAVAILABLE,
    410: AttemptReason.GONE,
    413: AttemptReason.TOO_LARGE,
    425: AttemptReason.UNAVAILABLE,
    429: AttemptReason.SLOW_DOWN,
    502: AttemptReason.SLOW_DOWN,
    503: AttemptReason.SLOW_DOWN,
    504: AttemptReason.SLOW_DOWN,
}

_REMEDIES: Mapping[AttemptReason, str] = {
    AttemptReason.AUTHENTICATION: "check the credentials of this channel",
    AttemptReason.GONE: "the receiver no longer exists at this address; configure the new one",
    AttemptReason.REDIRECTED: "redirects are not followed; configure the new address",
}
