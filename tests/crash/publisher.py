"""A publisher: many feeds on one host, honest validators, every entry in the truth log before anybody can read it."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import asdict
from email.utils import formatdate
from pathlib import Path

from tests.crash.ledger import Ledger
from tests.crash.published_log import Author, Entry
from tests.crash.web import Answer, Request, port_of, serve


class Publisher:
    """Serves `/feeds/N.xml`, at one port of `hosts` loopback addresses. A feed keeps its newest `window` entries."""

    def __init__(self, folder: Path, author: Author, feeds: int, window: int, hosts: int = 1) -> None:
        self.feeds = feeds
        self._hosts = [f"127.77.0.{number}" for number in range(1, hosts + 1)]
        self.published = 0
        self.polls = 0
        self._author = author
        self._truth = Ledger(folder / "truth.jsonl", synced=True)
        self._entries: dict[int, deque[tuple[Entry, str]]] = defaultdict(lambda: deque(maxlen=window))
        self._versions: dict[int, int] = defaultdict(int)
        self._servers: list[asyncio.Server] = []

    async def start(self) -> None:
        for host in self._hosts:
            port = port_of(self._servers[0]) if self._servers else 0
            self._servers.append(await serve(self._respond, host, port))

    def stop(self) -> None:
        for server in self._servers:
            server.close()
        self._truth.close()

    def urls(self) -> list[str]:
        port, hosts = port_of(self._servers[0]), self._hosts
        return [f"http://{hosts[number % len(hosts)]}:{port}/feeds/{number}.xml" for number in range(self.feeds)]

    def publish(self, count: int) -> None:
        """Logs `count` new entries, with one fsync, then shows them."""
        new = [self._author.write() for _ in range(count)]
        self._truth.write(*(asdict(entry) for entry in new))
        now = formatdate(usegmt=True)
        for entry in new:
            self._entries[entry.feed].append((entry, now))
            self._versions[entry.feed] += 1
        self.published += count

    async def publish_steadily(self, entries: int, share: Callable[[], float]) -> None:
        """Publishes until `share`, the part of `entries` that should be out by now, has come to 1."""
        while self.published < entries:
            wanted = min(entries, int(entries * share()))
            if wanted > self.published:
                self.publish(wanted - self.published)
            await asyncio.sleep(0.1)

    def _respond(self, request: Request) -> Answer:
        self.polls += 1
        number = int(request.path.rpartition("/")[2].partition(".")[0])
        etag = f'"{number}-{self._versions[number]}"'
        if request.headers.get("if-none-match") == etag:
            return Answer(304, {"ETag": etag})
        return Answer(200, {"ETag": etag, "Content-Type": "application/rss+xml"}, self._document(number))

    def _document(self, number: int) -> bytes:
        items = "".join(
            f"<item><guid isPermaLink='false'>{entry.token}</guid><title>{entry.title}</title><link>{entry.link}</link>"
            f"<description>{entry.text}</description><pubDate>{date}</pubDate></item>"
            for entry, date in reversed(self._entries[number])
        )
        head = f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>Feed {number}</title>"
        return f"{head}<link>https://news.example.org/</link>{items}</channel></rss>".encode()
