"""A small HTTP listener for monitoring: /metrics, /livez and /readyz.

It runs on the event loop, so that an answer proves that the loop runs. Connections are few and short: 300 idle ones
once kept 300 threads of the library's own server for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from watcher.lazy_dataclass import dataclass

log = structlog.get_logger()

MAX_CONNECTIONS = 32
TIMEOUT = 5.0
"""Seconds for a connection as a whole."""
MAX_REQUEST_BYTES = 8_192

_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A body with its status and type."""

    body: bytes
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"


Handler = Callable[[], Awaitable[Answer]]


def read_address(text: str) -> tuple[str, int]:
    """`HOST:PORT` or `:PORT` (loopback); an IPv6 host in brackets. Raises `ValueError` for anything else."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise ValueError("not an address")
    return host.removeprefix("[").removesuffix("]") or "127.0.0.1", int(port)


class HttpListener:
    """Answers GET requests for a few paths, one request a connection. Belongs to the event loop."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers
        self._open: dict[asyncio.StreamWriter, None] = {}
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listens; returns the port, which is chosen by the system for 0. Raises `OSError`."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=MAX_REQUEST_BYTES)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Stops listening."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= MAX_CONNECTIONS:
            oldest = next(iter(self._open))  # an idle one: an honest request takes milliseconds
            del self._open[oldest]
            oldest.transport.abort()
        self._open[writer] = None
        try:
            async with asyncio.timeout(TIMEOUT):
                writer.write(_encoded(await self._answer(reader)))
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except (TimeoutError, OSError):
            writer.transport.abort()
        finally:
            self._open.pop(writer, None)

    async def _answer(self, reader: asyncio.StreamReader) -> Answer:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, _ = head.split(b"\r\n", 1)[0].decode("ascii").split(" ")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            return Answer(b"bad request\n", 400)
        handler = self._handlers.get(target.partition("?")[0])
        if handler is None:
            return Answer(f"not found; there is {', '.join(self._handlers)}\n".encode(), 404)
        if method != "GET":
            return Answer(b"only GET\n", 405)
        try:
            return await handler()
        except Exception as error:
            log.exception("monitoring.failed", path=target)
            return Answer(f"{type(error).__name__}; see the log\n".encode(), 503)


def _encoded(answer: Answer) -> bytes:
    head = (
        f"HTTP/1.1 {answer.status} {_REASONS[answer.status]}\r\nContent-Type: {answer.content_type}\r\n"
        f"Content-Length: {len(answer.body)}\r\nConnection: close\r\nX-Content-Type-Options: nosniff\r\n\r\n"
    )
    return head.encode("ascii") + answer.body
