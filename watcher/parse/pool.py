"""Reads documents in children: what a document can cost is bounded, and paid by a process that may die."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta

from watcher.errors import PollReason
from watcher.model.entry import Entry, ParsedFeed
from watcher.model.feed import ParseFailed
from watcher.parse.worker import decode_entries, decode_head, encode_job
from watcher.sandbox.limits import Limits
from watcher.sandbox.oneshot import Finished, JobFailure
from watcher.sandbox.pool import ChildPool

MOST_PARSERS = min(2, os.cpu_count() or 1)
"""Children: what more of them read, the daemon, which is one process, could not decide on and save."""


class ParserPool:
    """A warm pool of parser children: one, and up to `workers` as long as many documents wait.

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
        jobs_per_child: int = 1_000,
    ) -> None:
        self._limits = Limits(memory_bytes, max(1, int(cpu.total_seconds())), deadline.total_seconds())
        self._children = ChildPool("watcher.parse.worker", self._limits, workers=workers, jobs_per_child=jobs_per_child)

    async def start(self, documents: int = 1) -> None:
        """Starts as many children as so many documents are worth, and waits until they are ready; raises `OSError`
        when none can be.

        Without this the first document starts one: a round in which nothing has changed needs none.
        """
        await self._children.start(documents)

    def start_soon(self, documents: int) -> None:
        """The same while other work goes on, for a program that is about to read so many documents."""
        self._children.start_soon(documents)

    async def parse(
        self, body: bytes, *, url: str, headers: Mapping[str, str], known_hashes: Collection[str] | None = None
    ) -> ParsedFeed | ParseFailed:
        """Reads a document as `parse_document` does; never raises for what a document does."""
        answer = _Answer()
        finished = await self._children.run(encode_job(url, headers, known_hashes), body, answer.receive)
        return self._failed(finished) if finished.failure is not None else answer.result()

    async def aclose(self) -> None:
        """Ends all children, at once."""
        await self._children.aclose()

    def _failed(self, finished: Finished) -> ParseFailed:
        match finished.failure:
            case JobFailure.MEMORY:
                return ParseFailed(PollReason.PARSE_MEMORY, _TOO_COSTLY.format("memory than a feed may use"))
            case JobFailure.CPU_TIME:
                return ParseFailed(PollReason.PARSE_TIMEOUT, _TOO_COSTLY.format("CPU time than a feed may use"))
            case JobFailure.DEADLINE:
                return ParseFailed(PollReason.PARSE_TIMEOUT, _TOO_COSTLY.format(f"than {self._limits.deadline:.0f} s"))
            case JobFailure.NOT_STARTED:
                cause = f"no process could be started that reads documents: {finished.detail}"
                return ParseFailed(
                    PollReason.PARSE_CRASHED, f"{cause}; this says nothing of the feed, look at the machine"
                )
            case _:
                return ParseFailed(
                    PollReason.PARSE_CRASHED,
                    f"the process that read the document ended with {finished.exit_code}; please report the feed",
                )


_TOO_COSTLY = "reading the document took more {}; report it to the feed's publisher"


class _Answer:
    """The frames of one answer, decoded as they come."""

    def __init__(self) -> None:
        self._head: ParsedFeed | ParseFailed | None = None
        self._entries: list[Entry] = []

    def receive(self, frame: bytes) -> None:
        if self._head is None:
            self._head = decode_head(frame)
        else:
            self._entries += decode_entries(frame)

    def result(self) -> ParsedFeed | ParseFailed:
        assert self._head is not None, "an answer without frames"
        return replace(self._head, entries=tuple(self._entries)) if isinstance(self._head, ParsedFeed) else self._head
