"""The guard against requests into private networks, applied when a connection is made.

A name is resolved once, every address it has is checked, and one of those addresses is dialled; so a name that
answers differently the second time (DNS rebinding) gains nothing. The guard is below the connection pool and
therefore holds for every redirect, too.
"""

from __future__ import annotations

from collections.abc import Iterable

import httpcore2

from watcher.errors import FetchError, PollReason
from watcher.fetch.address_policy import Address, AddressPolicy
from watcher.fetch.happy_eyeballs import dial_order, first_to_answer
from watcher.fetch.resolver import Resolver


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """A network backend that dials vetted addresses only."""

    def __init__(self, policy: AddressPolicy, resolver: Resolver) -> None:
        self._policy = policy
        self._resolver = resolver
        self._dialler = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature of the interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Dials the vetted addresses of `host` until one answers; raises `FetchError` or httpcore2's errors."""
        addresses = await self._resolver.resolve(host, port)
        self._policy.refuse_unless_permitted(host, addresses)
        options = list(socket_options or ())

        async def dial(address: Address) -> httpcore2.AsyncNetworkStream:
            return await self._dialler.connect_tcp(str(address), port, timeout, local_address, options)

        return await first_to_answer(dial_order(addresses), dial)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature of the interface
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        raise FetchError(PollReason.ADDRESS_REFUSED, "a feed is never read from a local socket")

    async def sleep(self, seconds: float) -> None:
        await self._dialler.sleep(seconds)
