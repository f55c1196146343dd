"""Bounds what a receiver may answer below the HTTP library, so that interim answers, headers and chunk sizes count.

Without it, a receiver could keep the event loop busy with interim answers (RFC 9110 §15.2) for as long as a send may
take.
"""

from __future__ import annotations

import ssl
from http.cookiejar import CookieJar
from typing import Any

import httpx2

from watcher.net.bounded import HEAD_BYTES, PIECE, BoundedBackend, BoundedStream


class AnswerTooLongError(Exception):
    """A receiver sends more than an answer may have. The message is ours."""


class LimitedStream(BoundedStream):
    """A connection that reads no more after a request than is allowed: first a head, then what `allow` says."""

    has_answered = False
    """Something was read since the last request. If not, its answer was sent behind the one before."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - the interface's
        """Raises `AnswerTooLongError` once the allowance is used up."""
        if self._left <= 0:
            raise AnswerTooLongError(f"the receiver answers with more than {HEAD_BYTES:,} bytes before any body")
        data = await self._stream.read(min(max_bytes, PIECE), timeout)
        self._left -= len(data)
        self.has_answered = True
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the interface's
        self.has_answered = False
        await super().write(buffer, timeout)


class LimitedTransport(httpx2.AsyncHTTPTransport):
    """HTTPX's own transport over limited connections, which it has no option for."""

    def __init__(self, tls: ssl.SSLContext, proxy: str | None, limits: httpx2.Limits) -> None:
        super().__init__(verify=tls, proxy=proxy, trust_env=False, limits=limits)
        self._pool._network_backend = BoundedBackend(self._pool._network_backend, LimitedStream)


class NoCookies(CookieJar):
    """Keeps no cookie, and does not look at any: receivers may send thousands."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Does nothing."""
