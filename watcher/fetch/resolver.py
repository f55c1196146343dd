"""Name look-ups that cannot starve each other.

`getaddrinfo` blocks a thread, for half a minute where a name server does not answer. Forty such names, from one list
of feeds, would otherwise occupy all threads, and feeds of other hosts would time out behind them.
"""

from __future__ import annotations

import asyncio
import socket
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import ip_address

from watcher.errors import FetchError, PollReason
from watcher.fetch.address_policy import Address
from watcher.text.domains import registrable_domain

_THREADS, _THREADS_FOR_SLOW = 128, 4
"""Started as they are needed: as many names may hang at first sight without delaying others."""

_AT_ONCE_PER_DOMAIN = 4
_TIMEOUT = 10.0
"""Seconds after which a look-up counts as failed; its thread ends when the system's resolver gives up."""

_SLOW = 2.0
"""Seconds after which a failure is slow: a name that does not exist fails at once."""

_FAILED_FOR, _SLOW_FOR = 30.0, 3_600.0
"""Seconds for which a name that failed is not looked up again; for which one that was slow has few threads."""

_MOST_FAILED = 10_000


@dataclass(slots=True)
class _Domain:
    """The places of one registrable domain; `users` hold one or wait for one."""

    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE_PER_DOMAIN))
    users: int = 0


@dataclass(frozen=True, slots=True)
class _Failure:
    at: float
    cause: str
    was_slow: bool


class Resolver:
    """Looks names up, a few at once for each registrable domain; names that were slow to fail share a few threads."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="resolver")
        self._slow_threads = ThreadPoolExecutor(_THREADS_FOR_SLOW, thread_name_prefix="resolver-slow")
        self._domains: dict[str, _Domain] = {}
        self._failures: OrderedDict[str, _Failure] = OrderedDict()

    async def resolve(self, host: str, port: int) -> list[Address]:
        """All addresses of a name. Raises `FetchError` (`dns`)."""
        now = asyncio.get_running_loop().time()
        failure = self._failures.get(host)
        if failure is not None and now - failure.at < _FAILED_FOR:
            raise _unresolved(host, failure.cause)
        is_slow = failure is not None and failure.was_slow and now - failure.at < _SLOW_FOR
        try:
            found = await self._look_up(self._slow_threads if is_slow else self._threads, host, port)
        except (OSError, UnicodeError) as error:
            cause = str(error) or "no answer from the name server"
            self._remember_failure(host, cause, asyncio.get_running_loop().time(), started=now)
            raise _unresolved(host, cause) from error
        self._failures.pop(host, None)
        return found

    def close(self) -> None:
        """Lets the threads end; a look-up under way is not waited for."""
        for executor in (self._threads, self._slow_threads):
            executor.shutdown(wait=False, cancel_futures=True)

    async def _look_up(self, executor: ThreadPoolExecutor, host: str, port: int) -> list[Address]:
        """Keeps one of the domain's places until the thread is free again, however long the caller waits."""
        name = registrable_domain(host)
        domain = self._domains.setdefault(name, _Domain())
        domain.users += 1
        look_up: asyncio.Future[list[Address]] | None = None
        try:
            async with asyncio.timeout(_TIMEOUT):
                await domain.places.acquire()
                look_up = asyncio.get_running_loop().run_in_executor(executor, _look_up, host, port)
                look_up.add_done_callback(lambda done: self._ended(name, domain, done))
                return await asyncio.shield(look_up)
        finally:
            if look_up is None:
                self._leave(name, domain)

    def _ended(self, name: str, domain: _Domain, look_up: asyncio.Future[list[Address]]) -> None:
        if not look_up.cancelled():
            look_up.exception()  # read, so that asyncio does not report a failure that came too late
        domain.places.release()
        self._leave(name, domain)

    def _leave(self, name: str, domain: _Domain) -> None:
        domain.users -= 1
        if not domain.users:
            self._domains.pop(name, None)

    def _remember_failure(self, host: str, cause: str, now: float, *, started: float) -> None:
        self._failures[host] = _Failure(now, cause, now - started >= _SLOW)
        self._failures.move_to_end(host)
        while len(self._failures) > _MOST_FAILED:
            self._failures.popitem(last=False)


def _look_up(host: str, port: int) -> list[Address]:
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # A scope (fe80::1%eth0) is cut off: what has one is never global.
    return [ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers]


def _unresolved(host: str, cause: str) -> FetchError:
    return FetchError(
        PollReason.DNS, f"the name {host} cannot be resolved ({cause}); check the address and the resolver"
    )
