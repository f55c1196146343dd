"""Progress of the daemon's jobs: the watchdog of systemd is fed only while each of them gets something done."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

STALLED_AFTER = timedelta(seconds=90)
"""A tick may wait half a minute for a busy store; a job without progress for this long is stalled."""


class Heartbeats:
    """When each named job last made progress. `monotonic` returns seconds that never go back."""

    def __init__(self, names: tuple[str, ...], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._beats = dict.fromkeys(names, monotonic())

    def beat(self, name: str) -> None:
        """Notes progress of a job; names that are not watched are ignored."""
        if name in self._beats:
            self._beats[name] = self._monotonic()

    def stalled(self) -> tuple[str, ...]:
        """Jobs that have made no progress for too long."""
        oldest = self._monotonic() - STALLED_AFTER.total_seconds()
        return tuple(name for name, beat in self._beats.items() if beat < oldest)
