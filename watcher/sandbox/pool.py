"""A warm pool of children that serve jobs, for work that is frequent: the documents of feeds.

`ProcessPoolExecutor` does not do: one killed child fails every pending job. Here each child serves one job at a
time, and only that job ends with it.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress

from watcher.sandbox.child import LENGTH, OUT_OF_MEMORY, READY, as_job
from watcher.sandbox.limits import Limits, child_command, child_environment
from watcher.sandbox.oneshot import LARGEST_FRAME, Finished, JobFailure, failure_of

_STREAM_BUFFER = 1 << 20
_START_WITHIN = 60.0
_DIE_WITHIN = 1.0
_TAG_BYTES = 8
_NOT_STARTED = "a child process could not be started; try: python -I -m {}"

JOBS_WORTH_A_CHILD = 32
"""A child takes as long to start as so many feeds to read: another starts when more jobs wait for each that serves."""
REST_AFTER = 30.0
"""Seconds without a job after which only one child is left: each has 25 MB."""

Receive = Callable[[bytes], None]
"""Takes one frame of an answer."""


class ChildPool:
    """Children that run a worker module; each is replaced after `jobs_per_child` jobs, or when a job ends it.

    One serves all the time. Others start while many jobs wait, and end when there were no jobs for a while.
    """

    def __init__(self, module: str, limits: Limits, *, workers: int, jobs_per_child: int) -> None:
        self._children = [_Child(module, limits, jobs_per_child) for _ in range(workers)]
        self._idle: asyncio.Queue[_Child] = asyncio.Queue()
        self._starting = asyncio.Lock()
        self._started = 0
        self._waiting = 0
        self._is_growing = False
        self._idle_for_long: asyncio.TimerHandle | None = None
        self._in_background: set[asyncio.Task[None]] = set()

    async def start(self, jobs: int = 1) -> None:
        """Starts as many children as so many jobs are worth, unless they were started, and waits until they are ready.

        Raises `OSError` when none serves then; the next call tries again.
        """
        async with self._starting:
            most = 1 + jobs // JOBS_WORTH_A_CHILD
            serving, wanted = self._children[: self._started], self._children[self._started : most]
            others = self._children[max(most, self._started) :]
            found = await asyncio.gather(*(child.ready() for child in wanted), return_exceptions=True)
            failed = {child: error for child, error in zip(wanted, found, strict=True) if error is not None}
            ready = [child for child in wanted if child not in failed]
            self._children = [*serving, *ready, *others, *failed]  # the next start tries those that failed last
            self._started += len(ready)
            for child in ready:
                self._idle.put_nowait(child)
            for error in failed.values():
                if not self._started or not isinstance(error, OSError):
                    raise error
            self._rest_later()

    def start_soon(self, jobs: int) -> None:
        """Has `start` done while other work goes on. If it fails, the first job tries again, and says why not."""
        self._do(self.start(jobs))

    async def run(self, head: bytes, body: bytes, receive: Receive) -> Finished:
        """Runs a job in the next free child. Each frame of the answer goes to `receive`, none into the result.

        Starts children that are needed. Never raises for what the job does. After a failure, what `receive` was given
        is incomplete.
        """
        try:
            child = await self._next_free()
            try:
                return await child.run(head, body, receive)
            finally:
                self._idle.put_nowait(child)
                self._rest_later()
        except OSError as error:  # of the start: what goes wrong later is a result
            return Finished((), JobFailure.NOT_STARTED, detail=str(error))

    async def aclose(self) -> None:
        """Ends all children, at once."""
        self._stay()
        for task in self._in_background:
            task.cancel()
        await asyncio.gather(*self._in_background, return_exceptions=True)
        await _stop(self._children)

    def _do(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._in_background.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._in_background.discard(task)
        if not task.cancelled() and not isinstance(error := task.exception(), OSError | None):
            raise error

    async def _next_free(self) -> _Child:
        self._stay()
        self._waiting += 1
        try:
            if not self._started:
                await self.start()
            if self._waiting > JOBS_WORTH_A_CHILD * self._started and not self._is_growing:
                await self._grow()
            return await self._idle.get()
        finally:
            self._waiting -= 1

    async def _grow(self) -> None:
        """One of the jobs that wait has this done; the others go on to the children that serve already."""
        self._is_growing = True
        try:
            await self.start(self._waiting)
        finally:
            self._is_growing = False

    def _stay(self) -> None:
        if self._idle_for_long is not None:
            self._idle_for_long.cancel()

    def _rest_later(self) -> None:
        if self._started > 1 and self._is_idle:
            self._idle_for_long = asyncio.get_running_loop().call_later(REST_AFTER, self._rest)

    @property
    def _is_idle(self) -> bool:
        return not self._waiting and self._idle.qsize() == self._started

    def _rest(self) -> None:
        """Ends all children but one: there was no job for a while."""
        if self._is_idle and not self._starting.locked():
            first, *others = (self._idle.get_nowait() for _ in range(self._started))
            self._children = [first, *others, *self._children[self._started :]]
            self._idle.put_nowait(first)
            self._started = 1
            self._do(_stop(others))


async def _stop(children: Iterable[_Child]) -> None:
    await asyncio.gather(*(child.stop() for child in children))


class _Child:
    """One child process, replaced in the background whenever it ended or served its jobs."""

    def __init__(self, module: str, limits: Limits, lifetime: int) -> None:
        self._module = module
        self._limits = limits
        self._lifetime = lifetime
        self._process: asyncio.subprocess.Process | None = None
        self._starting: asyncio.Task[None] | None = None
        self._jobs = 0
        self._again_at = 0.0
        """By the clock of the event loop: before that, it is not started again."""

    async def start(self) -> None:
        """Starts it. Raises `OSError` when that fails or takes too long.

        What took too long is not tried again for as long: else each document of a round would wait a minute by itself
        for a machine on which no child starts.
        """
        if asyncio.get_running_loop().time() < self._again_at:
            raise OSError(_NOT_STARTED.format(self._module))
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
            if isinstance(error, TimeoutError):
                self._again_at = asyncio.get_running_loop().time() + _START_WITHIN
            await self._kill()
            raise OSError(_NOT_STARTED.format(self._module)) from error
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
            self._starting = None
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
