"""What documents, pages, lists, servers and names that mean harm cost, beside what is promised: documents and pages in a
child, lists of feeds in a process of their own, servers asked by the fetcher while it also reads another feed.

    python -m tests.hostile.full_run [NAME…]

Promised: at most 3 s of CPU and 512 MB, 10 MB decoded, a named reason or a feed, and an event loop that never stands
still for more than 100 ms; the other feed is read all the same. Exit 1 when a promise is broken.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import socketserver
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from urllib.parse import quote, unquote

from tests.hostile.documents import hostile_documents
from tests.hostile.feeds import feeds
from tests.hostile.names import names
from tests.hostile.pages import hostile_lists, hostile_pages
from tests.hostile.servers import FEED, HERE, OK, hostile_servers, prepare
from watcher.config.opml import read_opml
from watcher.fetch.client import Fetcher
from watcher.fetch.discover import find_links
from watcher.model.entry import ParsedFeed
from watcher.model.feed import Feed, Fetched, FetchResult, NotModified, ParseFailed, Validators
from watcher.model.settings import Network, PerHost, Polling
from watcher.parse.pool import ParserPool

URL = "https://example.org/feed.xml"
SERVERS = dict(hostile_servers())
MOST_CPU, MOST_MEMORY, LONGEST_STALL = 3.0, 512.0, 0.1
PATIENCE = timedelta(seconds=5)
"""polling.timeout, which bounds what waits; 30 s by default."""

GOOD = "good"
AT_ONCE = 5
"""Feeds of one hostile server, asked together."""


@dataclass(frozen=True, slots=True)
class Cost:
    outcome: str
    cpu: float
    memory: float
    stall: float


async def cost_of(document: bytes) -> Cost:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    pool = ParserPool(workers=1)
    await pool.start()
    heart = asyncio.create_task(longest_pause())
    result = await pool.parse(document, url=URL, headers={})
    heart.cancel()
    stall = 0.0
    with suppress(asyncio.CancelledError):
        stall = await heart
    await pool.aclose()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    outcome = (
        f"{len(result.entries)} entries, {result.reader}" if isinstance(result, ParsedFeed) else str(result.reason)
    )
    return Cost(outcome, cpu, after.ru_maxrss / 1024, stall)


async def longest_pause() -> float:
    """The longest time that the loop worked without a turn for others: CPU time, which a busy machine does not stretch."""
    longest, last = 0.0, time.thread_time()
    try:
        while True:
            await asyncio.sleep(0.001)
            now = time.thread_time()
            longest, last = max(longest, now - last), now
    except asyncio.CancelledError:
        return longest


class _Talker(socketserver.StreamRequestHandler):
    """Answers one request after the other, each by the name in its path."""

    def handle(self) -> None:
        with suppress(OSError):
            while line := self.rfile.readline():
                while self.rfile.readline().strip():
                    pass
                self._write(unquote(line.split()[1].decode("ascii")).removeprefix("/"))
                if not line.startswith(b"GET /good"):
                    return

    def _write(self, name: str) -> None:
        here = "http://{}:{}/".format(*self.server.server_address[:2]).encode()
        good = [OK + b"Content-Length: %d\r\n\r\n" % len(FEED) + FEED]
        writer = SERVERS.get(name, lambda: [b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"])
        for piece in good if name == GOOD else writer():
            self.wfile.write(piece.replace(HERE, here) if len(piece) < 1_000 else piece)
            self.wfile.flush()


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is what this is all about."""


def _serve(told: Connection) -> None:
    prepare()
    with _Listener(("127.0.0.1", 0), _Talker) as server:
        told.send(server.server_address[1])
        server.serve_forever()


@contextmanager
def servers() -> Iterator[str]:
    """The address of the hostile servers, in a process of their own: what they cost is not what we cost."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/"
    finally:
        process.kill()
        process.join()


async def cost_of_asking(url: str, good: str, times: int) -> tuple[Cost, int]:
    """What `times` feeds at `url` cost that are asked at once, and how often another feed was read meanwhile."""
    polling = Polling(timeout=PATIENCE, per_host=PerHost(times + 1, timedelta()))
    fetcher = Fetcher(polling, Network(allow=("127.0.0.1/32",)), user_agent="watcher/bench (+mailto:test@example.org)")
    await fetcher.fetch(Feed(good), Validators())
    before = resource.getrusage(resource.RUSAGE_SELF)
    heart = asyncio.create_task(longest_pause())
    asked = [asyncio.create_task(fetcher.fetch(Feed(url), Validators())) for _ in range(times)]
    read = 0
    while True:
        read += isinstance(await fetcher.fetch(Feed(good), Validators()), Fetched)
        if all(task.done() for task in asked):
            break
        await asyncio.sleep(0.02)
    results = [task.result() for task in asked]
    heart.cancel()
    stall = 0.0
    with suppress(asyncio.CancelledError):
        stall = await heart
    await fetcher.aclose()
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / times
    return Cost(", ".join(sorted({_told(result) for result in results})), cpu, after.ru_maxrss / 1024, stall), read


def _told(result: FetchResult) -> str:
    if isinstance(result, Fetched):
        return f"read, {len(result.body):,} bytes"
    return "not modified" if isinstance(result, NotModified) else str(result.reason)


async def documents(wanted: list[str]) -> int:
    broken = 0
    start = await cost_of(b"")
    print(f"a child costs {start.cpu:.2f} s of CPU to start, and {start.memory:.0f} MB; it is not counted below")
    print(f"{'document':<44}{'MB':>6}{'CPU s':>8}{'peak MB':>9}{'stall ms':>10}  outcome")
    for name, document in hostile_documents():
        if wanted and name not in wanted:
            continue
        cost = await cost_of(document)
        cost = Cost(cost.outcome, max(cost.cpu - start.cpu, 0.0), cost.memory, cost.stall)
        broken += _show(name, f"{len(document) / 1e6:6.1f}", cost)
    print("peak MB is the largest of all children so far")
    return broken


async def pages(wanted: list[str]) -> int:
    """What `feeds discover` makes of a page, in the process that it starts for it."""
    broken = 0
    print(f"\n{'page, looked through for feeds':<44}{'MB':>6}{'CPU s':>8}{'peak MB':>9}{'stall ms':>10}  outcome")
    for name, page in hostile_pages():
        if wanted and name not in wanted:
            continue
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        heart = asyncio.create_task(longest_pause())
        found = await find_links(page, url=URL)
        heart.cancel()
        stall = 0.0
        with suppress(asyncio.CancelledError):
            stall = await heart
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        outcome = str(found.reason) if isinstance(found, ParseFailed) else f"{len(found.candidates)} candidates"
        broken += _show(name, f"{len(page) / 1e6:6.1f}", Cost(outcome, cpu, after.ru_maxrss / 1024, stall))
    return broken


def lists(wanted: list[str]) -> int:
    """What `feeds import` makes of a list, each in a process of its own."""
    broken = 0
    print(f"\n{'list of feeds':<44}{'MB':>6}{'CPU s':>8}{'peak MB':>9}{'stall ms':>10}  outcome")
    for name, document in hostile_lists():
        if wanted and name not in wanted:
            continue
        with multiprocessing.get_context("spawn").Pool(1) as alone:
            broken += _show(name, f"{len(document) / 1e6:6.1f}", alone.apply(cost_of_list, (document,)))
    return broken


def cost_of_list(document: bytes) -> Cost:
    before = time.process_time()
    found = read_opml(document)
    cpu = time.process_time() - before
    said = found.problems[0].message if found.problems else "no problem"
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Cost(f"{len(found.feeds)} feeds; {said}", cpu, memory, 0.0)


async def asked(wanted: list[str]) -> int:
    broken = 0
    print(
        f"\n{'server, ' + str(AT_ONCE) + ' feeds of it at once':<44}{'good':>6}{'CPU s':>8}{'peak MB':>9}{'stall ms':>10}  outcome"
    )
    with servers() as here:
        for name in SERVERS:
            if wanted and name not in wanted:
                continue
            cost, read = await cost_of_asking(here + quote(name), here + GOOD, AT_ONCE)
            broken += _show(name, f"{read:6}", cost) or not read
    print("CPU is that of one fetch, the other feed's included; peak MB that of this process so far")
    return broken


def _show(name: str, column: str, cost: Cost) -> bool:
    fine = cost.cpu <= MOST_CPU and cost.memory <= MOST_MEMORY and cost.stall <= LONGEST_STALL
    mark = "" if fine else "   BROKEN"
    print(
        f"{name:<44}{column}{cost.cpu:8.2f}{cost.memory:9.0f}{cost.stall * 1000:10.1f}  {cost.outcome}{mark}",
        flush=True,
    )
    return not fine


async def main() -> int:
    wanted = sys.argv[1:]
    broken = await documents(wanted) + await pages(wanted) + lists(wanted)
    return 1 if broken + await asked(wanted) + await names(wanted) + feeds(wanted) else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
