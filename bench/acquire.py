"""What a tick's acquire costs with very many feeds in the store, beside what is promised.

    python bench/acquire.py [--feeds 100000] [--folder DIRECTORY]

Promised: with 100,000 feeds a tick acquires its due ones within 50 ms, and the process stays below 300 MB. Seen for a
store whose feeds are all due and spread over a fifth as many hosts, one in which half of the feeds are of one host, one
in which nothing is due, and one half of whose feeds are leased already. Each store is measured in a process of its own.
Prints median and worst of the ticks (CPU and wall time, the machine's other work is in the latter) and the peak of
memory; exit 1 when a promise is broken: median wall time, worst CPU time, memory.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from watcher.store.store import Store, open_store

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
AT_ONCE = 100
"""Feeds that one tick acquires."""

TICKS = 100
MOST_MILLISECONDS, MOST_MEGABYTES = 50.0, 300.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of each tick, megabytes at the peak, and how many feeds were acquired in all."""

    wall: Sequence[float]
    cpu: Sequence[float]
    megabytes: float
    acquired: int


def many_hosts(feeds: int) -> list[str]:
    return [f"https://host{number % (feeds // 5)}.example/feed/{number}" for number in range(feeds)]


def one_host_has_half(feeds: int) -> list[str]:
    half = feeds // 2
    return [f"https://{'big' if number < half else f'host{number}'}.example/feed/{number}" for number in range(feeds)]


def nothing(_store: Store, _feeds: int) -> None:
    """The store is as it was synced."""


def lease_half(store: Store, feeds: int) -> None:
    store.polls.acquire_due("another", NOW, NOW + HOUR, feeds // 2)


@dataclass(frozen=True, slots=True)
class Case:
    urls: Callable[[int], list[str]]
    asked_at: datetime = NOW
    prepare: Callable[[Store, int], None] = nothing


CASES = {
    "all due": Case(many_hosts),
    "all due, half of one host": Case(one_host_has_half),
    "none due": Case(many_hosts, asked_at=NOW - HOUR),
    "all due, half of them leased": Case(many_hosts, prepare=lease_half),
}


def measure(name: str, feeds: int, folder: str) -> Cost:
    """Runs in a process of its own, whose peak of memory is the store's."""
    case = CASES[name]
    store = open_store("sqlite:///acquire.db", base=Path(folder))
    store.upgrade()
    store.feeds.sync(case.urls(feeds), NOW)
    case.prepare(store, feeds)
    wall, cpu, acquired = [], [], 0
    for _ in range(TICKS):
        wall_before, cpu_before = time.perf_counter(), time.process_time()
        acquired += len(store.polls.acquire_due("bench", case.asked_at, NOW + HOUR, AT_ONCE))
        cpu.append((time.process_time() - cpu_before) * 1000)
        wall.append((time.perf_counter() - wall_before) * 1000)
    store.close()
    return Cost(sorted(wall), sorted(cpu), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, acquired)


def show(name: str, cost: Cost) -> bool:
    median = cost.wall[len(cost.wall) // 2]
    fine = median < MOST_MILLISECONDS and cost.cpu[-1] < MOST_MILLISECONDS and cost.megabytes < MOST_MEGABYTES
    print(
        f"{name:<30}{cost.acquired:>8,} acquired   wall {median:6.1f} ms, worst {cost.wall[-1]:6.1f}   "
        f"CPU {cost.cpu[len(cost.cpu) // 2]:5.1f} ms, worst {cost.cpu[-1]:5.1f}   {cost.megabytes:4.0f} MB"
        + ("" if fine else "   BROKEN"),
        flush=True,
    )
    return fine


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--feeds", type=int, default=100_000)
    arguments.add_argument("--folder", type=Path, default=None)
    options = arguments.parse_args()
    print(
        f"{options.feeds:,} feeds, {TICKS} ticks of {AT_ONCE}; limits {MOST_MILLISECONDS:.0f} ms, {MOST_MEGABYTES:.0f} MB"
    )
    fine = True
    for name in CASES:
        with (
            tempfile.TemporaryDirectory(dir=options.folder) as folder,
            multiprocessing.get_context("spawn").Pool(1) as alone,
        ):
            fine &= show(name, alone.apply(measure, (name, options.feeds, folder)))
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
