"""Caps the bytes read for one response below the HTTP layer, so that 1xx floods, headers and empty chunks count."""

from __future__ import annotations

import httpcore2

from watcher.errors import FetchError, PollReason
from watcher.fetch.http_head import head_end, refuse_unless_http, repaired_head
from watcher.net.bounded import HEAD_BYTES, PIECE, BoundedStream


class LimitedStream(BoundedStream):
    """A connection that reads no more for one request than is allowed: first a head, then what `allow` says.

    The head is passed on as a whole, repaired.
    """

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        super().__init__(stream)
        self._in_head = True
        self._head = b""
        self._ready = b""
        self._may_have_more = False
        """The stream below gave as much as was asked for: it may keep more, which the socket does not show."""
        self.has_ended = False
        """The server has closed the connection, or broken it off."""

    def allow(self, body_bytes: int) -> None:
        self._in_head = False
        super().allow(body_bytes)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - the interface's
        """Raises `FetchError` (`protocol`, `too_large`) once the allowance is used up."""
        while not self._ready:
            if self._left <= 0:
                raise self._refusal()
            data = await self._read(min(max_bytes, PIECE) if self._in_head else max_bytes, timeout)
            if not self._in_head:
                return data
            if not data:
                self._ready, self._head = self._head, b""
                return self._taken(max_bytes)
            self._read_heads(data)
        return self._taken(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the interface's
        self._in_head = True
        await super().write(buffer, timeout)

    async def _read(self, max_bytes: int, timeout: float | None) -> bytes:  # noqa: ASYNC109 - the interface's
        try:
            data = await self._stream.read(max_bytes, timeout)
        except httpcore2.ReadError:
            self.has_ended = True
            raise
        self._left -= len(data)
        self._may_have_more = len(data) == max_bytes
        self.has_ended = not data
        return data

    def _is_readable(self) -> bool:
        return self._may_have_more or super()._is_readable()

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
