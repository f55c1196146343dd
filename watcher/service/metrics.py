"""The Prometheus names, in one place. Only the daemon counts; no label holds a URL or a secret (I12)."""

from __future__ import annotations

import collections
from collections.abc import Mapping, Sequence

from prometheus_client import Counter, Gauge, start_http_server

from watcher.model.feed import FeedIssue, FeedIssueKind

POLLS = Counter("watcher_polls", "Polls by what they came to.", ["result", "reason"])
ENTRIES = Counter("watcher_entries_new", "Entries that were new.")
ALERTS = Counter("watcher_alerts_told", "Alerts that were not folded into a story.")
ATTEMPTS = Counter(
    "watcher_attempts", "Attempts to deliver, by kind of channel and what they came to.", ["kind", "result"]
)
DELIVERIES = Gauge("watcher_deliveries", "Deliveries in the store, by state.", ["state"])
FEEDS_FAILING = Gauge("watcher_feeds_failing", "Feeds whose last poll failed.")
FEED_ISSUES = Gauge("watcher_feed_issues", "Feed issues as in `feeds health`, by kind.", ["kind"])


def count_poll(result: str, reason: str, entries: int, alerts: int) -> None:
    """Counts one poll; `reason` is "" for a good one."""
    POLLS.labels(result, reason).inc()
    ENTRIES.inc(entries)
    ALERTS.inc(alerts)


def count_attempt(kind: str, result: str) -> None:
    """Counts one attempt on a channel of this kind."""
    ATTEMPTS.labels(kind, result).inc()


def show_state(deliveries: Mapping[str, int]) -> None:
    """Sets the gauges to what the store holds now; states no longer there go to zero."""
    DELIVERIES.clear()
    for state, count in deliveries.items():
        DELIVERIES.labels(state).set(count)


def show_feed_issues(issues: Sequence[FeedIssue]) -> None:
    """Sets the gauges of feed issues, one for each kind; `watcher_feeds_failing` counts gone and failing feeds."""
    counts = collections.Counter(issue.kind for issue in issues)
    for kind in FeedIssueKind:
        FEED_ISSUES.labels(kind.name.lower()).set(counts[kind])
    FEEDS_FAILING.set(counts[FeedIssueKind.GONE] + counts[FeedIssueKind.FAILING])


def serve(address: str) -> None:
    """Serves /metrics at `host:port` from a thread. Raises `OSError` when the address cannot be had."""
    host, _, port = address.rpartition(":")
    start_http_server(int(port), host or "127.0.0.1")
