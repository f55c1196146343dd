"""One job in a child process of its own: for web pages and users' templates. Feeds have a warm pool (`pool`)."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import threading
from contextlib import suppress
from enum import StrEnum

from watcher.lazy_dataclass import dataclass
from watcher.sandbox.child import LENGTH, OUT_OF_MEMORY, READY, as_job
from watcher.sandbox.limits import Limits, child_command, child_environment

LARGEST_FRAME = 64 << 20
"""Bytes; a child that announces a longer one is broken."""
_TAG = b"1"
"""A child of its own has one job."""


class JobFailure(StrEnum):
    """Why a child did not finish a job."""

    DEADLINE = "deadline"
    CPU_TIME = "cpu_time"
    MEMORY = "memory"
    CRASHED = "crashed"
    NOT_STARTED = "not_started"


@dataclass(frozen=True, slots=True)
class Finished:
    """The frames of an answer; those before the failure when there is one. `exit_code` is negative for a signal;
    `detail` says why a child could not be started.
    """

    frames: tuple[bytes, ...]
    failure: JobFailure | None = None
    exit_code: int = 0
    detail: str = ""


async def run_job(module: str, head: bytes, body: bytes, limits: Limits) -> Finished:
    """What a worker module answers to one job. Never raises for what the job does."""
    process = await asyncio.create_subprocess_exec(
        *child_command(module, limits),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=child_environment(),
        cwd="/",
        start_new_session=True,
    )
    output = b""
    try:
        async with asyncio.timeout(limits.deadline):
            output, _ = await process.communicate(b"".join(as_job(_TAG, head, body)))
    except TimeoutError:
        return Finished((), JobFailure.DEADLINE)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            await process.wait()
    return _finished(output, process.returncode)


def run_job_blocking(module: str, head: bytes, body: bytes, limits: Limits) -> Finished:
    """The same for callers in a thread; keeps the frames that came before a failure."""
    with BlockingChild(module, limits) as child:
        return child.run(head, body)


class BlockingChild:
    """A child for several jobs, for callers in a thread: `with BlockingChild(…) as child: child.run(…)`.

    After a job that ended the child there is no other. The deadline of the limits is that of each job.
    """

    def __init__(self, module: str, limits: Limits) -> None:
        self._limits = limits
        self._process = subprocess.Popen(
            child_command(module, limits),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=child_environment(),
            cwd="/",
            start_new_session=True,
        )
        self._before = b""

    def __enter__(self) -> BlockingChild:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        self._process.wait()

    def run(self, head: bytes, body: bytes) -> Finished:
        """What the worker answers to one job. Never raises for what the job does."""
        late = threading.Event()

        def end() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(self._limits.deadline, end)
        timer.start()
        try:
            frames, rest = self._exchange(as_job(_TAG, head, body))
        finally:
            timer.cancel()
        if rest == READY:
            return Finished(frames)
        if late.is_set():
            return Finished(frames, JobFailure.DEADLINE)
        exit_code = self._process.wait()
        failure = JobFailure.MEMORY if rest == OUT_OF_MEMORY else failure_of(exit_code)
        return Finished(frames, failure, exit_code)

    def _exchange(self, job: tuple[bytes, ...]) -> tuple[tuple[bytes, ...], bytes]:
        """The whole frames of the answer after its tag, and the mark after them; "" when the child has ended."""
        source, sink = self._process.stdout, self._process.stdin
        if source is None or sink is None:
            raise AssertionError("both are pipes")
        with suppress(BrokenPipeError):
            if not self._before:
                self._before = source.read(LENGTH.size)  # it is ready
            sink.writelines(job)
            sink.flush()
        frames: list[bytes] = []
        while (prefix := source.read(LENGTH.size)) not in (READY, OUT_OF_MEMORY):
            length = LENGTH.unpack(prefix)[0] if len(prefix) == LENGTH.size else 0
            frame = source.read(length) if 0 < length <= LARGEST_FRAME else b""
            if len(frame) < max(length, 1):
                self._process.kill()
                return tuple(frames[1:]), b""
            frames.append(frame)
        return tuple(frames[1:]), prefix


def failure_of(exit_code: int | None) -> JobFailure:
    """Why a child ended by itself before its answer did."""
    return JobFailure.CPU_TIME if exit_code == -signal.SIGPROF else JobFailure.CRASHED


def _finished(output: bytes, exit_code: int | None) -> Finished:
    frames, rest = _frames(output)
    if rest == READY:
        return Finished(frames)
    failure = JobFailure.MEMORY if rest and exit_code == 0 else failure_of(exit_code)
    return Finished(frames, failure, exit_code or 0)


def _frames(output: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """The whole frames of an answer after its tag, and the mark or the piece of a frame that follows them."""
    frames = []
    position = len(READY)
    while len(prefix := output[position : position + LENGTH.size]) == LENGTH.size:
        (length,) = LENGTH.unpack(prefix)
        end = position + LENGTH.size + length
        if not length > 0 or end > len(output):
            break
        frames.append(output[position + LENGTH.size : end])
        position = end
    return tuple(frames[1:]), output[position:]
