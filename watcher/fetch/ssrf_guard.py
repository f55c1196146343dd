"""The guard against requests into private networks, at the only moment that counts: when a connection is made.

A name is resolved once, every address it has is checked, and one of those very addresses is dialled; so a name
that answers differently the second time (DNS rebinding) gains nothing. It sits beneath the connection pool and
therefore holds for every redirect, too.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import httpcore2

from watcher.errors import FetchError, PollReason
from watcher.fetch.happy_eyeballs import Address, first_to_answer, in_turn

_RESOLVERS = 32

_NEVER_DIALLED = tuple(
    ip_network(text)
    for text in (
        "100.64.0.0/10",  # shared address space, RFC 6598
        "192.0.0.0/24",  # IETF protocol assignments, RFC 6890
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "224.0.0.0/4",  # multicast, RFC 5771
        "::/96",  # IPv4-compatible, RFC 4291 §2.5.5.1
        "64:ff9b::/96",  # NAT64, RFC 6052
        "64:ff9b:1::/48",  # local NAT64, RFC 8215
        "100::/64",  # discard, RFC 6666
        "2001::/23",  # IETF protocol assignments, Teredo among them, RFC 2928
        "2002::/16",  # 6to4, RFC 3056
        "fec0::/10",  # site-local, RFC 3879
        "ff00::/8",  # multicast, RFC 4291 §2.7
    )
)
"""What `is_global` lets through, or let through in some version of Python, and what can carry another address."""

_IPV4_MAPPED = IPv6Network("::ffff:0:0/96")


class AddressPolicy:
    """Which addresses may be dialled: global unicast, and the ranges (CIDR) that the administrator allows."""

    def __init__(self, allow: Sequence[str] = ()) -> None:
        self._allow = tuple(ip_network(text, strict=False) for text in allow)

    def permits(self, address: Address) -> bool:
        if isinstance(address, IPv6Address) and address in _IPV4_MAPPED:
            address = IPv4Address(int(address) & 0xFFFF_FFFF)
        if any(address in network for network in self._allow if network.version == address.version):
            return True
        if any(address in network for network in _NEVER_DIALLED if network.version == address.version):
            return False
        return address.is_global and not address.is_multicast

    def refuse_unless_permitted(self, host: str, addresses: Iterable[Address]) -> None:
        """Raises `FetchError` when any of a host's addresses is one that a feed has no business with."""
        for address in addresses:
            if not self.permits(address):
                raise FetchError(
                    PollReason.ADDRESS_REFUSED,
                    f"{host} is at {address}, an address inside a private or special network; "
                    "if that is intended, add its range to network.allow",
                )


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """A network backend that dials vetted addresses only."""

    def __init__(self, policy: AddressPolicy) -> None:
        self._policy = policy
        self._dialler = httpcore2.AnyIOBackend()
        # Threads of our own: a hundred names that do not resolve must not stop the work of others.
        self._resolvers = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="resolver")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature of the interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Dials the vetted addresses of `host` until one answers; raises `FetchError` or httpcore2's errors."""
        addresses = await self._resolve(host, port)
        self._policy.refuse_unless_permitted(host, addresses)
        options = list(socket_options or ())

        async def dial(address: Address) -> httpcore2.AsyncNetworkStream:
            return await self._dialler.connect_tcp(str(address), port, timeout, local_address, options)

        return await first_to_answer(in_turn(addresses), dial)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature of the interface
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        raise FetchError(PollReason.ADDRESS_REFUSED, "a feed is never read from a local socket")

    async def sleep(self, seconds: float) -> None:
        await self._dialler.sleep(seconds)

    def close(self) -> None:
        """Lets the resolver threads end; a look-up under way is not waited for."""
        self._resolvers.shutdown(wait=False, cancel_futures=True)

    async def _resolve(self, host: str, port: int) -> list[Address]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._resolvers, _look_up, host, port)
        except (OSError, UnicodeError) as error:
            raise FetchError(
                PollReason.DNS, f"the name {host} cannot be resolved ({error}); check the address and the resolver"
            ) from error
        return found


def _look_up(host: str, port: int) -> list[Address]:
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # A scope (fe80::1%eth0) is cut off: what has one is never global.
    return [ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers]
