"""After a sudden death on SQLite every feed that was being read is read again soon (I16)."""

from __future__ import annotations

from tests.harness.hanging_feeds import hanging_feeds, running
from tests.harness.harness import Harness, rss

START_WITHIN = 60.0
"""Seconds that a process may take to start on a busy machine."""
READ_AGAIN_WITHIN = 30.0
"""Seconds after a restart, as users are promised; a slow start of the process included."""


def test_feeds_in_flight_are_read_again_within_half_a_minute(harness: Harness) -> None:
    harness.polling = "polling: {min: 0s, timeout: 60s, per_host: {concurrency: 8, spacing: 0s}}"
    with hanging_feeds(harness, 8, rss("wire", [])) as feeds:
        with running(harness):
            assert feeds.in_flight.wait(START_WITHIN)
        with running(harness):
            assert feeds.asked_again.wait(READ_AGAIN_WITHIN), feeds.asked
