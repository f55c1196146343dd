"""The HTTP clients of all channels: one for each proxy and authority that a receiver may need.

The HTTP library is imported with the first client: most commands build the channels and send nothing.
"""

from __future__ import annotations

import logging
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from watcher.lazy_dataclass import dataclass
from watcher.model.route import DIRECT, Receiver
from watcher.model.secret import reveal
from watcher.model.settings import Network

if TYPE_CHECKING:
    import ssl

    import httpx2


@dataclass(frozen=True, slots=True)
class Via:
    """The way to one receiver: `proxy` is a URL, `ca_file` a bundle trusted beside the system's authorities."""

    proxy: str | None = field(default=None, repr=False)
    ca_file: Path | None = None

    def trust(self) -> ssl.SSLContext:
        """The authorities that are trusted on this way; made when first needed, which takes a while."""
        from watcher.net.tls import trusting

        return trusting(self.ca_file)


class HttpClients:
    """The HTTP clients of all channels, one for each way, made when first needed; outlives the channels.

    No proxies from the environment.
    """

    def __init__(self, network: Network | None = None, user_agent: str = "watcher") -> None:
        self._network = network or Network()
        self._user_agent = user_agent
        self._clients: dict[Via, httpx2.AsyncClient] = {}

    @property
    def default(self) -> httpx2.AsyncClient:
        """The client of the way that `network` names."""
        return self.client(self.via(Receiver("")))

    def via(self, receiver: Receiver) -> Via:
        """What the receiver says itself, else `network`. Raises `LookupError` without the proxy's secret."""
        written = self._network.delivery_proxy if receiver.proxy is None else receiver.proxy
        proxy = None if written is None else reveal(written)
        return Via(None if proxy == DIRECT else proxy, receiver.ca_file or self._network.ca_file)

    def client(self, via: Via) -> httpx2.AsyncClient:
        if via not in self._clients:
            self._clients[via] = _client(via, self._user_agent)
        return self._clients[via]

    async def aclose(self) -> None:
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def __aenter__(self) -> HttpClients:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()


def _client(via: Via, user_agent: str) -> httpx2.AsyncClient:
    """Its logger would write whole URLs, which are secrets here (I12), hence the level."""
    import httpx2

    from watcher.deliver.answer_limit import LimitedTransport, NoCookies

    logging.getLogger("httpx2").setLevel(logging.WARNING)
    return httpx2.AsyncClient(
        transport=LimitedTransport(
            via.trust(), via.proxy, httpx2.Limits(max_connections=50, max_keepalive_connections=20)
        ),
        trust_env=False,
        follow_redirects=False,
        timeout=None,
        headers={"User-Agent": user_agent, "Accept-Encoding": "identity"},
        cookies=NoCookies(),
    )
