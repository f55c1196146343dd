"""Name look-ups that cannot starve each other.

`getaddrinfo` blocks a thread, for half a minute where a name server does not answer. Hundreds of such names, from one
list of feeds or by redirects, would otherwise occupy all threads, and feeds of other hosts would time out behind them.
So the names of feeds that worked the last time, names seen first, and names that hung before have threads of their own,
and the feeds of one registrable domain look up a few names at once.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import field
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address

from watcher.errors import FetchError, PollReason
from watcher.fetch.address_policy import Address
from watcher.fetch.rate_limit import HostBusy
from watcher.lazy_dataclass import dataclass
from watcher.text.domains import registrable_domain

_AT_ONCE_PER_DOMAIN = 4
_TIMEOUT = 10.0
"""Seconds after which a look-up counts as failed; its thread ends when the system's resolver gives up."""

_SLOW = 2.0
"""Seconds after which a failure is slow: a name that does not exist fails at once."""

_FAILED_FOR, _SLOW_FOR = 30.0, 3_600.0
"""Seconds for which a name that failed is not looked up again; for which one that was slow has few threads."""

_MOST_FAILED = 10_000

_BUSY_FOR = timedelta(minutes=1)
_NO_THREAD = "the name {} waits behind others that hang; if this goes on, look at the resolver and at feeds that fail"
"""Nothing is known of the name then, and the feed has not failed."""


class _Class(StrEnum):
    """Whose threads look a name up."""

    PROVEN = "proven"
    """The host of a feed that worked the last time."""
    NEW = "new"
    SLOW = "slow"
    """A name that hung before."""


_THREADS: Mapping[str, int] = {_Class.PROVEN: 96, _Class.NEW: 64, _Class.SLOW: 4}
"""Started as they are needed."""


@dataclass(frozen=True, slots=True)
class Asker:
    """For whom names are looked up: the host of a feed as configured. `is_proven`: its last poll got an answer."""

    host: str
    is_proven: bool = False


ASKER: ContextVar[Asker | None] = ContextVar("asker", default=None)
"""Set by whoever makes a request: the connection pool passes nothing on but host and port."""


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
    """Looks names up. Belongs to the event loop."""

    def __init__(self) -> None:
        self._threads = {one: ThreadPoolExecutor(_THREADS[one], thread_name_prefix=f"resolver-{one}") for one in _Class}
        self._domains: dict[tuple[str, str], _Domain] = {}
        self._failures: OrderedDict[str, _Failure] = OrderedDict()

    async def resolve(self, host: str, port: int) -> list[Address]:
        """All addresses of a name. Raises `FetchError` (`dns`), and `HostBusy` when no thread was free in time."""
        if (address := _literal(host)) is not None:
            return [address]
        now = asyncio.get_running_loop().time()
        failure = self._failures.get(host)
        if failure is not None and now - failure.at < _FAILED_FOR:
            raise _unresolved(host, failure.cause)
        is_slow = failure is not None and failure.was_slow and now - failure.at < _SLOW_FOR
        look_up = _LookUp(host, port)
        try:
            found = await self._run(look_up, is_slow=is_slow)
        except (OSError, UnicodeError) as error:
            cause = str(error) or "no answer from the name server"
            self._remember_failure(host, cause, now=asyncio.get_running_loop().time(), took=look_up.took)
            raise _unresolved(host, cause) from error
        self._failures.pop(host, None)
        return found

    def close(self) -> None:
        """Lets the threads end; a look-up under way is not waited for."""
        for executor in self._threads.values():
            executor.shutdown(wait=False, cancel_futures=True)

    async def _run(self, look_up: _LookUp, *, is_slow: bool) -> list[Address]:
        """Keeps the places of the domains until the thread is free again, however long the caller waits."""
        domain = registrable_domain(look_up.host)
        asker = ASKER.get() or Asker(look_up.host)
        origin = registrable_domain(asker.host)
        is_proven = asker.is_proven and origin == domain
        kind = _Class.SLOW if is_slow else _Class.PROVEN if is_proven else _Class.NEW
        # Always in this order: names to which the feeds of a domain lead, names of a domain.
        places = [("led to by", origin), ("of", domain)] if origin != domain else [("of", domain)]
        held: list[tuple[str, str]] = []
        work: Future[list[Address]] | None = None
        try:
            async with asyncio.timeout(_TIMEOUT):
                for place in places:
                    await self._enter(place)
                    held.append(place)
                work = self._threads[kind].submit(look_up)
                ended = asyncio.wrap_future(work)
                ended.add_done_callback(lambda done: self._ended(places, done))
                held = []
                return await asyncio.shield(ended)
        except TimeoutError as error:
            if work is not None and work.cancel() and not is_slow:
                raise HostBusy(_NO_THREAD.format(look_up.host), _BUSY_FOR) from error
            raise
        finally:
            if work is not None:
                work.cancel()  # what has not begun need not begin
            for place in held:
                self._leave(place)

    async def _enter(self, key: tuple[str, str]) -> None:
        domain = self._domains.setdefault(key, _Domain())
        domain.users += 1
        try:
            await domain.places.acquire()
        except BaseException:
            self._forget_user(key)
            raise

    def _leave(self, key: tuple[str, str]) -> None:
        self._domains[key].places.release()
        self._forget_user(key)

    def _forget_user(self, key: tuple[str, str]) -> None:
        domain = self._domains[key]
        domain.users -= 1
        if not domain.users:
            del self._domains[key]

    def _ended(self, keys: list[tuple[str, str]], look_up: asyncio.Future[list[Address]]) -> None:
        if not look_up.cancelled():
            look_up.exception()  # read, so that asyncio does not report a failure that came too late
        for key in keys:
            self._leave(key)

    def _remember_failure(self, host: str, cause: str, *, now: float, took: float) -> None:
        self._failures[host] = _Failure(now, cause, took >= _SLOW)
        self._failures.move_to_end(host)
        while len(self._failures) > _MOST_FAILED:
            self._failures.popitem(last=False)


class _LookUp:
    """One look-up, to be called in a thread."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self._port = port
        self._began_at: float | None = None

    @property
    def took(self) -> float:
        """Seconds since it began; 0 before."""
        return 0.0 if self._began_at is None else time.monotonic() - self._began_at

    def __call__(self) -> list[Address]:
        self._began_at = time.monotonic()
        answers = socket.getaddrinfo(self.host, self._port, type=socket.SOCK_STREAM)
        # A scope (fe80::1%eth0) is cut off: what has one is never global.
        return [ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers]


def _literal(host: str) -> Address | None:
    """The address that is written instead of a name: there is nothing to look up. Other spellings (`127.1`) take the
    way of names.
    """
    try:
        return None if "%" in host else ip_address(host)
    except ValueError:
        return None


def _unresolved(host: str, cause: str) -> FetchError:
    return FetchError(
        PollReason.DNS, f"the name {host} cannot be resolved ({cause}); check the address and the resolver"
    )
