"""The only source of the current time for code with side effects; pure code takes `now` as an argument."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Gives the current time, aware and in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)


QUICK_ANSWER = 1.0
"""Seconds."""


class DatabaseClock:
    """The clock of the database server, read now and then and carried on by this machine's stopwatch.

    Nodes on several machines compare their times: clocks that differ would delay alerts, or let two nodes poll one
    feed. It never goes back, not even when another server with another time takes over.
    """

    def __init__(self, time: datetime) -> None:
        self._set = (time, stopwatch())
        self._latest = time

    def set(self, time: datetime, asked_at: float, answered_at: float) -> None:
        """Sets the clock to the server's time, read between two moments of the stopwatch.

        A slow answer says too little: it may have been read at any moment between the two, and a clock that is too far
        ahead would declare other nodes dead. The stopwatch goes on well enough until a quick one comes.
        """
        if answered_at - asked_at <= QUICK_ANSWER:
            self._set = (time, asked_at)

    def now(self) -> datetime:
        time, read_at = self._set
        self._latest = max(self._latest, time + timedelta(seconds=stopwatch() - read_at))
        return self._latest


def stopwatch() -> float:
    """Seconds that no change of the clock touches, and that go on while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
