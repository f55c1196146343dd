"""Every metric moves with what it counts; Prometheus accepts the metrics, the rules and what the dashboard asks."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from prometheus_client import REGISTRY, generate_latest

from watcher.errors import AttemptReason, PollReason
from watcher.model.feed import FeedIssue, FeedIssueKind
from watcher.model.opinion import OpinionResult
from watcher.notify.notifier import SendReport, SendResult
from watcher.poll.poller import PollReport, PollResult
from watcher.service import metrics
from watcher.service.heartbeat import HeartbeatResult
from watcher.service.metrics import ReloadResult
from watcher.store.records import StoreLag

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
MONITORING = Path(__file__).parents[2] / "docs" / "monitoring"
RULES = MONITORING / "alerts.yaml"
FAILED = PollReport("https://x.example/", PollResult.FAILED, reason=PollReason.TIMEOUT)
FETCHED = PollReport(
    "https://x.example/", PollResult.FETCHED, entries_new=3, alerts=2, opinions={OpinionResult.LIFTED: 1}
)
DEAD = SendReport(SendResult.DEAD, AttemptReason.GONE)
LAG = StoreLag(NOW - timedelta(seconds=5), NOW - timedelta(seconds=7), NOW - timedelta(seconds=9))
GONE = FeedIssue("https://x.example/", "", FeedIssueKind.GONE, NOW, "")


def reloaded_at() -> None:
    metrics.LAST_RELOAD_OK_AT.set(0)
    metrics.show_start()


def reloaded(result: ReloadResult) -> Callable[[], None]:
    def reload() -> None:
        metrics.LAST_RELOAD_OK.set(result is not ReloadResult.SUCCESS)
        metrics.count_reload(result)

    return reload


def sized() -> None:
    metrics.show_state({"dead": 4}, 4096)


def shown() -> None:
    metrics.show_feeds(11, [GONE])


MOVES: list[tuple[str, dict[str, str], Callable[[], None], float | None]] = [
    ("watcher_polls_total", {"result": "failed", "reason": "timeout"}, lambda: metrics.count_poll(FAILED), None),
    ("watcher_polls_total", {"result": "fetched", "reason": ""}, lambda: metrics.count_poll(FETCHED), None),
    ("watcher_entries_new_total", {}, lambda: metrics.count_poll(FETCHED), None),
    ("watcher_alerts_new_total", {}, lambda: metrics.count_poll(FETCHED), None),
    ("watcher_opinions_total", {"result": "lifted"}, lambda: metrics.count_poll(FETCHED), None),
    (
        "watcher_attempts_total",
        {"kind": "email", "result": "dead", "reason": "gone"},
        lambda: metrics.count_attempt("email", DEAD),
        None,
    ),
    ("watcher_deliveries", {"state": "dead"}, sized, 4),
    ("watcher_store_size_bytes", {}, sized, 4096),
    ("watcher_feeds", {}, shown, 11),
    ("watcher_feeds_failing", {}, shown, 1),
    ("watcher_feed_issues", {"kind": "gone"}, shown, 1),
    (
        "watcher_heartbeats_total",
        {"result": "withheld"},
        lambda: metrics.HEARTBEATS.labels(HeartbeatResult.WITHHELD.value).inc(),
        None,
    ),
    ("watcher_reloads_total", {"result": "refused"}, reloaded(ReloadResult.REFUSED), None),
    ("watcher_config_last_reload_successful", {}, reloaded(ReloadResult.REFUSED), 0),
    ("watcher_config_last_reload_successful", {}, reloaded(ReloadResult.SUCCESS), 1),
    ("watcher_config_last_reload_success_timestamp_seconds", {}, reloaded_at, None),
    ("watcher_poll_lag_seconds", {}, lambda: metrics.show_lag(LAG, NOW), 5),
    ("watcher_oldest_waiting_delivery_age_seconds", {}, lambda: metrics.show_lag(LAG, NOW), 7),
    ("watcher_oldest_unsent_notification_age_seconds", {}, lambda: metrics.show_lag(LAG, NOW), 9),
]


def families() -> dict[str, str]:
    """The names under which Prometheus knows our metrics, with their kinds."""
    return {
        f"{one.name}_total" if one.type == "counter" else one.name: one.type
        for one in REGISTRY.collect()
        if one.name.startswith("watcher_")
    }


def test_the_table_has_every_metric() -> None:
    assert {name for name, *_ in MOVES} | {"watcher_build_info"} == set(families())


@pytest.mark.parametrize(("name", "labels", "move", "becomes"), MOVES)
def test_it_moves(name: str, labels: dict[str, str], move: Callable[[], None], becomes: float | None) -> None:
    before = REGISTRY.get_sample_value(name, labels) or 0.0
    move()
    after = REGISTRY.get_sample_value(name, labels)
    assert after is not None
    assert after == becomes if becomes is not None else after > before


def asked(text: str) -> set[str]:
    return set(re.findall(r"\bwatcher_[a-z_]+", text))


def test_rules_and_dashboard_ask_for_metrics_that_exist() -> None:
    rules = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
    board = json.loads((MONITORING / "grafana.json").read_text())
    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    in_rules, on_board = asked(str([one["expr"] for one in rules])), asked(" ".join(expressions))
    assert in_rules <= set(families())
    assert on_board <= set(families())
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    shown_elsewhere = {"watcher_build_info", "watcher_config_last_reload_success_timestamp_seconds"}
    assert set(families()) - on_board - in_rules == shown_elsewhere


def test_every_rule_has_a_remedy() -> None:
    for rule in yaml.safe_load(RULES.read_text())["groups"][0]["rules"]:
        assert {"summary", "description"} == set(rule["annotations"])
        assert rule["labels"]["severity"] in {"warning", "critical"}


def promtool(*words: str, stdin: bytes = b"") -> None:
    done = subprocess.run(["promtool", *words], input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)")
@pytest.mark.slow
def test_promtool_accepts_metrics_and_rules(tmp_path: Path) -> None:
    for *_, move, _ in MOVES:
        move()
    metrics.show_start()
    ours = b"".join(
        part
        for part in re.split(rb"(?=^# HELP )", generate_latest(), flags=re.MULTILINE)
        if part.startswith(b"# HELP watcher_")
    )
    promtool("check", "metrics", stdin=ours)
    promtool("check", "rules", str(RULES))
    shutil.copy(RULES, tmp_path)
    shutil.copy(Path(__file__).with_name("alert_rules_test.yaml"), tmp_path)
    promtool("test", "rules", str(tmp_path / "alert_rules_test.yaml"))
