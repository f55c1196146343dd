"""A service manager that does not read delays nothing; what it missed comes before what follows."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path

from watcher.service.systemd import SystemdNotifier

SOON = 30.0


def received(service: socket.socket) -> list[str]:
    found = []
    try:
        while True:
            found.append(service.recv(4096).decode())
    except BlockingIOError:
        return found


def test_a_full_socket_is_not_waited_for_and_loses_no_state(tmp_path: Path) -> None:
    path = str(tmp_path / "notify.sock")
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as service,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as other,
    ):
        service.bind(path)
        service.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                other.sendto(b"STATUS=full", path)
        manager = SystemdNotifier({"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "3000000"})

        def say_everything() -> None:
            manager.reloading()
            manager.ready("1 feed")
            for _ in range(20):
                manager.alive()

        calls = threading.Thread(target=say_everything, daemon=True)
        calls.start()
        calls.join(SOON)
        assert not calls.is_alive()
        received(service)
        manager.alive()
        assert [one.split("\n")[0] for one in received(service)] == ["RELOADING=1", "READY=1", "WATCHDOG=1"]


def test_without_a_watchdog_what_a_full_socket_missed_is_sent_later() -> None:
    assert SystemdNotifier({"NOTIFY_SOCKET": "/run/notify"}).alive_interval
    assert SystemdNotifier({"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "soon"}).alive_interval
    assert SystemdNotifier({}).alive_interval is None
    assert SystemdNotifier({"NOTIFY_SOCKET": ""}).alive_interval is None


def test_a_socket_that_is_gone_is_no_error(tmp_path: Path) -> None:
    SystemdNotifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready("1 feed")
