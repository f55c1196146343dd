"""Named thread pools for blocking work that the event loop must not do itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
