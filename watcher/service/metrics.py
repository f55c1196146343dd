"""The names of the metrics, in one place, by Prometheus' conventions. Only the daemon counts.

No label has a URL or a secret in it (I12). Counters end in `_total`, which the library adds.
"""

from __future__ import annotations

import collections
import platform
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from prometheus_client import Counter, Gauge

from watcher import __version__
from watcher.model.feed import FeedIssue, FeedIssueKind
from watcher.notify.notifier import SendReport
from watcher.poll.poller import PollReport
from watcher.store.records import StoreLag

POLLS = Counter("watcher_polls", "Polls by result.", ["result", "reason"])
ENTRIES = Counter("watcher_entries_new", "Entries that were new.")
ALERTS = Counter("watcher_alerts_new", "Alerts not folded into a story.")
OPINIONS = Counter("watcher_opinions", "Opinions on entries beside the words, by what they came to.", ["result"])
ATTEMPTS = Counter(
    "watcher_attempts", "Attempts to deliver, by kind of channel, result and reason.", ["kind", "result", "reason"]
)
DELIVERIES = Gauge("watcher_deliveries", "Deliveries in the store, by state.", ["state"])
FEEDS = Gauge("watcher_feeds", "Feeds that are polled.")
FEEDS_FAILING = Gauge("watcher_feeds_failing", "Feeds whose last poll failed.")
FEED_ISSUES = Gauge("watcher_feed_issues", "Feed issues as in `feeds health`, by kind.", ["kind"])
HEARTBEATS = Counter("watcher_heartbeats", "Requests to the monitor of `heartbeat`, by result.", ["result"])
RELOADS = Counter("watcher_reloads", "Reloads of the configuration by result.", ["result"])
LAST_RELOAD_OK = Gauge("watcher_config_last_reload_successful", "1 if the last reload succeeded, else 0.")
LAST_RELOAD_OK_AT = Gauge(
    "watcher_config_last_reload_success_timestamp_seconds", "When a configuration was last put in force."
)
BUILD = Gauge("watcher_build_info", "Always 1; the labels name the versions.", ["version", "python"])
STORE_BYTES = Gauge("watcher_store_size_bytes", "The size of the store.")
POLL_LAG = Gauge("watcher_poll_lag_seconds", "How long the most overdue feed has been due; 0 if none is.")
OLDEST_WAITING = Gauge(
    "watcher_oldest_waiting_delivery_age_seconds", "How long the oldest delivery has waited for its message; 0 if none."
)
OLDEST_UNSENT = Gauge(
    "watcher_oldest_unsent_notification_age_seconds", "How long ago the oldest unfinished message was made; 0 if none."
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
    for result, count in report.opinions.items():
        OPINIONS.labels(result.value).inc(count)


def count_reload(result: ReloadResult) -> None:
    """Counts one reload."""
    RELOADS.labels(result.value).inc()
    LAST_RELOAD_OK.set(result is ReloadResult.SUCCESS)
    if result is ReloadResult.SUCCESS:
        LAST_RELOAD_OK_AT.set(time.time())


def count_attempt(kind: str, report: SendReport) -> None:
    """Counts one attempt on a channel of this kind; the label `reason` is "" for a delivery."""
    ATTEMPTS.labels(kind, report.result.value, report.reason or "").inc()


def show_start() -> None:
    """Sets what does not change while the process runs; a start puts a configuration in force."""
    BUILD.labels(__version__, platform.python_version()).set(1)
    LAST_RELOAD_OK.set(1)
    LAST_RELOAD_OK_AT.set(time.time())


def show_state(deliveries: Mapping[str, int], size: int) -> None:
    """Sets the gauges to what is in the store; missing states are removed."""
    DELIVERIES.clear()
    for state, count in deliveries.items():
        DELIVERIES.labels(state).set(count)
    STORE_BYTES.set(size)


def show_lag(lag: StoreLag, now: datetime) -> None:
    """Sets the gauges of what is late or waits."""
    for gauge, since in (
        (POLL_LAG, lag.due_since),
        (OLDEST_WAITING, lag.waiting_since),
        (OLDEST_UNSENT, lag.unsent_since),
    ):
        gauge.set(0 if since is None else max((now - since).total_seconds(), 0))


def show_feeds(count: int, issues: Sequence[FeedIssue]) -> None:
    """Sets the gauges of feeds and their issues; `watcher_feeds_failing` counts gone and failing feeds."""
    FEEDS.set(count)
    counts = collections.Counter(issue.kind for issue in issues)
    for kind in FeedIssueKind:
        FEED_ISSUES.labels(kind.name.lower()).set(counts[kind])
    FEEDS_FAILING.set(counts[FeedIssueKind.GONE] + counts[FeedIssueKind.FAILING])
