"""Dials the addresses of a name one after another, each with a head start over the next (RFC 8305 §5).

An address that does not answer must not use up the time in which another one would.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import chain, zip_longest

import httpcore2

from watcher.fetch.address_policy import Address

Dial = Callable[[Address], Awaitable[httpcore2.AsyncNetworkStream]]
Attempt = asyncio.Future[httpcore2.AsyncNetworkStream]

HEAD_START = 0.25
"""Seconds before the next address is tried beside those that have not answered (RFC 8305 §8)."""

_MOST_DIALLED = 8
"""Addresses of one name that are tried: more do not help, and a name can point at many hosts of others."""


def dial_order(addresses: Iterable[Address]) -> list[Address]:
    """The order in which addresses are dialled: both families alternate, the resolver's first choice first (§4)."""
    known = list(dict.fromkeys(addresses))
    first = [one for one in known if one.version == known[0].version]
    second = [one for one in known if one.version != known[0].version]
    alternating = chain.from_iterable(zip_longest(first, second))
    return [one for one in alternating if one is not None][:_MOST_DIALLED]


async def first_to_answer(addresses: Sequence[Address], dial: Dial) -> httpcore2.AsyncNetworkStream:
    """The first connection that is made; all others are closed. Raises what the last address failed with."""
    waiting = list(addresses)
    under_way: set[Attempt] = set()
    failure: BaseException | None = None
    try:
        while waiting or under_way:
            if waiting:
                under_way.add(asyncio.ensure_future(dial(waiting.pop(0))))
            head_start = HEAD_START if waiting else None
            done, _ = await asyncio.wait(under_way, timeout=head_start, return_when=asyncio.FIRST_COMPLETED)
            for attempt in done:
                under_way.remove(attempt)
                if (failure := attempt.exception()) is None:
                    return attempt.result()
                if not isinstance(failure, httpcore2.NetworkError | httpcore2.TimeoutException):
                    raise failure
    finally:
        await _cancel(under_way)
    assert failure is not None
    raise failure


async def _cancel(attempts: Iterable[Attempt]) -> None:
    """Cancels the other attempts, and closes connections that were made too late."""
    for attempt in attempts:
        attempt.cancel()
    for outcome in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(outcome, httpcore2.AsyncNetworkStream):
            await outcome.aclose()
