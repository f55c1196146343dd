"""A POST to a service that the configuration names, under the same rules as feeds: guard, proxy, limits, one deadline.

Redirects are not followed: the body would go to somebody whom the configuration does not name.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpcore2

from watcher.errors import FetchError
from watcher.fetch import failures
from watcher.fetch.byte_limit import LimitedStream
from watcher.fetch.pools import Pools
from watcher.fetch.redirects import read_address
from watcher.lazy_dataclass import dataclass
from watcher.model.feed import FetchFailed
from watcher.model.secret import Secret
from watcher.model.settings import Network


@dataclass(frozen=True, slots=True)
class Answered:
    """A response with any status; of its body at most as many bytes as were allowed."""

    status: int
    body: bytes


class Poster:
    """Posts JSON. Holds connections: close it."""

    def __init__(self, network: Network, *, user_agent: str) -> None:
        self._network = network
        self._user_agent = user_agent
        self._pools = Pools(network)

    async def post(
        self, address: str, body: bytes, *, key: Secret | None, within: timedelta, most_bytes: int
    ) -> Answered | FetchFailed:
        """Posts a JSON body; `key` is a bearer token (RFC 6750). Never raises for what networks and servers do."""
        try:
            async with asyncio.timeout(within.total_seconds()):
                return await self._post(address, body, key, most_bytes)
        except FetchError as error:
            return FetchFailed(error.reason, error.detail)
        except TimeoutError:
            return failures.timed_out(read_address(address).host, within)
        except failures.TRANSPORT_ERRORS as error:
            return failures.transport_failure(error)

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._pools.aclose()

    async def _post(self, address: str, body: bytes, key: Secret | None, most_bytes: int) -> Answered:
        url = read_address(address)
        headers = [
            ("Host", url.netloc.decode("ascii")),
            ("User-Agent", self._user_agent),
            ("Accept", "application/json"),
            ("Accept-Encoding", "identity"),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            *([] if key is None else [("Authorization", f"Bearer {key.reveal()}")]),
        ]
        raw = [(name.encode("ascii"), value.encode("latin-1", "replace")) for name, value in headers]
        target = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        received = bytearray()
        async with self._pools.stream(target, raw, self._network.allow, body) as response:
            if isinstance(stream := response.extensions.get("network_stream"), LimitedStream):
                stream.allow(2 * most_bytes)
            async for chunk in response.aiter_stream():
                received += chunk[: most_bytes - len(received)]
                if len(received) >= most_bytes:
                    break
        return Answered(response.status, bytes(received))
