"""What nodes work with in `bench/nodes.py`: hosts with feeds, receivers, and a line to the database that can be cut.

Everything listens on loopback: each host has an address of its own (127.77.0.N), so that each is a host to the nodes.
All servers run on one event loop in a thread of their own; what they saw is read by the thread that drives the run.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

EVERY = 15.0
"""Seconds between two entries of a feed."""

SHOWN = 40
ANSWER_TAKES = 0.2
LETTERS = str.maketrans("0123456789abcdef", "bcdfghjklmnpqrst")


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a node to a host. Times are seconds of `time.monotonic`."""

    node: str
    host: str
    path: str
    started: float
    ended: float
    status: int


def run_forever() -> asyncio.AbstractEventLoop:
    """An event loop in a thread that ends with the process."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True, name="world").start()
    return loop


@dataclass(slots=True)
class World:
    """The servers, and what they saw."""

    hosts: int
    feeds_per_host: int
    loop: asyncio.AbstractEventLoop = field(default_factory=run_forever)
    begun: float = field(default_factory=time.time)
    ends: float | None = None
    """No entry is published from this time on."""
    requests: list[Request] = field(default_factory=list)
    refusing: dict[str, int] = field(default_factory=dict)
    """Hosts whose next answer is 503, and the seconds they ask to be left alone."""
    refused: list[tuple[str, float, float]] = field(default_factory=list)
    """Host, when its refusal was sent, until when it asked to be left alone."""
    received: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    """By receiver and title of an entry: the ids of the messages that showed it."""
    feed_port: int = 0
    sink_port: int = 0

    def start(self) -> None:
        """Begins to serve."""
        self.call(self._start())

    def call(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Runs something on the servers' loop to its end."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    async def _start(self) -> None:
        sink = await asyncio.start_server(self._take_message, "127.0.0.1", 0)
        self.sink_port = sink.sockets[0].getsockname()[1]
        for number in range(1, self.hosts + 1):
            server = await asyncio.start_server(self._serve_feed, f"127.77.0.{number}", self.feed_port)
            self.feed_port = server.sockets[0].getsockname()[1]

    def urls(self) -> list[str]:
        """All feeds. The last host's feeds publish nothing."""
        return [
            f"http://127.77.0.{host}:{self.feed_port}/feed-{feed}"
            for host in range(1, self.hosts + 1)
            for feed in range(self.feeds_per_host)
        ]

    @property
    def quiet_host(self) -> str:
        """The host whose feeds publish nothing: it may refuse without any entry being late."""
        return f"127.77.0.{self.hosts}"

    def published(self, host: str, path: str) -> int:
        """How many entries a feed has published so far."""
        if host == self.quiet_host:
            return 0
        until = time.time() if self.ends is None else min(self.ends, time.time())
        return int((until - self.begun + _shift(host, path)) / EVERY)

    def titles(self) -> set[str]:
        """Every entry that was published."""
        return {
            title_of(host, path, number)
            for host, path in (_parts(url) for url in self.urls())
            for number in range(self.published(host, path))
        }

    async def _serve_feed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await _head(reader):
                started = time.monotonic()
                host, path = writer.get_extra_info("sockname")[0], head[0].split()[1]
                await asyncio.sleep(ANSWER_TAKES)
                status, answer = self._answer(host, path, head)
                self.requests.append(Request(_node(head), host, path, started, time.monotonic(), status))
                writer.write(answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _answer(self, host: str, path: str, head: list[str]) -> tuple[int, bytes]:
        if (wait := self.refusing.pop(host, None)) is not None:
            self.refused.append((host, time.monotonic(), time.monotonic() + wait))
            return 503, _http("503 Service Unavailable", f"Retry-After: {wait}\r\n", b"")
        count = self.published(host, path)
        etag = f'"{count}"'
        if f"if-none-match: {etag}" in (line.lower() for line in head):
            return 304, _http("304 Not Modified", f"ETag: {etag}\r\n", b"")
        return 200, _http(
            "200 OK", f"ETag: {etag}\r\nContent-Type: application/rss+xml\r\n", self._document(host, path)
        )

    def _document(self, host: str, path: str) -> bytes:
        count = self.published(host, path)
        items = "".join(
            f"<item><guid isPermaLink='false'>{host}{path}-{number}</guid><title>{title_of(host, path, number)}</title>"
            f"<pubDate>{format_datetime(datetime.fromtimestamp(self.begun + number * EVERY, UTC))}</pubDate></item>"
            for number in range(max(0, count - SHOWN), count)
        )
        return f"<rss version='2.0'><channel><title>{host}{path}</title>{items}</channel></rss>".encode()

    async def _take_message(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await _head(reader):
                names = dict(line.lower().split(": ", 1) for line in head[1:])
                body = json.loads(await reader.readexactly(int(names["content-length"])))
                for alert in body["data"]["alerts"]:
                    self.received[head[0].split()[1]][alert["entry"]["title"]].append(names["webhook-id"])
                writer.write(_http("204 No Content", "", b""))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def title_of(host: str, path: str, number: int) -> str:
    """Words that no other entry shares, so that no two are one story."""
    words = hashlib.sha256(f"{host}{path}{number}".encode()).hexdigest()[:32].translate(LETTERS)
    return f"Ceasefire {words[:8]} {words[8:16]} {words[16:24]} {words[24:]}"


def _parts(url: str) -> tuple[str, str]:
    host, path = url.removeprefix("http://").split("/", 1)
    return host.split(":")[0], f"/{path}"


def _shift(host: str, path: str) -> float:
    """Feeds do not publish at one moment."""
    return int(hashlib.sha256(f"{host}{path}".encode()).hexdigest(), 16) % 1000 / 1000 * EVERY


def _node(head: list[str]) -> str:
    """The name of the node that asks, from its User-Agent."""
    agent = next((line for line in head if line.lower().startswith("user-agent:")), "")
    return agent.partition("(node ")[2].partition(")")[0]


async def _head(reader: asyncio.StreamReader) -> list[str]:
    """The lines of a request's head; none at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return []
    return head.decode("latin-1").rstrip("\r\n").split("\r\n")


def _http(status: str, headers: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Line:
    """A TCP connection to the database that can be cut without a word: what is sent then arrives nowhere."""

    def __init__(self, world: World, port: int) -> None:
        self._to = port
        self._open = asyncio.Event()
        self._open.set()
        self._loop = world.loop
        self.port: int = world.call(self._listen())

    async def _listen(self) -> int:
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        port: int = server.sockets[0].getsockname()[1]
        return port

    def cut(self) -> None:
        """From now on nothing passes, and nothing says so."""
        self._on_loop(self._open.clear)

    def heal(self) -> None:
        """What was held back passes now."""
        self._on_loop(self._open.set)

    def _on_loop(self, what: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(what)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._copy(reader, there_writer), self._copy(there_reader, writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()
