"""The thread pools of the process: one for each kind of blocking work, so that none can starve another.

With one shared pool, four receivers that hung in Apprise once kept a poll waiting for 57 s.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager

from watcher.lazy_dataclass import dataclass
from watcher.threads import ThreadPool

STORE_THREADS = 16
"""Writers of SQLite queue for one lock; enough threads that readers do not queue behind them."""
RENDER_THREADS = 4
BLOCKING_SEND_THREADS = 64
"""Looking up the host of a receiver blocks. Twice as many as sends may be under way."""


@dataclass(frozen=True, slots=True)
class Executors:
    """`store`: every call of the store. `cpu`: deduplication, matching, compiling. `render`: composing messages.

    Looking up receivers uses the event loop's default executor; Apprise has threads that may be abandoned.
    """

    store: ThreadPool
    cpu: ThreadPool
    render: ThreadPool


@contextmanager
def open_executors() -> Iterator[Executors]:
    """The pools for the running event loop, closed after the block."""
    pools = Executors(
        ThreadPool("store", STORE_THREADS),
        ThreadPool("cpu", max(2, os.cpu_count() or 1)),
        ThreadPool("render", RENDER_THREADS),
    )
    asyncio.get_running_loop().set_default_executor(ThreadPool("send", BLOCKING_SEND_THREADS).executor)
    try:
        yield pools
    finally:
        for pool in (pools.store, pools.cpu, pools.render):
            pool.close()
