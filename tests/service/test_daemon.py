"""The real daemon as a child process: signals, reload, and what a sudden death leaves behind."""

from __future__ import annotations

import asyncio
import json
import os
import queue
import signal
import socket
import subprocess
import threading
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from tests.harness.harness import DIGEST_AT_SEVEN, Harness, Item
from tests.harness.servers import free_port
from watcher.model.notification import DeliveryState
from watcher.service.app import Application
from watcher.service.daemon import Daemon
from watcher.service.monitoring import Monitoring
from watcher.service.once import run_once
from watcher.service.systemd import SystemdNotifier
from watcher.service.tasks import BoundedTasks
from watcher.service.watchdog import Heartbeats

PROMPTLY_BY_MAIL = """
receiver: desk
group_wait: 0s
group_interval: 0s
"""
SOON = 60.0
AFTER_LEASES_AND_BACKOFF = timedelta(hours=1)


def fresh(guid: str, title: str) -> Item:
    return Item(guid, title, datetime.now(UTC) - timedelta(minutes=1), f"{title}, officials said.")


class ServiceSocket:
    """Plays systemd: receives what the daemon says by sd_notify(3), at once, as a full socket would stop the daemon."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notify.sock"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="service socket", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while datagram := self._socket.recv(4096):
            for line in datagram.decode().split("\n"):
                self._lines.put(line)

    def wait_for(self, line: str) -> None:
        """Returns once the line has come; raises `queue.Empty` when nothing comes for a while."""
        while self._lines.get(timeout=SOON) != line:
            pass

    def close(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ending:
            ending.sendto(b"", str(self.path))
        self._reader.join(SOON)
        self._socket.close()


@contextmanager
def running(
    harness: Harness, service: ServiceSocket, *options: str, **variables: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A daemon that has said READY; killed at the end if it still runs."""
    harness.write()
    daemon = harness.daemon(*options, NOTIFY_SOCKET=str(service.path), **variables)
    try:
        service.wait_for("READY=1")
        yield daemon
    finally:
        if daemon.poll() is None:
            daemon.kill()
        daemon.wait()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ServiceSocket]:
    listening = ServiceSocket(tmp_path)
    yield listening
    listening.close()


def wait_until(true: Callable[[], bool]) -> None:
    """Polls a condition of another process's store, which offers no event to wait for."""
    pause = threading.Event()
    for _ in range(int(SOON / 0.05)):
        if true():
            return
        pause.wait(0.05)
    raise TimeoutError


def test_a_daemon_counts_its_work_feeds_the_watchdog_and_ends_in_order(
    harness: Harness, service: ServiceSocket
) -> None:
    harness.publish("/wire", [fresh("a", "Ceasefire agreed")])
    harness.route = PROMPTLY_BY_MAIL
    address = f"127.0.0.1:{free_port()}"
    with running(harness, service, "--metrics", address, WATCHDOG_USEC="600000") as daemon:
        assert 'watcher_deliveries{state="dead"} ' in scraped(address)
        harness.mail.wait_for(1, SOON)
        wait_until(lambda: 'watcher_attempts_total{kind="email",reason="",result="delivered"} 1.0' in scraped(address))
        assert 'watcher_polls_total{reason="",result="fetched"} 1.0' in scraped(address)
        service.wait_for("WATCHDOG=1")
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(SOON) == 0


def test_a_kill_between_poll_and_send_loses_nothing(harness: Harness, service: ServiceSocket) -> None:
    harness.publish("/wire", [fresh("a", "Ceasefire agreed"), fresh("b", "Truce collapses")])
    harness.route = PROMPTLY_BY_MAIL
    harness.mail.stop()
    with running(harness, service) as daemon:
        store = harness.store()
        wait_until(lambda: len(store.outbox.newest()) > 0)
        daemon.send_signal(signal.SIGKILL)
        daemon.wait()
        keys = {notification.key for notification in store.outbox.newest()}
    harness.mail.start()
    harness.clock.set(datetime.now(UTC) + AFTER_LEASES_AND_BACKOFF)
    harness.once()
    harness.once()
    assert sorted(mail.message["Message-ID"].strip("<>").split("@")[0] for mail in harness.mail.mails) == sorted(keys)
    texts = " ".join(mail.text for mail in harness.mail.mails)
    assert "Ceasefire agreed" in texts
    assert "Truce collapses" in texts


def test_a_bad_configuration_is_refused_on_reload(harness: Harness, service: ServiceSocket) -> None:
    harness.publish("/wire", [fresh("a", "A recipe for bread")])
    harness.route = PROMPTLY_BY_MAIL
    with running(harness, service) as daemon:
        good = harness.config.read_text()
        harness.config.write_text(good.replace("terms:", "turms:"))
        daemon.send_signal(signal.SIGHUP)
        service.wait_for("RELOADING=1")
        service.wait_for("READY=1")
        log = [json.loads(line) for line in (harness.folder / "daemon.log").read_text().splitlines()]
        refused = [line for line in log if line["event"] == "reload.refused"]
        assert any("turms" in line["problem"] for line in refused)

        harness.config.write_text(good.replace("ceasefire*, truce*", "ceasefire*, bread"))
        daemon.send_signal(signal.SIGHUP)
        service.wait_for("RELOADING=1")
        service.wait_for("READY=1")
        harness.publish("/wire", [fresh("b", "Bread and bread"), fresh("a", "A recipe for bread")])
        harness.mail.wait_for(1, SOON)


def test_once_beside_the_daemon_sends_nothing_twice(harness: Harness, service: ServiceSocket) -> None:
    harness.publish("/wire", [fresh("a", "Ceasefire agreed")])
    harness.route = PROMPTLY_BY_MAIL
    with running(harness, service) as daemon:
        for _ in range(3):
            assert harness.command("once", "--all").returncode == 0
        harness.mail.wait_for(1, SOON)
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(15)
    assert len(harness.mail.mails) == 1


def test_metrics_show_every_state_of_deliveries_also_those_of_which_there_are_none(harness: Harness) -> None:
    harness.clock.set(datetime.now(UTC))
    harness.publish("/wire", [fresh("a", "Ceasefire agreed")])
    harness.route = DIGEST_AT_SEVEN

    async def run() -> None:
        async with harness.open() as app:
            await run_once(app)
            await Monitoring(app, Heartbeats(())).update()

    asyncio.run(run())
    counts = {state: REGISTRY.get_sample_value("watcher_deliveries", {"state": state}) for state in DeliveryState}
    assert counts == {state: float(state is DeliveryState.WAITING) for state in DeliveryState}


def scraped(address: str) -> str:
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=SOON) as answer:
        return str(answer.read(), "utf-8")


def ticking_by_hand(harness: Harness, work: Callable[[Application, Daemon], Awaitable[None]]) -> None:
    """Runs a daemon whose own ticks come every hour."""

    async def run() -> None:
        async with harness.open() as app:
            await app.follow_configuration()
            daemon = Daemon(harness.config, app, SystemdNotifier({}), None)
            running = asyncio.create_task(daemon.run())
            await work(app, daemon)
            os.kill(os.getpid(), signal.SIGTERM)
            await running

    harness.timings = "tick=3600"
    asyncio.run(run())


def test_feeds_beyond_the_limit_wait_for_no_tick(harness: Harness) -> None:
    for number in range(7):
        harness.publish(f"/{number}", [])

    async def work(app: Application, daemon: Daemon) -> None:
        app.polls = BoundedTasks("poll", 2)
        await daemon.poll_tick()
        await asyncio.to_thread(harness.feeds.wait_for, 7, SOON)

    ticking_by_hand(harness, work)


def test_an_alert_waits_for_no_tick_of_routing_and_sending(harness: Harness) -> None:
    harness.route = "\nreceiver: chat\ngroup_wait: 0s"
    harness.publish("/wire", [])

    async def work(app: Application, daemon: Daemon) -> None:
        await daemon.poll_tick()
        await app.polls.drained(timedelta(seconds=SOON))
        harness.publish("/wire", [Item("1", "Detainees moved from prison", harness.clock.now())])
        harness.clock.advance(timedelta(hours=2))
        await daemon.poll_tick()
        await asyncio.to_thread(harness.chat.wait_for, 1, SOON)

    ticking_by_hand(harness, work)
    assert harness.alerted_titles() == ["Detainees moved from prison"]
