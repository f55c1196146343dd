"""Two daemons on one store: a sudden death, a freeze and an orderly stop of one delay the other's work a little (I16)."""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.hanging_feeds import hanging_feeds, running
from tests.harness.harness import Harness, Item, rss

TIMINGS = "tick=0.2,node_beat=0.5,node_lives=4,node_margin=1"
START_WITHIN = 60.0
"""Seconds that two processes may take to start on a busy machine."""
TAKEN_OVER_WITHIN = 20.0
"""Seconds; in production, where a node lives for 15 seconds after its last beat, it is 30."""


@pytest.mark.parametrize(
    "end",
    [
        signal.SIGSTOP,  # on both engines: connections and locks of a frozen process stay
        pytest.param(signal.SIGKILL, marks=pytest.mark.sqlite_only),
        pytest.param(signal.SIGTERM, marks=pytest.mark.sqlite_only),
    ],
)
def test_the_other_daemon_takes_over_what_was_in_flight(harness: Harness, end: signal.Signals) -> None:
    item = Item("a", "Ceasefire agreed", datetime.now(UTC) - timedelta(minutes=1), "Officials said so.")
    harness.polling = "polling: {min: 1h, timeout: 60s, per_host: {concurrency: 8, spacing: 0s}}"
    with (
        hanging_feeds(harness, 6, rss("wire", [item])) as feeds,
        running(harness, WATCHER_TIMINGS=TIMINGS) as first,
    ):
        assert feeds.in_flight.wait(START_WITHIN)
        with running(harness, WATCHER_TIMINGS=TIMINGS) as second:
            wait_for_two_nodes(harness)
            first.send_signal(end)
            assert feeds.asked_again.wait(TAKEN_OVER_WITHIN), feeds.asked
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
