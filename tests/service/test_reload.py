"""A reload is whole or nothing: whatever fails while it is built leaves the old configuration in force (I9)."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from tests.harness.harness import Harness
from watcher.errors import ConfigError, Problem, StoreBusy, StoreFull, UsageError
from watcher.service.app import Application
from watcher.service.daemon import Daemon
from watcher.service.metrics import ReloadResult
from watcher.service.systemd import SystemdNotifier

STEPS = {
    "load": "watcher.service.daemon.load_config",
    "client": "watcher.service.app.HttpClients",
    "channels": "watcher.notify.notifier.build_channels",
    "templates": "watcher.notify.notifier.user_templates",
    "fetcher": "watcher.service.app.open_fetcher",
    "store": "watcher.service.reconcile.sync_feeds",
}
"""Everything that happens before the swap, by the name under which the service calls it."""

FAILURES: dict[type[Exception], tuple[Exception, ReloadResult]] = {
    type(error): (error, result)
    for error, result in (
        (ConfigError([Problem(Path("config.yaml"), None, "feeds", "is wrong")]), ReloadResult.REFUSED),
        (UsageError("an extra is missing"), ReloadResult.REFUSED),
        (ValueError("a secret is not base64"), ReloadResult.REFUSED),
        (OSError(13, "permission denied"), ReloadResult.REFUSED),
        (StoreBusy("locked"), ReloadResult.FAILED),
        (StoreFull("full"), ReloadResult.FAILED),
        (RuntimeError("a defect"), ReloadResult.FAILED),
    )
}


@dataclass(slots=True)
class Running:
    """A daemon that does not tick, with what systemd and the log received."""

    harness: Harness
    app: Application
    daemon: Daemon
    service: socket.socket

    def received(self) -> list[str]:
        lines: list[str] = []
        try:
            while True:
                lines += self.service.recv(4096).decode().split("\n")
        except BlockingIOError:
            return lines


@pytest.fixture
def service(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify.sock"))
        listening.setblocking(False)
        yield listening


def with_daemon(harness: Harness, service: socket.socket, work: Callable[[Running], Awaitable[None]]) -> None:
    async def run() -> None:
        harness.publish("/old", [])
        async with harness.open() as app:
            await app.follow_configuration()
            manager = SystemdNotifier({"NOTIFY_SOCKET": str(service.getsockname())})
            await work(Running(harness, app, Daemon(harness.config, app, manager, None), service))

    asyncio.run(run())


def in_force(app: Application) -> tuple[Any, ...]:
    """Everything that a reload may change."""
    feeds = tuple(state.url for state in app.store.feeds.states())
    return app.built, app.poller, app.notifier, app.notifier.config, app.poller.config, feeds


def reloads(result: ReloadResult) -> float:
    return REGISTRY.get_sample_value("watcher_reloads_total", {"result": result.value}) or 0.0


async def refused(running: Running, expected: ReloadResult) -> None:
    """Reloads, and checks that nothing changed, that the log says why, and that systemd got its answer."""
    before, counted = in_force(running.app), reloads(expected)
    with capture_logs() as lines:
        assert await running.daemon.reload() is expected
    assert in_force(running.app) == before
    assert reloads(expected) == counted + 1
    assert REGISTRY.get_sample_value("watcher_config_last_reload_successful") == 0
    failed = [line for line in lines if line["event"] in {"reload.refused", "reload.failed"}]
    assert failed
    assert all("old configuration stays in force" in line["remedy"] for line in failed)
    received = running.received()
    assert "RELOADING=1" in received
    assert "READY=1" in received
    assert len(running.app.retiring) == 0


async def accepted(running: Running) -> None:
    """Reloads once more, now without a failure: the new configuration is in force."""
    assert await running.daemon.reload() is ReloadResult.SUCCESS
    assert set(running.app.poller.config.feeds) == set(running.harness.feed_urls)
    assert {state.url for state in running.app.store.feeds.states()} == set(running.harness.feed_urls)
    assert REGISTRY.get_sample_value("watcher_config_last_reload_successful") == 1
    assert "READY=1" in running.received()


@pytest.mark.parametrize("kind", FAILURES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.slow
def test_a_failure_at_any_step_changes_nothing(
    harness: Harness, service: socket.socket, monkeypatch: pytest.MonkeyPatch, step: str, kind: type[Exception]
) -> None:
    error, expected = FAILURES[kind]

    def fail(*_: object, **__: object) -> None:
        raise error

    async def work(running: Running) -> None:
        harness.publish("/new", [])
        harness.write()
        with monkeypatch.context() as patch:
            patch.setattr(STEPS[step], fail)
            await refused(running, expected)
        await accepted(running)

    with_daemon(harness, service, work)


def test_a_missing_extra_is_refused_whole(
    harness: Harness, service: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)

    async def work(running: Running) -> None:
        harness.publish("/new", [])
        harness.more_receivers.append('  - {name: phone, apprise: {url: "json://localhost/x"}}')
        harness.write()
        await refused(running, ReloadResult.REFUSED)
        harness.more_receivers.clear()
        harness.write()
        await accepted(running)

    with_daemon(harness, service, work)


def test_a_missing_secret_is_refused_whole(harness: Harness, service: socket.socket) -> None:
    async def work(running: Running) -> None:
        harness.publish("/new", [])
        harness.more_receivers.append("  - {name: phone, slack: {url: {env: NOT_SET_ANYWHERE}}}")
        harness.write()
        await refused(running, ReloadResult.REFUSED)

    with_daemon(harness, service, work)


def test_nothing_is_swapped_while_another_process_locks_the_store(harness: Harness, service: socket.socket) -> None:
    async def work(running: Running) -> None:
        harness.publish("/new", [])
        harness.write()
        with closing(sqlite3.connect(harness.folder / "watcher.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            before = in_force(running.app)
            reload = asyncio.create_task(running.daemon.reload())
            first = await asyncio.get_running_loop().sock_recv(running.service, 4096)
            assert first.startswith(b"RELOADING=1")
            assert in_force(running.app) == before
            other.execute("ROLLBACK")
        assert await reload is ReloadResult.SUCCESS

    with_daemon(harness, service, work)


def test_a_socket_of_the_service_manager_that_is_gone_does_not_stop_a_reload(
    harness: Harness, service: socket.socket, tmp_path: Path
) -> None:
    async def work(running: Running) -> None:
        (tmp_path / "notify.sock").unlink()
        harness.publish("/new", [])
        harness.write()
        assert await running.daemon.reload() is ReloadResult.SUCCESS

    with_daemon(harness, service, work)


@pytest.mark.parametrize(("limit", "warnings"), [("1kB", 1), ("1GB", 0)])
def test_a_store_that_cannot_become_small_enough_is_logged_and_the_purge_ends(
    harness: Harness, service: socket.socket, limit: str, warnings: int
) -> None:
    harness.limits = f"retention: {{max_bytes: {limit}}}"

    async def work(running: Running) -> None:
        with capture_logs() as lines:
            await asyncio.wait_for(running.daemon.purge_tick(), 30)
        assert len([line for line in lines if line["event"] == "store.too_large"]) == warnings

    with_daemon(harness, service, work)
