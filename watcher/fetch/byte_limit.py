"""What one answer may send, counted beneath HTTP: a flood of interim answers, headers or empty chunks costs bytes, too."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore2

from watcher.errors import FetchError, PollReason

HEAD_BYTES = 1 << 15
"""For everything before a body: interim answers (RFC 9110 §15.2), status line, headers."""

_HEAD_PIECE = 1 << 13
"""Bytes read at a time before the body: so little that a thousand tiny answers in it do not hold the event loop."""


class MeteredStream(httpcore2.AsyncNetworkStream):
    """A connection that reads no more for one request than is allowed: first a head, then what `allow` says."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream
        self._left = HEAD_BYTES
        self._in_head = True

    def allow(self, body_bytes: int) -> None:
        """The head is complete: from here on `body_bytes` may come."""
        self._in_head = False
        self._left = body_bytes

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - the interface's
        """Raises `FetchError` (`protocol`, `too_large`) once the allowance is used up."""
        if self._left <= 0:
            raise self._refusal()
        data = await self._stream.read(min(max_bytes, _HEAD_PIECE) if self._in_head else max_bytes, timeout)
        self._left -= len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the interface's
        self._in_head, self._left = True, HEAD_BYTES
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's
    ) -> httpcore2.AsyncNetworkStream:
        return MeteredStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _refusal(self) -> FetchError:
        if self._in_head:
            return FetchError(
                PollReason.PROTOCOL, f"the server sends more than {HEAD_BYTES:,} bytes of headers; it must mend that"
            )
        return FetchError(
            PollReason.TOO_LARGE, "the server sends far more than its document; raise polling.max_bytes to read it"
        )


class MeteredBackend(httpcore2.AsyncNetworkBackend):
    """A network backend whose connections are metered."""

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
        return MeteredStream(await self._backend.connect_tcp(host, port, timeout, local_address, socket_options))

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        return MeteredStream(await self._backend.connect_unix_socket(path, timeout, socket_options))

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)
