"""What documents that mean harm cost, each in a child of its own, beside what is promised.

    python bench/hostile.py [NAME…]

Promised: at most 3 s of CPU and 512 MB in the child, a named reason or a feed, and an event loop that never stands
still for more than 100 ms. Exit 1 when a promise is broken.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from contextlib import suppress
from dataclasses import dataclass

from hostile_documents import hostile_documents

from watcher.model.entry import ParsedFeed
from watcher.parse.sandbox import ParserPool

URL = "https://example.org/feed.xml"
MOST_CPU, MOST_MEMORY, LONGEST_STALL = 3.0, 512.0, 0.1


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
    longest, last = 0.0, time.perf_counter()
    try:
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now
    except asyncio.CancelledError:
        return longest


async def main() -> int:
    broken = 0
    start = await cost_of(b"")
    print(f"a child costs {start.cpu:.2f} s of CPU to start, and {start.memory:.0f} MB; it is not counted below")
    print(f"{'document':<44}{'MB':>6}{'CPU s':>8}{'peak MB':>9}{'stall ms':>10}  outcome")
    for name, document in hostile_documents():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        cost = await cost_of(document)
        cpu = max(cost.cpu - start.cpu, 0.0)
        fine = cpu <= MOST_CPU and cost.memory <= MOST_MEMORY and cost.stall <= LONGEST_STALL
        broken += not fine
        mark = "" if fine else "   BROKEN"
        size = len(document) / 1e6
        print(
            f"{name:<44}{size:6.1f}{cpu:8.2f}{cost.memory:9.0f}{cost.stall * 1000:10.1f}  {cost.outcome}{mark}",
            flush=True,
        )
    print("peak MB is the largest of all children so far")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
