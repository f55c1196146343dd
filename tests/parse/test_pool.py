"""Real children, really killed."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from watcher.errors import PollReason
from watcher.model.entry import ParsedFeed
from watcher.model.feed import ParseFailed
from watcher.parse.document import parse_document
from watcher.parse.pool import ParserPool
from watcher.sandbox.pool import JOBS_WORTH_A_CHILD, _Child

URL = "https://example.org/feed.xml"
GOOD = b'<rss version="2.0"><channel><title>T</title><item><title>A</title><pubDate>Mon, 06 Jan 2025 10:00:00 GMT</pubDate></item></channel></rss>'
ATTRIBUTE_BOMB = b"<channel><item %s/></channel>" % b" ".join(b'a%d="x"' % number for number in range(90_000))
"""Well-formed, but not what the lxml reader reads; feedparser needs minutes for it."""


@asynccontextmanager
async def pool(**options: Any) -> AsyncIterator[ParserPool]:
    parsers = ParserPool(**options)
    await parsers.start()
    try:
        yield parsers
    finally:
        await parsers.aclose()


def run(body: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(body())


def test_a_child_reads_what_this_process_reads() -> None:
    async def body() -> None:
        many = GOOD.replace(
            b"</channel>", b"<item><description>%s</description></item>" % (b"w " * 40_000) * 30 + b"</channel>"
        )
        async with pool() as parsers:
            for document in (GOOD, many):
                assert await parsers.parse(document, url=URL, headers={}) == parse_document(
                    document, url=URL, headers={}
                )
            failed = await parsers.parse(b"<html></html>", url=URL, headers={})
            assert isinstance(failed, ParseFailed)
            assert failed.reason is PollReason.HTML

    run(body)


def test_the_first_document_starts_the_child() -> None:
    async def body() -> None:
        parsers = ParserPool()
        try:
            both = [parsers.parse(GOOD, url=URL, headers={}) for _ in range(2)]
            assert all(isinstance(found, ParsedFeed) for found in await asyncio.gather(*both))
        finally:
            await parsers.aclose()

    run(body)


def children() -> set[str]:
    """Processes that this one has started and that have not ended."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == os.getpid() and state != "Z":
                found.add(stat.parent.name)
    return found


def test_many_documents_start_another_child_that_ends_when_there_are_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.sandbox.pool.REST_AFTER", 0.0)

    async def body() -> None:
        before = children()
        async with asyncio.timeout(60), pool(workers=2, cpu=timedelta(seconds=30)) as parsers:
            bomb = asyncio.create_task(parsers.parse(ATTRIBUTE_BOMB, url=URL, headers={}))
            many = [parsers.parse(GOOD, url=URL, headers={}) for _ in range(2 * JOBS_WORTH_A_CHILD)]
            assert all(isinstance(found, ParsedFeed) for found in await asyncio.gather(*many))
            assert not bomb.done(), "they waited for it"
            assert len(children() - before) == 2
            bomb.cancel()
            while len(children() - before) > 1:  # noqa: ASYNC110 - the end of a process is no event of ours
                await asyncio.sleep(0.01)
            assert isinstance(await parsers.parse(GOOD, url=URL, headers={}), ParsedFeed)
        async with asyncio.timeout(60):
            while not children() <= before:  # noqa: ASYNC110 - one that was killed a moment ago may still be there
                await asyncio.sleep(0.01)

    run(body)


def test_children_that_start_meanwhile_serve_the_first_document() -> None:
    async def body() -> None:
        parsers = ParserPool(workers=2)
        try:
            before = children()
            parsers.start_soon(2 * JOBS_WORTH_A_CHILD)
            assert isinstance(await parsers.parse(GOOD, url=URL, headers={}), ParsedFeed)
            assert len(children() - before) == 2
        finally:
            await parsers.aclose()

    run(body)


def test_a_start_that_fails_meanwhile_is_tried_again_by_the_first_document(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        parsers = ParserPool(workers=2)
        try:
            with monkeypatch.context() as changed:
                changed.setattr("sys.executable", "/nowhere/python")
                parsers.start_soon(1)
                failed = await parsers.parse(GOOD, url=URL, headers={})
            assert isinstance(failed, ParseFailed)
            assert isinstance(await parsers.parse(GOOD, url=URL, headers={}), ParsedFeed)
        finally:
            await parsers.aclose()

    run(body)


def test_a_child_that_is_ready_serves_though_another_one_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    start, failing = _Child.start, set[_Child]()

    async def first_fails(child: _Child) -> None:
        if not failing:
            failing.add(child)
        if child in failing:
            raise OSError
        await start(child)

    async def body() -> None:
        parsers = ParserPool(workers=2)
        try:
            parsers.start_soon(2 * JOBS_WORTH_A_CHILD)
            await asyncio.sleep(0)  # so that it begins
            for _ in range(2):
                assert isinstance(await parsers.parse(GOOD, url=URL, headers={}), ParsedFeed)
        finally:
            await parsers.aclose()

    monkeypatch.setattr(_Child, "start", first_fails)
    run(body)
    assert failing


def test_that_no_child_starts_is_not_the_fault_of_a_feed_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        parsers = ParserPool(workers=2)
        try:
            with monkeypatch.context() as changed:
                changed.setattr("sys.executable", "/nowhere/python")
                failed = await parsers.parse(GOOD, url=URL, headers={})
            assert isinstance(failed, ParseFailed)
            assert failed.reason is PollReason.PARSE_CRASHED
            assert "/nowhere/python" in failed.detail
            assert isinstance(await parsers.parse(GOOD, url=URL, headers={}), ParsedFeed)
        finally:
            await parsers.aclose()

    run(body)


def test_of_many_documents_one_alone_waits_for_a_child_that_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts, python = tmp_path / "starts", sys.executable
    hangs = tmp_path / "python"
    hangs.write_text(f"#!/bin/sh\necho >>{starts}\nexec sleep 600\n")
    hangs.chmod(0o700)
    monkeypatch.setattr("watcher.sandbox.pool._START_WITHIN", 2.0)

    async def body() -> None:
        parsers = ParserPool()
        try:
            monkeypatch.setattr("sys.executable", str(hangs))
            together = [parsers.parse(GOOD, url=URL, headers={}) for _ in range(50)]
            failed = await asyncio.gather(*together)
            failed.append(await parsers.parse(GOOD, url=URL, headers={}))
            assert {one.reason for one in failed if isinstance(one, ParseFailed)} == {PollReason.PARSE_CRASHED}
            assert starts.read_text() == "\n"
            monkeypatch.setattr("sys.executable", python)
            async with asyncio.timeout(60):
                while isinstance(await parsers.parse(GOOD, url=URL, headers={}), ParseFailed):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        finally:
            await parsers.aclose()

    run(body)


def test_a_document_that_takes_too_long_ends_alone() -> None:
    async def body() -> None:
        async with pool(workers=2, cpu=timedelta(seconds=1)) as parsers:
            bomb = asyncio.create_task(parsers.parse(ATTRIBUTE_BOMB, url=URL, headers={}))
            assert isinstance(await parsers.parse(GOOD, url=URL, headers={}), ParsedFeed)
            failed = await bomb
            assert isinstance(failed, ParseFailed)
            assert failed.reason is PollReason.PARSE_TIMEOUT
            assert isinstance(await parsers.parse(GOOD, url=URL, headers={}), ParsedFeed)

    run(body)


def test_wall_time_is_bounded_too() -> None:
    async def body() -> None:
        async with pool(deadline=timedelta(seconds=2), cpu=timedelta(seconds=60)) as parsers:
            failed = await parsers.parse(ATTRIBUTE_BOMB, url=URL, headers={})
            assert isinstance(failed, ParseFailed)
            assert failed.reason is PollReason.PARSE_TIMEOUT
            assert isinstance(await parsers.parse(GOOD, url=URL, headers={}), ParsedFeed)

    run(body)


def test_memory_is_bounded() -> None:
    async def body() -> None:
        hungry = b'{"version": "https://jsonfeed.org/version/1.1", "items": [' + b"{}," * 2_500_000 + b"{}]}"
        async with pool(memory_bytes=200_000_000) as parsers:
            failed = await parsers.parse(hungry, url=URL, headers={})
            assert isinstance(failed, ParseFailed)
            assert failed.reason is PollReason.PARSE_MEMORY
            assert isinstance(await parsers.parse(GOOD, url=URL, headers={}), ParsedFeed)

    run(body)


def test_children_are_replaced_after_their_jobs_and_after_a_cancelled_one() -> None:
    async def body() -> None:
        async with pool(jobs_per_child=2) as parsers:
            for _ in range(5):
                assert isinstance(await parsers.parse(GOOD, url=URL, headers={}), ParsedFeed)
            abandoned = asyncio.create_task(parsers.parse(ATTRIBUTE_BOMB, url=URL, headers={}))
            await asyncio.sleep(0)
            abandoned.cancel()
            await asyncio.gather(abandoned, return_exceptions=True)
            assert isinstance(await parsers.parse(GOOD, url=URL, headers={}), ParsedFeed)

    run(body)


def feed_of(number: int) -> bytes:
    return GOOD.replace(b"<title>A</title>", b"<title>entry %d</title>" % number)


def test_a_cancelled_job_leaves_no_answer_to_the_next_one() -> None:
    """Feeds once got the entries of other feeds: a job was cancelled while its child started, and the mark that the
    child was ready was taken for the end of the next answer.
    """

    async def body() -> None:
        async with pool(jobs_per_child=1) as parsers:
            for number, waits in enumerate((0, 1, 2, 4, 8, 16, 32, 64)):
                cancelled = asyncio.create_task(parsers.parse(feed_of(100 + number), url=URL, headers={}))
                for _ in range(waits):
                    await asyncio.sleep(0.002)
                cancelled.cancel()
                await asyncio.gather(cancelled, return_exceptions=True)
                parsed = await parsers.parse(feed_of(number), url=URL, headers={})
                assert isinstance(parsed, ParsedFeed)
                assert [entry.title for entry in parsed.entries] == [f"entry {number}"]

    run(body)
