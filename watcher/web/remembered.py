"""Values that take longer than a page may: made in a thread of their own, once for each version, and kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Any, TypeVar

T = TypeVar("T")

MOST = 64
PATIENCE_SECONDS = 0.1
"""How long a page waits for a value that is being made."""


class Remembered:
    """Thread-safe. A version says what a value was made of: as long as it is equal, the value is not made again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, "remembered")
        self._values: OrderedDict[tuple[str, str], tuple[object, Future[Any]]] = OrderedDict()

    def value(self, kind: str, name: str, version: object, make: Callable[[], T], *, patience: float = 0) -> T | None:
        """The value of a kind for a name, None while it is being made. Raises what `make` raises, once.

        `patience`: how many seconds a user who asked for it waits at most; a value that a page only shows beside
        others is not waited for longer than `PATIENCE_SECONDS`.
        """
        key = (kind, name)
        with self._lock:
            known = self._values.get(key)
            if known is None or known[0] != version:
                if known is not None:
                    known[1].cancel()
                known = self._values[key] = (version, self._thread.submit(make))
                self._values.move_to_end(key)
                while len(self._values) > MOST:
                    self._values.popitem(last=False)[1][1].cancel()
        try:
            found: T = known[1].result(max(patience, PATIENCE_SECONDS))
        except NotYet:
            return None
        except BaseException:
            with self._lock:
                if self._values.get(key) is known:
                    del self._values[key]
            raise
        return found

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
