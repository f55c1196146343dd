"""Notifies systemd: ready, alive, reloading, stopping (sd_notify(3), systemd.service(5))."""

from __future__ import annotations

import os
import socket
import time
from collections import deque
from collections.abc import Mapping
from datetime import timedelta

import structlog

log = structlog.get_logger()


AGAIN_AFTER = timedelta(seconds=10)
"""When the watchdog is off: how often to send what a full socket did not take."""


class SystemdNotifier:
    """Writes to $NOTIFY_SOCKET; does nothing without it. A socket that fails is logged, nothing more.

    Never waits, because the event loop calls it: where the queue of the socket is full (systemd hangs, or reads too
    slowly), the datagram is kept, in order, and sent before the next one.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        address = env.get("NOTIFY_SOCKET")
        self._address = "\0" + address[1:] if address and address.startswith("@") else address
        own = env.get("WATCHDOG_PID") in {None, str(os.getpid())}
        microseconds = env.get("WATCHDOG_USEC", "")
        self._watchdog_usec = int(microseconds) if own and microseconds.isdecimal() else 0
        self._waiting: deque[str] = deque(maxlen=8)

    @property
    def alive_interval(self) -> timedelta | None:
        """How often to send `alive`: a third of what the unit allows; None without a service manager."""
        if not self._address:
            return None
        return timedelta(microseconds=self._watchdog_usec / 3) if self._watchdog_usec else AGAIN_AFTER

    def send(self, *lines: str) -> None:
        """Sends lines such as `READY=1` in one datagram, after those that are kept."""
        if not self._address:
            return
        self._waiting.append("\n".join(lines))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as datagram:
            while self._waiting:
                try:
                    datagram.sendto(self._waiting[0].encode(), self._address)
                except BlockingIOError:
                    log.warning("systemd.notify_delayed", kept=len(self._waiting), remedy="it is sent again later")
                    return
                except OSError as error:
                    log.warning("systemd.notify_failed", error=str(error), sent=self._waiting[0].splitlines()[0])
                self._waiting.popleft()

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
        """Resets the watchdog, and sends what is kept."""
        if "WATCHDOG=1" in self._waiting:
            self._waiting.remove("WATCHDOG=1")
        self.send("WATCHDOG=1")
