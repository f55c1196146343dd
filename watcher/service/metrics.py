"""The Prometheus names, in one place. Only the daemon counts; no label holds a URL or a secret (I12)."""

from __future__ import annotations

import collections
import time
from collections.abc import Mapping, Sequence
from enum import StrEnum

from prometheus_client import Counter, Gauge, start_http_server

from watcher.model.feed import FeedIssue, FeedIssueKind
from watcher.poll.poller import PollReport

POLLS = Counter("watcher_polls", "Polls by result.", ["result", "reason"])
ENTRIES = Counter("watcher_entries_new", "Entries that were new.")
ALERTS = Counter("watcher_alerts_told", "Alerts not folded into a story.")
ATTEMPTS = Counter("watcher_attempts", "Attempts to deliver, by kind of channel and result.", ["kind", "result"])
DELIVERIES = Gauge("watcher_deliveries", "Deliveries in the store, by state.", ["state"])
FEEDS_FAILING = Gauge("watcher_feeds_failing", "Feeds whose last poll failed.")
FEED_ISSUES = Gauge("watcher_feed_issues", "Feed issues as in `feeds health`, by kind.", ["kind"])
RELOADS = Counter("watcher_reloads", "Reloads of the configuration by result.", ["result"])
LAST_RELOAD_OK = Gauge("watcher_config_last_reload_successful", "1 if the last reload succeeded, else 0.")
LAST_RELOAD_OK_AT = Gauge(
    "watcher_config_last_reload_success_timestamp_seconds", "When a configuration was last put in force."
)


class ReloadResult(StrEnum):
    """How a reload ended. `refused`: the configuration is wrong. `failed`: it could not be put in force."""

    SUCCESS = "success"
    REFUSED = "refused"
    FAILED = "failed"


def count_poll(report: PollReport) -> None:
    """Counts one poll; the label `reason` is "" for a good one."""
    POLLS.labels(report.result.value, report.reason or "").inc()
    ENTRIES.inc(report.entries_new)
    ALERTS.inc(report.alerts)


def count_reload(result: ReloadResult) -> None:
    """Counts one reload."""
    RELOADS.labels(result.value).inc()
    LAST_RELOAD_OK.set(result is ReloadResult.SUCCESS)
    if result is ReloadResult.SUCCESS:
        LAST_RELOAD_OK_AT.set(time.time())


def count_attempt(kind: str, result: str) -> None:
    """Counts one attempt on a channel of this kind."""
    ATTEMPTS.labels(kind, result).inc()


def show_state(deliveries: Mapping[str, int]) -> None:
    """Sets the gauges to what is in the store; missing states are removed."""
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
    """Serves /metrics at `host:port` from a thread. Raises `OSError` when the address is not available."""
    host, _, port = address.rpartition(":")
    start_http_server(int(port), host or "127.0.0.1")
