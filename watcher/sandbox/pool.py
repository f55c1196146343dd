"""A warm pool of children that serve jobs, for work that is frequent: the documents of feeds.

`ProcessPoolExecutor` does not do: one killed child fails every pending job. Here each child serves one job at a
time, and only that job ends with it.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import Callable
from contextlib import suppress

from watcher.sandbox.child import LENGTH, OUT_OF_MEMORY, READY, as_job
from watcher.sandbox.limits import Limits, child_command, child_environment
from watcher.sandbox.oneshot import LARGEST_FRAME, Finished, JobFailure, failure_of

_STREAM_BUFFER = 1 << 20
_START_WITHIN = 60.0
_DIE_WITHIN = 1.0
_TAG_BYTES = 8

Receive = Callable[[bytes], None]
"""Takes one frame of an answer."""


class ChildPool:
    """Children that run a worker module; each is replaced after `jobs_per_child` jobs, or when a job ends it."""

    def __init__(self, module: str, limits: Limits, *, workers: int, jobs_per_child: int) -> None:
        self._children = [_Child(module, limits, jobs_per_child) for _ in range(workers)]
        self._idle: asyncio.Queue[_Child] = asyncio.Queue()
        self._starting = asyncio.Lock()
        self._started = False

    async def start(self) -> None:
        """Starts all children, unless they were started, and waits until they are ready.

        Raises `OSError` when they cannot be; the next call tries again.
        """
        async with self._starting:
            if self._started:
                return
            found = await asyncio.gather(*(child.ready() for child in self._children), return_exceptions=True)
            if failed := [error for error in found if error is not None]:
                raise failed[0]
            for child in self._children:
                self._idle.put_nowait(child)
            self._started = True

    async def run(self, head: bytes, body: bytes, receive: Receive) -> Finished:
        """Runs a job in the next free child. Each frame of the answer goes to `receive`, none into the result.

        Starts the children if they were not started. Never raises for what the job does. After a failure, what
        `receive` was given is incomplete.
        """
        try:
            await self.start()
            child = await self._idle.get()
            try:
                return await child.run(head, body, receive)
            finally:
                self._idle.put_nowait(child)
        except OSError as error:  # of the start: what goes wrong later is a result
            return Finished((), JobFailure.NOT_STARTED, detail=str(error))

    async def aclose(self) -> None:
        """Ends all children, at once."""
        await asyncio.gather(*(child.stop() for child in self._children))


class _Child:
    """One child process, replaced in the background whenever it ended or served its jobs."""

    def __init__(self, module: str, limits: Limits, lifetime: int) -> None:
        self._module = module
        self._limits = limits
        self._lifetime = lifetime
        self._process: asyncio.subprocess.Process | None = None
        self._starting: asyncio.Task[None] | None = None
        self._jobs = 0

    async def start(self) -> None:
        self._jobs = 0
        self._process = await asyncio.create_subprocess_exec(
            *child_command(self._module, self._limits),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=child_environment(),
            cwd="/",
            start_new_session=True,
            limit=_STREAM_BUFFER,
        )
        try:
            async with asyncio.timeout(_START_WITHIN):
                await self._read_frame()
        except (TimeoutError, EOFError) as error:
            await self._kill()
            raise OSError(f"a child process could not be started; try: python -I -m {self._module}") from error
        except BaseException:  # cancelled: the mark that it is ready would be taken for the end of an answer
            await self._kill()
            raise

    async def run(self, head: bytes, body: bytes, receive: Receive) -> Finished:
        await self.ready()
        self._jobs += 1
        failure: JobFailure | None = JobFailure.CRASHED
        try:
            async with asyncio.timeout(self._limits.deadline):
                failure = await self._exchange(head, body, receive)
            return Finished((), failure)
        except TimeoutError:
            return Finished((), JobFailure.DEADLINE)
        except (EOFError, ConnectionError):
            code = await self._exit_code()
            return Finished((), failure_of(code), code)
        finally:  # also when this task is cancelled: the child would answer the wrong job next
            if failure is not None or self._jobs >= self._lifetime:
                await self._replace()

    async def stop(self) -> None:
        if self._starting is not None:
            self._starting.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await self._starting
        await self._kill()

    async def ready(self) -> None:
        """Starts the child unless it runs; raises `OSError` when it cannot be started."""
        if self._starting is not None:
            starting = self._starting
            try:
                await asyncio.shield(starting)  # who waits for it may be cancelled; the child starts all the same
            finally:
                if starting.done():
                    self._starting = None
        if self._process is None or self._process.returncode is not None:
            await self.start()

    async def _replace(self) -> None:
        await self._kill()
        self._starting = asyncio.create_task(self.start())

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        _end(process)
        await asyncio.shield(process.wait())

    async def _exchange(self, head: bytes, body: bytes, receive: Receive) -> JobFailure | None:
        stdin, tag = self._running().stdin, secrets.token_bytes(_TAG_BYTES)
        assert stdin is not None
        stdin.writelines(as_job(tag, head, body))
        await stdin.drain()
        if await self._read_frame() != tag:
            raise EOFError("a child answered another job")
        while (frame := await self._read_frame()) is not None:
            if not frame:
                return None
            receive(frame)
            await asyncio.sleep(0)  # reading a frame that has arrived already does not yield to the event loop
        return JobFailure.MEMORY

    async def _read_frame(self) -> bytes | None:
        """The next frame, empty at the end of an answer; None when the child ran out of memory."""
        stdout = self._running().stdout
        assert stdout is not None
        prefix = await stdout.readexactly(LENGTH.size)
        if prefix == READY:
            return b""
        if prefix == OUT_OF_MEMORY:
            return None
        (length,) = LENGTH.unpack(prefix)
        if length > LARGEST_FRAME:
            raise EOFError("a child broke the protocol")
        return await stdout.readexactly(length)

    async def _exit_code(self) -> int:
        process = self._running()
        try:
            async with asyncio.timeout(_DIE_WITHIN):
                return await process.wait()
        except TimeoutError:  # it closed its pipes, but lives
            _end(process)
            return await process.wait()

    def _running(self) -> asyncio.subprocess.Process:
        assert self._process is not None
        return self._process


def _end(process: asyncio.subprocess.Process) -> None:
    # Not process.kill(): that polls first, collects a child that just died, and its exit code is lost to the loop.
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
