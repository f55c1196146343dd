"""What the service manager is told: ready, alive, reloading, stopping (sd_notify(3), systemd.service(5)).

The watchdog is fed by progress: each trip beats when one of its ticks is done, and as soon as one has
not for too long, nothing is fed any more and systemd restarts us.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

STALLED_AFTER = timedelta(seconds=90)
"""A tick waits at most for a busy store (about half a minute); this is a stall."""


class SystemdNotifier:
    """Speaks to systemd through $NOTIFY_SOCKET; silent where there is none."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._address = env.get("NOTIFY_SOCKET")
        own = env.get("WATCHDOG_PID") in {None, str(os.getpid())}
        self._watchdog_usec = int(env.get("WATCHDOG_USEC", "0")) if own else 0

    @property
    def watchdog_every(self) -> timedelta | None:
        """How often to feed the watchdog: a third of what the unit allows; None when it is off."""
        return timedelta(microseconds=self._watchdog_usec / 3) if self._watchdog_usec else None

    def tell(self, *lines: str) -> None:
        """Sends lines such as `READY=1` in one datagram."""
        if self._address is None:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as datagram:
            datagram.sendto("\n".join(lines).encode(), address)

    def ready(self, status: str) -> None:
        self.tell("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        self.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        self.tell("STOPPING=1", "STATUS=finishing what is under way")

    def alive(self) -> None:
        self.tell("WATCHDOG=1")


class Heartbeats:
    """When each named part last got something done. `monotonic` gives seconds that never go back."""

    def __init__(self, names: tuple[str, ...], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._beats = dict.fromkeys(names, monotonic())

    def beat(self, name: str) -> None:
        """Notes progress of a watched part; parts that are not watched may beat, too."""
        if name in self._beats:
            self._beats[name] = self._monotonic()

    def stalled(self) -> tuple[str, ...]:
        """Parts that have not got anything done for too long."""
        oldest = self._monotonic() - STALLED_AFTER.total_seconds()
        return tuple(name for name, beat in self._beats.items() if beat < oldest)
