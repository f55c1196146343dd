"""Two daemons on one store: a sudden death, a freeze and an orderly stop of one delay the other's work a little (I16)."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.harness import Harness, Item, rss
from tests.harness.servers import Answer, Request

FEEDS = 6
TIMINGS = "tick=0.2,node_beat=0.5,node_lives=4,node_margin=1"
START_WITHIN = 60.0
"""Seconds that two processes may take to start on a busy machine."""
TAKEN_OVER_WITHIN = 20.0
"""Seconds; in production, where a node lives for 15 seconds after its last beat, it is 30."""


@dataclass
class HangingFeeds:
    """Feeds that answer no first request before they are released, and every later one at once."""

    document: bytes
    asked: Counter[str] = field(default_factory=Counter)
    in_flight: threading.Event = field(default_factory=threading.Event)
    taken_over: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Answer:
        with self.lock:
            self.asked[request.path] += 1
            is_first = self.asked[request.path] == 1
            if len(self.asked) == FEEDS:
                self.in_flight.set()
                if min(self.asked.values()) > 1:
                    self.taken_over.set()
        if is_first:
            self.released.wait()
        return Answer(200, {"Content-Type": "application/xml"}, self.document)


@pytest.fixture
def feeds(harness: Harness) -> Iterator[HangingFeeds]:
    item = Item("a", "Ceasefire agreed", datetime.now(UTC) - timedelta(minutes=1), "Officials said so.")
    feeds = HangingFeeds(rss("wire", [item]))
    harness.feed_urls = [harness.feeds.put(f"/feed-{number}", feeds) for number in range(FEEDS)]
    harness.polling = "polling: {min: 1h, timeout: 60s, per_host: {concurrency: 8, spacing: 0s}}"
    harness.write()
    yield feeds
    feeds.released.set()


@contextmanager
def daemon(harness: Harness) -> Iterator[subprocess.Popen[bytes]]:
    """A daemon with short intervals, killed at the end."""
    process = harness.daemon(WATCHER_TIMINGS=TIMINGS)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM])
def test_the_other_daemon_takes_over_what_was_in_flight(
    harness: Harness, feeds: HangingFeeds, end: signal.Signals
) -> None:
    with daemon(harness) as first:
        assert feeds.in_flight.wait(START_WITHIN)
        with daemon(harness) as second:
            wait_for_two_nodes(harness)
            first.send_signal(end)
            assert feeds.taken_over.wait(TAKEN_OVER_WITHIN), feeds.asked
            assert second.poll() is None
            assert set(feeds.asked.values()) == {2}, "a feed was asked by two nodes at once, or twice by one"


def wait_for_two_nodes(harness: Harness) -> None:
    """Waits until the second daemon is a node of the store, too."""
    store = harness.store()
    try:
        pause, waited = threading.Event(), 0.0
        while sum(node.died_at is None for node in store.nodes.all()) < 2:
            assert waited < START_WITHIN
            pause.wait(0.1)
            waited += 0.1
    finally:
        store.close()
