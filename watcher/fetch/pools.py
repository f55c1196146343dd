"""The connection pools: one for each set of private ranges that may be dialled, or the administrator's proxy.

A connection is kept and used again for the same host. Were there one pool for all, a feed that may not enter a
private range could use the connection that another has opened there.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from ipaddress import ip_address
from typing import Any

import httpcore2
import httpx2

from watcher.fetch.address_policy import AddressPolicy
from watcher.fetch.byte_limit import LimitedStream
from watcher.fetch.kept_connections import KEPT_OPEN, KeptConnections
from watcher.fetch.redirects import RawHeaders
from watcher.fetch.resolver import Resolver
from watcher.fetch.ssrf_guard import GuardedBackend
from watcher.model.secret import reveal
from watcher.model.settings import Network
from watcher.net.bounded import BoundedBackend
from watcher.net.tls import trusting

_TO_PROXY = 300
"""Connections to the proxy. More than polls at once: none waits for one behind others whose server hangs."""
_KEPT_FOR = 15.0
_PUBLIC = AddressPolicy()


class Pools:
    """Connections by what they may reach. Through a proxy, which resolves names itself, the ranges do not count."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._context = trusting(network.ca_file)
        self._resolver = Resolver()
        self._pools: dict[tuple[str, ...], KeptConnections | httpcore2.AsyncHTTPProxy] = {}

    def stream(
        self,
        url: httpcore2.URL,
        headers: RawHeaders,
        allow: tuple[str, ...],
        posted: bytes | None = None,
        *,
        on_sent: Callable[[], None] | None = None,
    ) -> AbstractAsyncContextManager[httpcore2.Response]:
        """A GET request, or a POST of `posted`, over a connection that public addresses and the ranges of `allow`
        permit. `on_sent` is called when its head was sent.
        """
        if self._network.proxy is not None:
            allow = ()
        if allow not in self._pools:
            self._pools[allow] = self._open(allow)
        method = "GET" if posted is None else "POST"
        extensions = {} if on_sent is None else {"trace": _when_sent(on_sent)}
        return self._pools[allow].stream(method, url, headers=headers, content=posted, extensions=extensions)

    def allowed_after(self, response: httpcore2.Response, allow: tuple[str, ...]) -> tuple[str, ...]:
        """What the next hop of a chain may reach: no private range once a public address has redirected."""
        stream = response.extensions.get("network_stream")
        peer = stream.get_extra_info("server_addr") if stream is not None else None
        if not allow or not peer:
            return ()
        return () if _PUBLIC.permits(ip_address(str(peer[0]).partition("%")[0])) else allow

    async def aclose(self) -> None:
        """Closes all connections; a look-up under way is not waited for."""
        for pool in self._pools.values():
            await pool.aclose()
        self._resolver.close()

    def _open(self, allow: tuple[str, ...]) -> KeptConnections | httpcore2.AsyncHTTPProxy:
        if self._network.proxy is None:
            guarded = BoundedBackend(GuardedBackend(AddressPolicy(allow), self._resolver), LimitedStream)
            return KeptConnections(
                lambda origin: httpcore2.AsyncHTTPConnection(
                    origin, self._context, keepalive_expiry=_KEPT_FOR, network_backend=guarded
                )
            )
        address = httpx2.URL(reveal(self._network.proxy))
        return httpcore2.AsyncHTTPProxy(
            proxy_url=httpcore2.URL(scheme=address.raw_scheme, host=address.raw_host, port=address.port, target=b"/"),
            proxy_headers=_proxy_authorization(address),
            ssl_context=self._context,
            max_connections=_TO_PROXY,
            max_keepalive_connections=KEPT_OPEN,
            keepalive_expiry=_KEPT_FOR,
            network_backend=BoundedBackend(httpcore2.AnyIOBackend(), LimitedStream),
        )


def _when_sent(call: Callable[[], None]) -> Callable[[str, Mapping[str, Any]], Awaitable[None]]:
    """The `trace` extension of httpcore2, for one of its events."""

    async def trace(event: str, _info: Mapping[str, Any]) -> None:
        if event.endswith(".send_request_headers.complete"):
            call()

    return trace


def _proxy_authorization(address: httpx2.URL) -> list[tuple[bytes, bytes]]:
    if not address.userinfo:
        return []
    credentials = f"{address.username}:{address.password}".encode()
    return [(b"Proxy-Authorization", b"Basic " + b64encode(credentials))]
