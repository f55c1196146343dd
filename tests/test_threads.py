"""Threads that may hang do not keep the process alive."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest

from watcher.threads import AbandonableThreads

HANGS = """
import asyncio, threading
from watcher.threads import AbandonableThreads

async def main():
    started = threading.Event()
    def hang():
        started.set()
        threading.Event().wait(600)
    task = asyncio.create_task(AbandonableThreads("test", 1)(hang))
    while not started.is_set():
        await asyncio.sleep(0)
    task.cancel()

asyncio.run(main())
print("ended")
"""


def test_the_end_of_the_process_does_not_wait_for_a_thread_that_hangs() -> None:
    done = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ended\n", "")


def test_results_and_errors_arrive_and_threads_that_hang_are_counted() -> None:
    async def run() -> None:
        threads = AbandonableThreads("test", 1)
        assert await threads(pow, 2, 3) == 8
        with pytest.raises(ZeroDivisionError):
            await threads(divmod, 1, 0)
        assert not threads.are_used_up
        release = threading.Event()
        task = asyncio.create_task(threads(release.wait))
        await asyncio.sleep(0)
        assert threads.are_used_up
        release.set()
        assert await task
        assert not threads.are_used_up

    asyncio.run(run())
