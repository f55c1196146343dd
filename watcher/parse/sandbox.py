"""Parsing in killable children: what a document can cost is bounded, and paid by a process that may die.

`ProcessPoolExecutor` does not do: one killed child fails every pending job. Here each child serves one job at a
time, and only that job ends with it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from watcher.errors import PollReason
from watcher.model.entry import Entry, ParsedFeed
from watcher.model.feed import ParseFailed
from watcher.parse.ipc import LENGTH, decode_entries, decode_head, encode_job
from watcher.sandbox.oneshot import child_environment

_STREAM_BUFFER = 1 << 20
_LARGEST_FRAME = 64 << 20
_START_WITHIN = 60.0
_DIE_WITHIN = 1.0


class ParserPool:
    """A warm pool of parser children.

    `deadline` is wall time and `cpu` CPU time (whole seconds) of one job, counted from when a child takes it;
    `memory_bytes` is a child's address space; a child is replaced after `jobs_per_child` jobs.
    """

    def __init__(
        self,
        *,
        workers: int = 1,
        deadline: timedelta = timedelta(seconds=10),
        cpu: timedelta = timedelta(seconds=2),
        memory_bytes: int = 512_000_000,
        jobs_per_child: int = 300,
    ) -> None:
        command = ("-m", "watcher.parse.worker", str(memory_bytes), str(max(1, int(cpu.total_seconds()))))
        self._children = [_Child(command, deadline.total_seconds(), jobs_per_child) for _ in range(workers)]
        self._idle: asyncio.Queue[_Child] = asyncio.Queue()
        self._started = False

    async def start(self) -> None:
        """Starts all children and waits until they are ready; raises `OSError` when they cannot be."""
        self._started = True
        await asyncio.gather(*(child.start() for child in self._children))
        for child in self._children:
            self._idle.put_nowait(child)

    async def parse(self, body: bytes, *, url: str, headers: Mapping[str, str]) -> ParsedFeed | ParseFailed:
        """Reads a document as `parse_document` does; never raises for what a document does."""
        if not self._started:
            raise RuntimeError("the parser pool was not started: await start() first")
        child = await self._idle.get()
        try:
            return await child.parse(body, encode_job(url, headers))
        finally:
            self._idle.put_nowait(child)

    async def aclose(self) -> None:
        """Ends all children, at once."""
        await asyncio.gather(*(child.stop() for child in self._children))


class _Child:
    """One child process, replaced in the background whenever it ended or served its time."""

    def __init__(self, command: tuple[str, ...], deadline: float, lifetime: int) -> None:
        self._command = command
        self._deadline = deadline
        self._lifetime = lifetime
        self._process: asyncio.subprocess.Process | None = None
        self._starting: asyncio.Task[None] | None = None
        self._jobs = 0

    async def start(self) -> None:
        self._jobs = 0
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=child_environment(),
            start_new_session=True,
            limit=_STREAM_BUFFER,
        )
        try:
            async with asyncio.timeout(_START_WITHIN):
                await self._read_frame()
        except (TimeoutError, EOFError) as error:
            await self._kill()
            raise OSError("a parser process could not be started; try `python -m watcher.parse.worker`") from error

    async def parse(self, body: bytes, job: bytes) -> ParsedFeed | ParseFailed:
        await self._ready()
        self._jobs += 1
        finished = False
        try:
            async with asyncio.timeout(self._deadline):
                result = await self._exchange(job, body)
            finished = True
        except TimeoutError:
            return _took_too_long(f"{self._deadline:.0f} s")
        except (EOFError, ConnectionError):
            return await self._cause_of_death()
        finally:
            if not finished or self._jobs >= self._lifetime or _is_costly(result):
                await self._replace()
        return result

    async def stop(self) -> None:
        if self._starting is not None:
            self._starting.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await self._starting
        await self._kill()

    async def _ready(self) -> None:
        if self._starting is not None:
            starting, self._starting = self._starting, None
            await starting
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

    async def _exchange(self, job: bytes, body: bytes) -> ParsedFeed | ParseFailed:
        stdin = self._running().stdin
        assert stdin is not None
        stdin.writelines((LENGTH.pack(len(job)), job, LENGTH.pack(len(body)), body))
        await stdin.drain()
        head = decode_head(await self._read_frame())
        if isinstance(head, ParseFailed):
            return head
        entries: list[Entry] = []
        while batch := decode_entries(await self._read_frame()):
            entries += batch
            await asyncio.sleep(0)  # a frame that is there already is read without a turn of the loop
        return replace(head, entries=tuple(entries))

    async def _read_frame(self) -> bytes:
        stdout = self._running().stdout
        assert stdout is not None
        (length,) = LENGTH.unpack(await stdout.readexactly(LENGTH.size))
        if length > _LARGEST_FRAME:
            raise EOFError("a parser child broke the protocol")
        return await stdout.readexactly(length)

    async def _cause_of_death(self) -> ParseFailed:
        process = self._running()
        try:
            async with asyncio.timeout(_DIE_WITHIN):
                code = await process.wait()
        except TimeoutError:  # it closed its pipes, but lives
            _end(process)
            code = await process.wait()
        if code == -signal.SIGXCPU:
            return _took_too_long("its share of CPU time")
        return ParseFailed(
            PollReason.PARSE_CRASHED, f"the process that read the document ended with {code}; please report the feed"
        )

    def _running(self) -> asyncio.subprocess.Process:
        assert self._process is not None
        return self._process


def _end(process: asyncio.subprocess.Process) -> None:
    # Not process.kill(): that polls first, collects a child that just died, and its exit code is lost to the loop.
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)


def _took_too_long(limit: str) -> ParseFailed:
    return ParseFailed(PollReason.PARSE_TIMEOUT, f"reading the document took more than {limit}; tell its publisher")


def _is_costly(result: ParsedFeed | ParseFailed) -> bool:
    return isinstance(result, ParseFailed) and result.reason is PollReason.PARSE_MEMORY
