"""The log is quiet about repetition, and loses nothing else."""

from __future__ import annotations

import io
import json
import sys

import pytest
import structlog

from watcher.cli.logs import QUIET, CountRepetitions, configure_logs
from watcher.cli.options import LogFormat


class Hand:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def written(counter: CountRepetitions, **event: object) -> dict[str, object] | None:
    try:
        return dict(counter(None, "error", event))
    except structlog.DropEvent:
        return None


def test_a_full_disk_is_one_line_a_minute_with_a_count() -> None:
    hand = Hand()
    counter = CountRepetitions(hand)
    lines = []
    for _ in range(240):
        lines.append(written(counter, event="store.full", level="error", error="no space"))
        hand.now += 0.5
    kept = [line for line in lines if line is not None]
    assert len(kept) == 240 * 0.5 / QUIET
    assert [line.get("repeated") for line in kept] == [None, 119]


def test_what_differs_or_is_no_trouble_is_always_written() -> None:
    counter = CountRepetitions(Hand())
    assert all(written(counter, event="poll.failed", level="warning", feed=str(number)) for number in range(3))
    assert all(written(counter, event="poll.done", level="info") for _ in range(3))


def test_memory_is_bounded() -> None:
    counter = CountRepetitions(Hand())
    for number in range(5_000):
        written(counter, event="poll.failed", level="error", feed=str(number))
    assert len(counter._written) <= 1_000


@pytest.mark.parametrize(
    ("log_format", "is_json"), [(LogFormat.AUTO, True), (LogFormat.JSON, True), (LogFormat.TEXT, False)]
)
def test_the_format_is_chosen(log_format: LogFormat, is_json: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    try:
        configure_logs(as_text=log_format.as_text)
        structlog.get_logger().info("poll.done", feed="x")
    finally:
        structlog.reset_defaults()
    (line,) = out.getvalue().splitlines()
    assert line.startswith("{") is is_json
    if is_json:
        assert json.loads(line)["event"] == "poll.done"
    else:
        assert "poll.done" in line


@pytest.mark.parametrize("log_format", [LogFormat.TEXT, LogFormat.JSON])
def test_a_traceback_shows_neither_variables_nor_tokens_in_addresses(
    monkeypatch: pytest.MonkeyPatch, log_format: LogFormat
) -> None:
    err = io.StringIO()
    monkeypatch.setattr(sys, "stderr", err)
    configure_logs(as_text=log_format.as_text)
    password = "-".join(("a", "password"))
    try:
        raise ValueError(f"{len(password)}: https://a.example/?token=SECRETtoken")
    except ValueError:
        structlog.get_logger().exception("poll.crashed")
    structlog.reset_defaults()
    assert "ValueError" in err.getvalue()
    assert "a-password" not in err.getvalue()
    assert "SECRETtoken" not in err.getvalue()
