"""After a sudden death on SQLite every feed that was being read is read again soon (I16)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.harness.harness import Harness, rss
from tests.harness.servers import Answer, Request

FEEDS = 8
READ_AGAIN_WITHIN = 30.0
"""Seconds after a restart, as users are promised; a slow start of the process included."""


@dataclass
class HangingFeeds:
    """Answers no first request for a feed before it is released, and every later one at once."""

    asked: Counter[str] = field(default_factory=Counter)
    in_flight: threading.Event = field(default_factory=threading.Event)
    read_again: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Answer:
        with self.lock:
            self.asked[request.path] += 1
            is_first = self.asked[request.path] == 1
            if len(self.asked) == FEEDS:
                self.in_flight.set()
                if min(self.asked.values()) > 1:
                    self.read_again.set()
        if is_first:
            self.released.wait()
        return Answer(200, {"Content-Type": "application/xml"}, rss("wire", []))


@contextmanager
def running(harness: Harness) -> Iterator[None]:
    """A daemon that is killed at the end."""
    daemon = harness.daemon()
    try:
        yield
    finally:
        daemon.kill()
        daemon.wait()


def test_feeds_in_flight_are_read_again_within_half_a_minute(harness: Harness) -> None:
    feeds = HangingFeeds()
    harness.feed_urls = [harness.feeds.put(f"/feed-{number}", feeds) for number in range(FEEDS)]
    harness.polling = "polling: {min: 0s, timeout: 60s, per_host: {concurrency: 8, spacing: 0s}}"
    harness.write()
    try:
        with running(harness):
            assert feeds.in_flight.wait(READ_AGAIN_WITHIN)
        with running(harness):
            assert feeds.read_again.wait(READ_AGAIN_WITHIN), feeds.asked
    finally:
        feeds.released.set()
