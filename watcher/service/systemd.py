"""Notifies systemd: ready, alive, reloading, stopping (sd_notify(3), systemd.service(5))."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from datetime import timedelta

import structlog

log = structlog.get_logger()


class SystemdNotifier:
    """Writes to $NOTIFY_SOCKET; does nothing without it. A socket that fails is logged, nothing more."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._address = env.get("NOTIFY_SOCKET")
        own = env.get("WATCHDOG_PID") in {None, str(os.getpid())}
        self._watchdog_usec = int(env.get("WATCHDOG_USEC", "0")) if own else 0

    @property
    def watchdog_interval(self) -> timedelta | None:
        """How often to send `alive`: a third of what the unit allows; None when the watchdog is off."""
        return timedelta(microseconds=self._watchdog_usec / 3) if self._watchdog_usec else None

    def send(self, *lines: str) -> None:
        """Sends lines such as `READY=1` in one datagram."""
        if self._address is None:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as datagram:
                datagram.sendto("\n".join(lines).encode(), address)
        except OSError as error:
            log.warning("systemd.notify_failed", error=str(error), sent=lines[0])

    def ready(self, status: str) -> None:
        """Start-up or a reload is over, however it ended."""
        self.send("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """A reload begins; `ready` must follow."""
        self.send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The process is about to end."""
        self.send("STOPPING=1", "STATUS=completing polls and sends under way")

    def alive(self) -> None:
        """Resets the watchdog."""
        self.send("WATCHDOG=1")
