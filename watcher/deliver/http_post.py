"""Requests to receivers: directly or through a proxy, trusting the system's authorities and perhaps one of your own.

Redirects are never followed: the request carries a secret, and a POST that becomes a GET would count as
delivered. Only the beginning of an answer is read. No cookies are kept.
"""

from __future__ import annotations

import asyncio
import zlib
from contextlib import suppress
from datetime import timedelta

import httpx2

from watcher.deliver.answer_limit import AnswerTooLongError, LimitedStream
from watcher.deliver.http_answers import Answer, Judge, Request
from watcher.errors import AttemptReason
from watcher.model.notification import GiveUp, Outcome, TryAgain
from watcher.text.redact import redact, secret_parts

ANSWER_BYTES = 262_144
"""How much of an answer is read, in bytes: Slack, Telegram and Mattermost repeat the whole message in theirs."""

ANSWER_PIECES = 5_000
"""How many chunks of an answer are read."""


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
        stream = got.extensions.get("network_stream")
        if isinstance(stream, LimitedStream) and not stream.has_answered:
            raise httpx2.RemoteProtocolError("the receiver sent this answer before it had the message")
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
