"""The dead man's switch: asked while all is well, and not otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from tests.harness.harness import Harness, Item
from tests.harness.servers import Answer
from watcher.model.settings import Heartbeat
from watcher.service.app import Application
from watcher.service.heartbeat import HeartbeatResult, HeartbeatSender, why_withheld
from watcher.service.once import run_once
from watcher.store.records import StoreLag

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LIMITS = Heartbeat("https://monitor.example/", max_poll_lag=15 * MINUTE, max_message_age=60 * MINUTE)


@pytest.mark.parametrize(
    ("lag", "withheld"),
    [
        (StoreLag(None, None, None), False),
        (StoreLag(NOW - 15 * MINUTE, None, NOW - 60 * MINUTE), False),
        (StoreLag(NOW - 16 * MINUTE, None, None), True),
        (StoreLag(None, None, NOW - 61 * MINUTE), True),
        (StoreLag(None, NOW - timedelta(days=2), None), False),
    ],
)
def test_only_what_waits_too_long_withholds_it(lag: StoreLag, withheld: bool) -> None:
    assert (why_withheld(LIMITS, lag, NOW) is not None) == withheld


def with_heartbeat(harness: Harness, work: Callable[[Application, HeartbeatSender], Awaitable[None]]) -> None:
    harness.limits = f"heartbeat: {{url: '{harness.chat.url('/ping/secret-id')}', every: 5m}}"
    harness.publish("/wire", [Item("a", "A recipe for bread", harness.clock.now() - MINUTE)])

    async def run() -> None:
        async with harness.open() as app:
            await run_once(app)
            await work(app, HeartbeatSender(app))

    asyncio.run(run())


def count(result: HeartbeatResult) -> float:
    return REGISTRY.get_sample_value("watcher_heartbeats_total", {"result": result.value}) or 0.0


def test_it_is_asked_at_its_interval_and_counted(harness: Harness) -> None:
    async def work(app: Application, heartbeat: HeartbeatSender) -> None:
        before = count(HeartbeatResult.SENT)
        assert await heartbeat.tick() is HeartbeatResult.SENT
        assert await heartbeat.tick() is None
        harness.clock.advance(5 * MINUTE)
        assert await heartbeat.tick() is HeartbeatResult.SENT
        assert [request.path for request in harness.chat.requests] == ["/ping/secret-id"] * 2
        assert count(HeartbeatResult.SENT) == before + 2

    with_heartbeat(harness, work)


def test_it_is_withheld_while_polling_is_late(harness: Harness) -> None:
    async def work(app: Application, heartbeat: HeartbeatSender) -> None:
        harness.clock.advance(timedelta(days=2))
        assert await heartbeat.tick() is HeartbeatResult.WITHHELD
        assert harness.chat.requests == []
        await run_once(app)
        harness.clock.advance(5 * MINUTE)
        assert await heartbeat.tick() is HeartbeatResult.SENT

    with_heartbeat(harness, work)


@pytest.mark.parametrize("answer", [Answer(404), Answer(302, {"Location": "/"}), "reset"])
def test_a_monitor_that_fails_is_logged_without_its_address(harness: Harness, answer: Answer | str) -> None:
    async def work(app: Application, heartbeat: HeartbeatSender) -> None:
        harness.chat.script = [answer]  # type: ignore[list-item]
        with capture_logs() as lines:
            assert await heartbeat.tick() is HeartbeatResult.FAILED
        (line,) = [line for line in lines if line["event"] == "heartbeat.failed"]
        assert "secret-id" not in str(line)

    with_heartbeat(harness, work)


def test_without_the_section_nothing_is_asked(harness: Harness) -> None:
    harness.publish("/wire", [])

    async def run() -> None:
        async with harness.open() as app:
            assert await HeartbeatSender(app).tick() is None

    asyncio.run(run())
