"""Feeds that keep a poll waiting, and daemons that die meanwhile: whether another poll takes over."""

from __future__ import annotations

import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.harness.harness import Harness
from tests.harness.servers import Answer, Request


@dataclass
class HangingFeeds:
    """`count` feeds that answer no first request before they are released, and every later one at once."""

    count: int
    document: bytes
    asked: Counter[str] = field(default_factory=Counter)
    in_flight: threading.Event = field(default_factory=threading.Event)
    """Set when each was asked once."""
    asked_again: threading.Event = field(default_factory=threading.Event)
    """Set when each was asked twice."""
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Answer:
        with self.lock:
            self.asked[request.path] += 1
            is_first = self.asked[request.path] == 1
            if len(self.asked) == self.count:
                self.in_flight.set()
                if min(self.asked.values()) > 1:
                    self.asked_again.set()
        if is_first:
            self.released.wait()
        return Answer(200, {"Content-Type": "application/xml"}, self.document)


@contextmanager
def hanging_feeds(harness: Harness, count: int, document: bytes) -> Iterator[HangingFeeds]:
    """Writes a configuration with these feeds; releases them at the end."""
    feeds = HangingFeeds(count, document)
    harness.feed_urls = [harness.feeds.put(f"/feed-{number}", feeds) for number in range(count)]
    harness.write()
    try:
        yield feeds
    finally:
        feeds.released.set()


@contextmanager
def running(harness: Harness, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """A daemon that is killed at the end."""
    daemon = harness.daemon(**variables)
    try:
        yield daemon
    finally:
        daemon.kill()
        daemon.wait()
