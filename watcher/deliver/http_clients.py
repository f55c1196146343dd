"""Requests to receivers: directly or through a proxy, trusting the system's authorities and perhaps one of your own.

Redirects are never followed: the request carries a secret, and a POST that becomes a GET would count as
delivered. Only the beginning of an answer is read. No cookies are kept.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import httpx2

from watcher.deliver.answer_limit import AnswerTooLongError, LimitedStream, LimitedTransport
from watcher.deliver.http_answers import Answer, Judge, Request
from watcher.errors import AttemptReason
from watcher.model.notification import GiveUp, Outcome, TryAgain
from watcher.model.route import DIRECT, Receiver
from watcher.model.secret import reveal
from watcher.model.settings import Network
from watcher.text.redact import redact, secret_parts

ANSWER_BYTES = 262_144
"""How much of an answer is read, in bytes: Slack, Telegram and Mattermost repeat the whole message in theirs."""

ANSWER_PIECES = 5_000
"""How many chunks of an answer are read."""


@dataclass(frozen=True, slots=True)
class Via:
    """The way to one receiver: `proxy` is a URL, `ca_file` a bundle trusted beside the system's authorities."""

    proxy: str | None = field(default=None, repr=False)
    ca_file: Path | None = None

    @property
    def tls(self) -> ssl.SSLContext:
        return _trusting(self.ca_file)


class HttpClients:
    """The HTTP clients of all channels, one for each way, made when first needed; outlives the channels.

    No proxies from the environment.
    """

    def __init__(self, network: Network | None = None, user_agent: str = "watcher") -> None:
        self._network = network or Network()
        self._user_agent = user_agent
        self._clients: dict[Via, httpx2.AsyncClient] = {}

    @property
    def default(self) -> httpx2.AsyncClient:
        """The client of the way that `network` names."""
        return self.client(self.via(Receiver("")))

    def via(self, receiver: Receiver) -> Via:
        """What the receiver says itself, else `network`. Raises `LookupError` without the proxy's secret."""
        written = self._network.delivery_proxy if receiver.proxy is None else receiver.proxy
        proxy = None if written is None else reveal(written)
        return Via(None if proxy == DIRECT else proxy, receiver.ca_file or self._network.ca_file)

    def client(self, via: Via) -> httpx2.AsyncClient:
        if via not in self._clients:
            self._clients[via] = _client(via, self._user_agent)
        return self._clients[via]

    async def aclose(self) -> None:
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def __aenter__(self) -> HttpClients:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()


def _client(via: Via, user_agent: str) -> httpx2.AsyncClient:
    """Its logger would write whole URLs, which are secrets here (I12), hence the level."""
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    return httpx2.AsyncClient(
        transport=LimitedTransport(via.tls, via.proxy, httpx2.Limits(max_connections=50, max_keepalive_connections=20)),
        trust_env=False,
        follow_redirects=False,
        timeout=None,
        headers={"User-Agent": user_agent, "Accept-Encoding": "identity"},
        cookies=_NoCookies(),
    )


class _NoCookies(CookieJar):
    """Keeps no cookie, and does not look at any: receivers may send thousands."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Does nothing."""


@lru_cache(maxsize=16)
def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    context = httpx2.create_ssl_context(trust_env=False)
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


async def post(client: httpx2.AsyncClient, request: Request, deadline: timedelta, judge: Judge) -> Outcome:
    """Sends the request and judges the answer; ends within the deadline; never raises for what networks do."""
    try:
        async with asyncio.timeout(deadline.total_seconds()):
            answer = await _exchange(client, request)
    except TimeoutError:
        return TryAgain(AttemptReason.TIMEOUT, f"no answer within {deadline.total_seconds():g} s")
    except (httpx2.ConnectError, httpx2.ProxyError) as error:
        return _connect_failure(error)
    except (httpx2.UnsupportedProtocol, httpx2.InvalidURL):
        return GiveUp(AttemptReason.REFUSED, "the address is not an http(s) URL: correct it in the configuration")
    except UnicodeError:
        return GiveUp(AttemptReason.REFUSED, "address or token hold characters that HTTP cannot carry: copy them again")
    except (AnswerTooLongError, httpx2.HTTPError) as error:
        is_ours = isinstance(error, AnswerTooLongError)
        detail = str(error) if is_ours else f"the connection broke ({type(error).__name__})"
        return TryAgain(AttemptReason.PROTOCOL, detail)
    return judge(answer)


async def _exchange(client: httpx2.AsyncClient, request: Request) -> Answer:
    async with client.stream(request.method, request.url, content=request.body, headers=dict(request.headers)) as got:
        body = await _beginning(got)
        secrets = [*secret_parts(request.url), *request.secrets]
        return Answer(got.status_code, dict(got.headers), redact(body, secrets), body)


async def _beginning(response: httpx2.Response) -> str:
    """As much of the body as counts. What a receiver sends beyond that, in bytes or in pieces, is not waited for."""
    body = bytearray()
    pieces = 0
    if isinstance(stream := response.extensions.get("network_stream"), LimitedStream):
        stream.allow(2 * ANSWER_BYTES)
    with suppress(AnswerTooLongError):
        async for piece in response.aiter_raw():
            body += piece
            pieces += 1
            if len(body) >= ANSWER_BYTES or pieces >= ANSWER_PIECES:
                break
    plain = bytes(body[:ANSWER_BYTES])
    return _inflated(plain, response.headers.get("Content-Encoding", "")).decode("utf-8", "replace")


def _inflated(body: bytes, encoding: str) -> bytes:
    """The beginning of a body that a server has compressed without having been asked to."""
    if encoding.lower() not in {"gzip", "deflate"}:
        return body
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(body, ANSWER_BYTES)
    except zlib.error:
        return b""


def _connect_failure(error: httpx2.TransportError) -> TryAgain:
    if "SSL" in str(error) or "certificate" in str(error).lower():
        return TryAgain(AttemptReason.TLS, _NO_TLS)
    if isinstance(error, httpx2.ProxyError):
        return TryAgain(
            AttemptReason.CONNECT, "the proxy did not connect: check that it runs and takes our credentials"
        )
    return TryAgain(AttemptReason.CONNECT, "could not connect: check that the receiver runs and its address is right")


_NO_TLS = (
    "no trusted TLS connection: check the receiver's certificate; an authority of your own belongs into network.ca_file"
)
