"""Bounds what a receiver may answer below the HTTP library, so that interim answers, headers and chunk sizes count.

Without it, a receiver could keep the event loop busy with interim answers (RFC 9110 §15.2) for as long as a send may
take.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from http.cookiejar import CookieJar
from typing import Any

import httpcore2
import httpx2

HEAD_BYTES = 1 << 15
"""For everything before the body of the answer to one request."""
PIECE = 1 << 13
"""Bytes read at a time: a thousand tiny answers or chunks in them do not block the event loop."""


class AnswerTooLongError(Exception):
    """A receiver sends more than an answer may have. The message is ours."""


class LimitedStream(httpcore2.AsyncNetworkStream):
    """A connection that reads no more after a request than is allowed: first a head, then what `allow` says."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream
        self._left = HEAD_BYTES

    def allow(self, body_bytes: int) -> None:
        """The head has come: from here on `body_bytes` may."""
        self._left = body_bytes

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - the interface's
        """Raises `AnswerTooLongError` once the allowance is used up."""
        if self._left <= 0:
            raise AnswerTooLongError(f"the receiver answers with more than {HEAD_BYTES:,} bytes before any body")
        data = await self._stream.read(min(max_bytes, PIECE), timeout)
        self._left -= len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the interface's
        self._left = HEAD_BYTES
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's
    ) -> httpcore2.AsyncNetworkStream:
        return LimitedStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _LimitedBackend(httpcore2.AsyncNetworkBackend):
    def __init__(self, backend: httpcore2.AsyncNetworkBackend) -> None:
        self._backend = backend

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        return LimitedStream(await self._backend.connect_tcp(host, port, timeout, local_address, socket_options))

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        raise httpcore2.ConnectError("a receiver is never reached by a local socket")

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


class LimitedTransport(httpx2.AsyncHTTPTransport):
    """HTTPX's own transport over limited connections, which it has no option for."""

    def __init__(self, tls: ssl.SSLContext, proxy: str | None, limits: httpx2.Limits) -> None:
        super().__init__(verify=tls, proxy=proxy, trust_env=False, limits=limits)
        self._pool._network_backend = _LimitedBackend(self._pool._network_backend)


class NoCookies(CookieJar):
    """Keeps no cookie, and does not look at any: receivers may send thousands."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Does nothing."""
