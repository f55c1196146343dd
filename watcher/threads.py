"""Named thread pools for blocking work that the event loop must not do itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class ThreadPool:
    """A fixed number of threads for one kind of work, so that it cannot use up the threads of another kind.

    Call it from the event loop: `await pool(function, *arguments)`. What the function raises is raised there.
    """

    def __init__(self, name: str, size: int) -> None:
        self.executor = ThreadPoolExecutor(size, thread_name_prefix=f"watcher-{name}")

    async def __call__(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.executor, partial(work, *args, **kwargs))

    def close(self) -> None:
        """Drops work that has not begun; does not wait for work that has."""
        self.executor.shutdown(wait=False, cancel_futures=True)


class AbandonableThreads:
    """Threads for work that may hang in a library: the end of the process does not wait for them.

    The threads of a `ThreadPool` are joined at exit: a receiver that hung in Apprise once kept a stopping process alive
    for a minute. Belongs to the event loop.
    """

    def __init__(self, name: str, limit: int) -> None:
        self._name = name
        self._limit = limit
        self._running = 0

    @property
    def are_used_up(self) -> bool:
        """Whether as many as may hang do."""
        return self._running >= self._limit

    async def __call__(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """What the work returns or raises. If this is cancelled, the thread goes on and its result is dropped."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def run() -> None:
            outcome: Future[T] = Future()
            try:
                outcome.set_result(work(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - raised where the result is awaited
                outcome.set_exception(error)
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._finish, done, outcome)

        self._running += 1
        threading.Thread(target=run, name=f"watcher-{self._name}", daemon=True).start()
        return await done

    def _finish(self, done: asyncio.Future[T], outcome: Future[T]) -> None:
        self._running -= 1
        if done.cancelled():
            return
        if error := outcome.exception():
            done.set_exception(error)
        else:
            done.set_result(outcome.result())
