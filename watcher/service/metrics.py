"""The Prometheus names, in one place. Only the daemon counts; no label holds a URL or a secret (I12)."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import Counter, Gauge, start_http_server

POLLS = Counter("watcher_polls", "Polls by what they came to.", ["result", "reason"])
ENTRIES = Counter("watcher_entries_new", "Entries that were new.")
ALERTS = Counter("watcher_alerts_told", "Alerts that were not folded into a story.")
ATTEMPTS = Counter(
    "watcher_attempts", "Attempts to deliver, by kind of channel and what they came to.", ["kind", "result"]
)
DELIVERIES = Gauge("watcher_deliveries", "Deliveries in the store, by state.", ["state"])
FEEDS_FAILING = Gauge("watcher_feeds_failing", "Feeds whose last poll failed.")


def count_poll(result: str, reason: str, entries: int, alerts: int) -> None:
    """Counts one poll; `reason` is "" for a good one."""
    POLLS.labels(result, reason).inc()
    ENTRIES.inc(entries)
    ALERTS.inc(alerts)


def count_attempt(kind: str, result: str) -> None:
    """Counts one attempt on a channel of this kind."""
    ATTEMPTS.labels(kind, result).inc()


def show_state(deliveries: Mapping[str, int], failing: int) -> None:
    """Sets the gauges to what the store holds now; states no longer there go to zero."""
    DELIVERIES.clear()
    for state, count in deliveries.items():
        DELIVERIES.labels(state).set(count)
    FEEDS_FAILING.set(failing)


def serve(address: str) -> None:
    """Serves /metrics at `host:port` from a thread. Raises `OSError` when the address cannot be had."""
    host, _, port = address.rpartition(":")
    start_http_server(int(port), host or "127.0.0.1")
