"""A lock that serves in the order of arrival.

`threading.Lock` promises no order: a thread that lets go and comes back at once, as the flush does for each of its
groups, finds it free again before those who wait have woken up, and on a busy machine they wait for ever longer.
"""

from __future__ import annotations

import threading
from collections import deque


class FairLock:
    """Held by one thread at a time; who comes first is served first."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._queue: deque[threading.Event] = deque()

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return len(self._queue)

    def acquire(self, timeout: float) -> bool:
        """Waits at most `timeout` seconds; False when the turn had not come by then."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            mine = threading.Event()
            self._queue.append(mine)
        if mine.wait(timeout):
            return True
        with self._guard:
            if mine.is_set():
                return True  # it was handed over while the wait ended
            self._queue.remove(mine)
            return False

    def release(self) -> None:
        """Hands over to whoever has waited longest."""
        with self._guard:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._taken = False
