"""Two daemons on one store: a sudden death, a freeze and an orderly stop of one delay the other's work a little (I16)."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.hanging_feeds import hanging_feeds, running
from tests.harness.harness import Harness, Item, rss

TIMINGS = "tick=0.2,node_beat=0.5,node_lives=4,node_margin=1"
START_WITHIN = 60.0
"""Seconds that two processes may take to start on a busy machine."""
TAKEN_OVER_WITHIN = 40.0
"""Seconds. Generous: the leases end after five, those of a process that is frozen in a transaction, too."""


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
            with sqlite_is_locked(harness):
                first.send_signal(end)
                if end is signal.SIGSTOP:
                    os.waitid(os.P_PID, first.pid, os.WSTOPPED | os.WNOWAIT)
            assert feeds.asked_again.wait(TAKEN_OVER_WITHIN), feeds.asked
            assert second.poll() is None
            assert set(feeds.asked.values()) == {2}, "a feed was asked by two nodes at once, or twice by one"


@contextmanager
def sqlite_is_locked(harness: Harness) -> Iterator[None]:
    """Keeps others out of a SQLite file: a process that is frozen in a transaction locks it for as long."""
    if not harness.store_url.startswith("sqlite"):
        yield
        return
    connection = sqlite3.connect(harness.folder / "watcher.db", isolation_level=None, timeout=10)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


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
