"""The listener for monitoring under odd clients, and metrics that move with what they count."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from tests.harness.harness import Harness, Item
from watcher.service import metrics, reconcile
from watcher.service.app import Application
from watcher.service.http_listener import MAX_CONNECTIONS, Answer, HttpListener, read_address
from watcher.service.monitoring import Monitoring
from watcher.service.once import run_once
from watcher.service.watchdog import STALLED_AFTER, Heartbeats

MINUTE = timedelta(minutes=1)
DIGEST = '\nreceiver: desk\ndigest: {at: ["07:00"], zone: UTC}\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:9464", ("127.0.0.1", 9464)),
        (":9464", ("127.0.0.1", 9464)),
        ("[::1]:9464", ("::1", 9464)),
        ("localhost:0", ("localhost", 0)),
    ],
)
def test_addresses(text: str, expected: tuple[str, int]) -> None:
    assert read_address(text) == expected


@pytest.mark.parametrize("text", ["", "9464", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "127.0.0.1:-1", "a:٣"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError):
        read_address(text)


async def ok() -> Answer:
    return Answer(b"ok\n")


async def broken() -> Answer:
    raise OverflowError("date value out of range")


def with_listener(work: Callable[[int], Awaitable[None]]) -> None:
    async def run() -> None:
        listener = HttpListener({"/ok": ok, "/broken": broken})
        try:
            await work(await listener.start("127.0.0.1", 0))
        finally:
            listener.close()

    asyncio.run(asyncio.wait_for(run(), 30))


async def asked(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /ok HTTP/1.1\r\nHost: x\r\n\r\n", b"200"),
        (b"GET /ok?a=b HTTP/1.0\r\n\r\n", b"200"),
        (b"GET /else HTTP/1.1\r\n\r\n", b"404"),
        (b"POST /ok HTTP/1.1\r\n\r\n", b"405"),
        (b"GET /broken HTTP/1.1\r\n\r\n", b"503"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"\x16\x03\x01\xff\xfe\r\n\r\n", b"400"),
        (b"GET /ok HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", b"400"),
    ],
)
def test_answers(request_bytes: bytes, status: bytes) -> None:
    async def work(port: int) -> None:
        answer = await asked(port, request_bytes)
        assert answer.startswith(b"HTTP/1.1 " + status)

    with_listener(work)


def test_idle_connections_are_few_and_keep_nobody_out() -> None:
    async def work(port: int) -> None:
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(10 * MAX_CONNECTIONS)]
        assert b"200 OK" in await asked(port, b"GET /ok HTTP/1.1\r\n\r\n")
        for _, writer in idle:
            writer.close()

    with_listener(work)


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def with_app(harness: Harness, work: Callable[[Application, Monitoring, Heartbeats], Awaitable[None]]) -> None:
    async def run() -> None:
        async with harness.open() as app:
            await app.follow_configuration()
            progress = Heartbeats(("poll",), lambda: app.clock.now().timestamp())
            await work(app, Monitoring(app, progress), progress)

    asyncio.run(run())


def test_the_gauges_follow_the_store(harness: Harness) -> None:
    harness.route = DIGEST
    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now() - MINUTE)])

    async def work(app: Application, monitoring: Monitoring, _: Heartbeats) -> None:
        harness.clock.advance(5 * MINUTE)
        await monitoring.update()
        assert value("watcher_poll_lag_seconds") == 300
        assert value("watcher_oldest_waiting_delivery_age_seconds") == 0
        await run_once(app)
        harness.clock.advance(10 * MINUTE)
        await monitoring.update()
        assert value("watcher_oldest_waiting_delivery_age_seconds") == 600
        assert value("watcher_store_size_bytes") > 0
        harness.clock.advance(timedelta(days=1))
        harness.mail.stop()
        await app.notifier.freeze_ripe()
        harness.clock.advance(10 * MINUTE)
        await monitoring.update()
        assert value("watcher_oldest_waiting_delivery_age_seconds") == 0
        assert value("watcher_oldest_unsent_notification_age_seconds") == 600
        (acquired,) = await app.notifier.acquire(10)
        before = value("watcher_attempts_total", kind="email", result="postponed", reason="connect")
        metrics.count_attempt("email", await app.notifier.attempt(acquired))
        assert value("watcher_attempts_total", kind="email", result="postponed", reason="connect") == before + 1

    with_app(harness, work)


def test_build_information_is_a_metric() -> None:
    metrics.show_start()
    (sample,) = [one for one in metrics.BUILD.collect()[0].samples if one.value == 1]
    assert set(sample.labels) == {"version", "python"}


def test_alive_and_ready(harness: Harness) -> None:
    harness.publish("/wire", [])

    async def work(app: Application, monitoring: Monitoring, progress: Heartbeats) -> None:
        assert (await monitoring.live()).status == 200
        assert (await monitoring.ready()).status == 200
        assert b"watcher_poll_lag_seconds" in (await monitoring.metrics()).body
        harness.clock.advance(STALLED_AFTER + MINUTE)
        stalled = await monitoring.live()
        assert (stalled.status, b"poll" in stalled.body) == (503, True)
        progress.beat("poll")
        assert (await monitoring.live()).status == 200

    with_app(harness, work)


def test_a_store_that_does_not_answer_is_not_ready(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    harness.publish("/wire", [])
    monkeypatch.setattr("watcher.service.monitoring.STORE_ANSWERS_WITHIN", 0.2)

    async def work(app: Application, monitoring: Monitoring, _: Heartbeats) -> None:
        monkeypatch.setattr(app.store, "facts", Slow())
        assert (await monitoring.ready()).status == 503

    with_app(harness, work)


class Slow:
    """Facts of a store that hangs for a second."""

    def recall(self, name: str) -> None:
        threading.Event().wait(1)


def test_a_second_process_on_the_same_store_is_named(harness: Harness) -> None:
    harness.publish("/wire", [])

    async def work(first: Application, _: Monitoring, __: Heartbeats) -> None:
        async with harness.open() as second:
            own, now = second.node.id, harness.clock.now()
            with capture_logs() as lines:
                await second.pools.store(reconcile.warn_of_other_nodes, second.store, second.config, own, now)
        (warned,) = [line for line in lines if line["event"] == "store.shared"]
        assert (warned["log_level"], len(warned["nodes"])) == ("warning", 1)
        with capture_logs() as lines:
            await first.pools.store(reconcile.warn_of_other_nodes, first.store, first.config, first.node.id, now)
        assert [line for line in lines if line["event"] == "store.shared"] == []

    with_app(harness, work)
