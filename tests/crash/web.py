"""Enough of an HTTP/1.1 server to misbehave precisely: answers, silence, resets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """A request, whole; header names in lower case. `opened` is when its first line was read."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    opened: float


@dataclass(frozen=True, slots=True)
class Answer:
    """`reset`: no answer, the connection is torn down. `after`: seconds of silence before it."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    after: float = 0.0
    reset: bool = False


Responder = Callable[[Request], Answer]
STATUS = {200: "OK", 204: "No Content", 304: "Not Modified", 404: "Not Found", 429: "Too Many", 503: "Unavailable"}


async def serve(respond: Responder, host: str = "127.0.0.1", port: int = 0) -> asyncio.Server:
    """Listens on a loopback address; port 0 is one of the system's choice."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while await _exchange(reader, writer, respond):
                pass
        writer.close()

    return await asyncio.start_server(converse, host, port, backlog=512)


def port_of(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, respond: Responder) -> bool:
    first = await reader.readline()
    if not first:
        return False
    opened = time.time()
    method, path, _ = first.decode("latin-1").split(" ", 2)
    headers: dict[str, str] = {}
    while (line := (await reader.readline()).decode("latin-1").strip()) != "":
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    answer = respond(Request(method, path, headers, body, opened))
    if answer.after:
        await asyncio.sleep(answer.after)
    if answer.reset:
        tear_down(writer)
        return False
    writer.write(_head(answer) + answer.body)
    await writer.drain()
    return True


def _head(answer: Answer) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {STATUS[answer.status]}"]
    if answer.status not in {204, 304}:
        lines.append(f"Content-Length: {len(answer.body)}")
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def tear_down(writer: asyncio.StreamWriter) -> None:
    """Closes with RST, as a machine that died does: what is in flight is lost."""
    connection = writer.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
