"""Connections that are used again for the same origin.

httpcore2's own pool looks at each of its connections at the beginning and at the end of each request, because any of
them may take several requests at once (HTTP/2). Here a connection serves one request at a time, so that a look at those
of the same origin is enough: with thirty connections, that took a seventh of the time of the event loop.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpcore2

KEPT_OPEN = 50
"""Idle connections of all origins together."""

_Origin = tuple[bytes, bytes, int]
_ENDED = (httpcore2.RemoteProtocolError, httpcore2.ReadError, httpcore2.WriteError)


class KeptConnections:
    """Opens a connection for each request for whose origin none is idle. Belongs to the event loop.

    How many are open is bounded by how many requests its users make at once.
    """

    def __init__(self, open_connection: Callable[[httpcore2.Origin], httpcore2.AsyncHTTPConnection]) -> None:
        self._open = open_connection
        self._idle: OrderedDict[httpcore2.AsyncHTTPConnection, _Origin] = OrderedDict()
        """Those idle for the longest time first."""
        self._of_origin: dict[_Origin, list[httpcore2.AsyncHTTPConnection]] = {}
        self._is_closed = False

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: httpcore2.URL,
        *,
        headers: list[tuple[bytes, bytes]],
        content: bytes | None = None,
        extensions: Mapping[str, Any],
    ) -> AsyncIterator[httpcore2.Response]:
        """One request; its connection is kept once the whole answer was read and nothing follows it, else closed.

        A server may end an idle connection at the moment when it is used again. A GET request that got no answer for
        that is sent once more (RFC 9112 §9.3.1).
        """
        origin = (url.origin.scheme, url.origin.host, url.origin.port)
        while True:
            kept = await self._take(origin)
            connection = kept or self._open(url.origin)
            is_answered = False
            try:
                async with connection.stream(
                    method, url, headers=headers, content=content, extensions=dict(extensions)
                ) as response:
                    is_answered = True
                    yield response
                return
            except _ENDED:
                if kept is None or is_answered or method != "GET":
                    raise
            finally:
                await self._leave(connection, origin)

    async def aclose(self) -> None:
        """Closes the idle connections; the others are closed with their request."""
        self._is_closed = True
        while self._idle:
            await self._close_oldest()

    async def _take(self, origin: _Origin) -> httpcore2.AsyncHTTPConnection | None:
        """The connection of this origin that was used last, so that the others may expire."""
        while connections := self._of_origin.get(origin):
            connection = connections[-1]
            self._forget(connection)
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return None

    async def _leave(self, connection: httpcore2.AsyncHTTPConnection, origin: _Origin) -> None:
        if connection.is_idle() and not self._is_closed and not _has_surplus(connection):
            self._idle[connection] = origin
            self._of_origin.setdefault(origin, []).append(connection)
        else:
            await connection.aclose()
        while self._idle and (len(self._idle) > KEPT_OPEN or next(iter(self._idle)).has_expired()):
            await self._close_oldest()

    async def _close_oldest(self) -> None:
        connection = next(iter(self._idle))
        self._forget(connection)
        await connection.aclose()

    def _forget(self, connection: httpcore2.AsyncHTTPConnection) -> None:
        origin = self._idle.pop(connection)
        connections = self._of_origin[origin]
        connections.remove(connection)
        if not connections:
            del self._of_origin[origin]


def _has_surplus(connection: httpcore2.AsyncHTTPConnection) -> bool:
    """Whether bytes were read behind an answer: they would be taken for the answer to the next request.

    Servers send them that count a body wrongly, or send one with a 304 (RFC 9112 §6.3). h11 keeps them, and httpcore2
    has no question for that; if it names its parts differently one day, no connection is kept.
    """
    state = getattr(getattr(connection, "_connection", None), "_h11_state", None)
    return state is None or bool(state.trailing_data[0])
