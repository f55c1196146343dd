"""Caps the bytes read for one response below the HTTP layer, so that 1xx floods, headers and empty chunks count."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore2

from watcher.errors import FetchError, PollReason
from watcher.fetch.http_head import head_end, refuse_unless_http, repaired_head

HEAD_BYTES = 1 << 15
"""For everything before a body: interim answers (RFC 9110 §15.2), status line, headers."""

_HEAD_PIECE = 1 << 13
"""Bytes read at a time before the body: a thousand tiny answers in it do not block the event loop."""


class LimitedStream(httpcore2.AsyncNetworkStream):
    """A connection that reads no more for one request than is allowed: first a head, then what `allow` says.

    The head is passed on as a whole, repaired.
    """

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream
        self._left = HEAD_BYTES
        self._in_head = True
        self._head = b""
        self._ready = b""
        self.has_ended = False
        """The server has closed the connection, or broken it off."""

    def allow(self, body_bytes: int) -> None:
        """The head is complete: from here on `body_bytes` may come."""
        self._in_head = False
        self._left = body_bytes

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - the interface's
        """Raises `FetchError` (`protocol`, `too_large`) once the allowance is used up."""
        while not self._ready:
            if self._left <= 0:
                raise self._refusal()
            data = await self._read(min(max_bytes, _HEAD_PIECE) if self._in_head else max_bytes, timeout)
            if not self._in_head:
                return data
            if not data:
                self._ready, self._head = self._head, b""
                return self._taken(max_bytes)
            self._read_heads(data)
        return self._taken(max_bytes)

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
        return LimitedStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    async def _read(self, max_bytes: int, timeout: float | None) -> bytes:  # noqa: ASYNC109 - the interface's
        try:
            data = await self._stream.read(max_bytes, timeout)
        except httpcore2.ReadError:
            self.has_ended = True
            raise
        self._left -= len(data)
        self.has_ended = not data
        return data

    def _taken(self, max_bytes: int) -> bytes:
        data, self._ready = self._ready[:max_bytes], self._ready[max_bytes:]
        return data

    def _read_heads(self, data: bytes) -> None:
        """Makes complete heads ready: interim ones, and the final one with what follows it."""
        searched, self._head = len(self._head), (self._head + data).lstrip(b"\r\n")
        refuse_unless_http(self._head)
        while (end := head_end(self._head, searched)) is not None:
            status, head = repaired_head(self._head[:end])
            behind, searched = self._head[end:], 0
            self._ready += head
            if status >= 200 or status == 101:
                self._ready, self._head, self._in_head = self._ready + behind, b"", False
                return
            self._head = behind.lstrip(b"\r\n")
            refuse_unless_http(self._head)

    def _refusal(self) -> FetchError:
        if self._in_head:
            return FetchError(
                PollReason.PROTOCOL, f"the server sends more than {HEAD_BYTES:,} bytes of headers; it must fix that"
            )
        return FetchError(
            PollReason.TOO_LARGE, "the server sends far more than its document; raise polling.max_bytes to read it"
        )


class LimitedBackend(httpcore2.AsyncNetworkBackend):
    """A network backend whose connections are limited."""

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
        return LimitedStream(await self._backend.connect_unix_socket(path, timeout, socket_options))

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)
