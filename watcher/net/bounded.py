"""Connections below the HTTP library that read a bounded number of bytes after each request, for feeds and receivers.

What the library takes before a body (interim answers, RFC 9110 §15.2, status line, headers) and what it discards inside
one (the sizes of chunks) counts here.
"""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore2

HEAD_BYTES = 1 << 15
"""For everything before the body of the answer to one request."""
PIECE = 1 << 13
"""Bytes read at a time: a thousand tiny answers or chunks in them do not block the event loop."""


class BoundedStream(httpcore2.AsyncNetworkStream):
    """A connection on which each request begins a new allowance: first a head, then what `allow` says.

    Who derives from it implements `read`, and refuses in its own words when nothing is left.
    """

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream
        self._left = HEAD_BYTES
        self._socket: socket.socket | None = None
        self._tls: ssl.SSLObject | None = None

    def allow(self, body_bytes: int) -> None:
        """The head is complete: from here on `body_bytes` may come."""
        self._left = body_bytes

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
        return type(self)(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._is_readable() if info == "is_readable" else self._stream.get_extra_info(info)

    def _is_readable(self) -> bool:
        """Whether the other side has sent something or ended. What is found is lost: the connection is of no more use.

        The library asks each idle connection at the start and the end of each request. The stream below would also look
        up both addresses each time, and would not see what was read from the socket, but not decrypted yet.
        """
        if self._socket is None:
            self._socket = self._stream.get_extra_info("socket")
            self._tls = self._stream.get_extra_info("ssl_object")
        if self._tls is not None and _has_record(self._tls):
            return True
        descriptor = -1 if self._socket is None else self._socket.fileno()
        if descriptor < 0:
            return True
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))


def _has_record(tls: ssl.SSLObject) -> bool:
    """Whether more than tickets and the like was received (RFC 8446 §4.6)."""
    try:
        tls.read(1)
    except ssl.SSLWantReadError:
        return False
    except ssl.SSLError:
        return True
    return True


class BoundedBackend(httpcore2.AsyncNetworkBackend):
    """A network backend that wraps each connection of another one in a kind of `BoundedStream`."""

    def __init__(self, backend: httpcore2.AsyncNetworkBackend, stream: type[BoundedStream]) -> None:
        self._backend = backend
        self._bounded = stream

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        return self._bounded(await self._backend.connect_tcp(host, port, timeout, local_address, socket_options))

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        raise httpcore2.ConnectError("neither feeds nor receivers are reached by a local socket")

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)
