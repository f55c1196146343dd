"""The ticker: ticks that run when it is stopped come to their end, but not for ever."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from watcher.service.ticker import Ticker

OFTEN = timedelta(milliseconds=10)


async def _stopped_during_a_tick(within: timedelta, *, released: bool) -> tuple[int, int]:
    """Begun and ended ticks of a ticker that is stopped while its first tick waits."""
    begun, release, counts = asyncio.Event(), asyncio.Event(), [0, 0]

    async def tick() -> None:
        counts[0] += 1
        begun.set()
        await release.wait()
        counts[1] += 1

    ticker = Ticker()
    ticker.every(OFTEN, "tick", tick)
    ticker.start()
    await begun.wait()
    if released:
        asyncio.get_running_loop().call_soon(release.set)
    await ticker.stop(within)
    return counts[0], counts[1]


def test_a_tick_under_way_comes_to_its_end() -> None:
    assert asyncio.run(_stopped_during_a_tick(timedelta(seconds=30), released=True)) == (1, 1)


def test_a_tick_that_does_not_end_is_not_waited_for() -> None:
    assert asyncio.run(_stopped_during_a_tick(timedelta(0), released=False)) == (1, 0)


def test_a_job_is_called_soon_and_once_for_all_who_ask() -> None:
    async def calls() -> list[str]:
        called, done = [], asyncio.Event()

        async def one() -> None:
            called.append("one")

        async def other() -> None:
            called.append("other")
            done.set()

        ticker = Ticker()
        for name, job in (("one", one), ("other", other)):
            ticker.every(timedelta(hours=1), name, job)
        ticker.start()
        for name in ("one", "one", "other", "unknown"):
            ticker.soon(name, OFTEN)
        await asyncio.wait_for(done.wait(), 30)
        await ticker.stop(timedelta(0))
        return called

    assert asyncio.run(calls()) == ["one", "other"]
