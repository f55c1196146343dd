"""Asks a server for a document: one deadline, one cap, every failure a value with its reason.

Uses httpcore2's connection pool, not a client above it, because here every redirect, every decoded byte and every
header that is sent is decided by us. The environment's proxies are never used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

import httpcore2
import httpx2

from watcher.clock import Clock, SystemClock
from watcher.errors import FetchError, PollReason
from watcher.fetch import failures
from watcher.fetch.byte_limit import LimitedStream
from watcher.fetch.decoding import BodyCollector, too_large
from watcher.fetch.pools import Pools
from watcher.fetch.rate_limit import HostBusy, HostLimiter
from watcher.fetch.redirects import REDIRECTS, Chain, Hop, RawHeaders, read_address
from watcher.fetch.resolver import ASKER, Asker
from watcher.http_headers import retry_after
from watcher.model.feed import Feed, Fetched, FetchFailed, FetchResult, NotModified, Validators
from watcher.model.settings import Network, Polling
from watcher.text.domains import registrable_domain

_SLOW_DOWN = {429, 503}
_DEFAULT_PAUSE = timedelta(seconds=60)
"""How long a host is left alone that answers 429 or 503 without saying for how long."""

_RAW_PER_BYTE = 2
"""Bytes on the wire per byte of `max_bytes`: chunks have sizes, too."""

_MOST_PIECES = 50_000
"""Chunks of one body."""

_WORK_OF_A_PIECE, _WORK_AT_A_TIME = 2_000, 200_000
"""In bytes: what a chunk costs beside its bytes, and how much is decoded before other tasks may run."""

_SINGLE = {"etag", "last-modified", "location", "content-type", "date", "expires", "age", "retry-after"}
"""Headers of one value: of several, which a cache or a plugin has added, the first counts."""


class Fetcher:
    """Fetches feeds. One for the whole process: it holds the connections and the limits of every host."""

    def __init__(self, polling: Polling, network: Network, *, user_agent: str, clock: Clock | None = None) -> None:
        self._polling = polling
        self._network = network
        self._user_agent = user_agent
        self._clock = clock or SystemClock()
        self._limiter = HostLimiter(polling.per_host)
        self._pools = Pools(network)

    async def fetch(
        self,
        feed: Feed,
        validators: Validators,
        *,
        url: str | None = None,
        deadline: timedelta | None = None,
        patience: timedelta = timedelta(seconds=60),
        worked: bool = False,
        may_be_private: bool = True,
    ) -> FetchResult:
        """Asks for a feed's document; never raises for what networks and servers do.

        `url` is the address to ask when it is not the feed's own (a permanent redirect was kept). `deadline`
        (default: polling.timeout) bounds the time of all requests of the chain together; waiting until the host may
        be asked does not count, but longer than `patience` it ends as `host_busy`, without a request. `worked`: the
        feed's last fetch got an answer; its name is looked up apart from names that may hang. `may_be_private`: the
        ranges that the configuration allows count; not for an address that somebody else wrote.
        """
        deadline = deadline or self._polling.timeout
        try:
            ASKER.set(Asker(read_address(feed.url).host, is_proven=worked))
            first = Hop(read_address(url or address_of(feed)))
            if may_be_private:
                first = replace(first, allow=(*self._network.allow, *feed.allow))
            return await self._follow(feed, validators, first, deadline, patience)
        except HostBusy as busy:
            if busy.requested:
                return FetchFailed(busy.reason, busy.detail, retry_after=busy.wait)
            return FetchFailed(busy.reason, busy.detail, queue_wait=busy.wait)
        except FetchError as error:
            return FetchFailed(error.reason, error.detail)
        except TimeoutError:
            return failures.timed_out(httpx2.URL(feed.url).host, deadline)
        except failures.TRANSPORT_ERRORS as error:
            return failures.transport_failure(error)

    def space(self, host: str, ago: timedelta) -> None:
        """Counts a request to all hosts of this domain that another process made at a time so far from now."""
        self._limiter.space(host, ago)

    def pause(self, host: str, wait: timedelta) -> None:
        """Stops requests to all hosts of this domain for `wait`, as another process was asked to."""
        self._limiter.pause(host, wait)

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._pools.aclose()

    async def _follow(
        self, feed: Feed, validators: Validators, hop: Hop, deadline: timedelta, patience: timedelta
    ) -> FetchResult:
        loop = asyncio.get_running_loop()
        chain = Chain(feed, validators, self._user_agent)
        asked_kept = hop.url != read_address(address_of(feed))
        took = 0.0
        while True:
            async with self._limiter.slot(hop.url.host, patience):
                started = loop.time()
                async with asyncio.timeout(max(deadline.total_seconds() - took, 0.0)):
                    result = await self._request(chain, hop)
                took += loop.time() - started
            match result:
                case Hop():
                    hop = result
                case FetchFailed():
                    return result
                case _:
                    return replace(result, asked_kept=asked_kept, took=timedelta(seconds=took))

    async def _request(self, chain: Chain, hop: Hop) -> FetchResult | Hop:
        url = httpcore2.URL(
            scheme=hop.url.raw_scheme, host=hop.url.raw_host, port=hop.url.port, target=hop.url.raw_path
        )
        sent = partial(self._limiter.sent, hop.url.host)
        async with self._pools.stream(url, chain.headers(hop.url), hop.allow, on_sent=sent) as response:
            headers = _by_name(response.headers)
            if response.status in REDIRECTS and headers.get("location", "").strip():
                chain.remember_cookies(hop.url, response.status, response.headers)
                from_here = replace(hop, allow=self._pools.allowed_after(response, hop.allow))
                return chain.next_hop(from_here, response.status, headers["location"])
            # Of a feed with a secret address, the target of a redirect is likely to repeat it.
            moved = hop.plain_url if hop.redirects and hop.permanent and chain.feed.address is None else None
            if response.status == httpx2.codes.NOT_MODIFIED and chain.validators:
                await response.aread()  # it has no body; read to its end, so that the connection is kept
                return NotModified(headers, _refreshed(chain.validators, headers), moved)
            if not httpx2.codes.is_success(response.status):
                return self._refused(chain.feed, hop.url.host, response.status, headers)
            body = await self._body(response, headers)
        # Of a document that was cut off, the rest is still to be read: the next request is unconditional.
        validators = Validators() if body.was_cut_off else _validators_of(headers)
        return Fetched(
            chain.shown_url(hop), body.body(), headers, validators, moved, hop.redirects, repairs=body.repairs
        )

    async def _body(self, response: httpcore2.Response, headers: Mapping[str, str]) -> BodyCollector:
        limit = self._polling.max_bytes
        collector = BodyCollector(headers.get("content-encoding", ""), limit)
        length = headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length[:18]) > limit:
            raise too_large(limit)
        if isinstance(stream := response.extensions.get("network_stream"), LimitedStream):
            stream.allow(_RAW_PER_BYTE * limit)
        pieces = work = 0
        cut_off = False
        try:
            async for chunk in response.aiter_stream():
                pieces += 1
                if pieces > _MOST_PIECES:
                    raise FetchError(
                        PollReason.PROTOCOL, "the server sends its document in tiny pieces; it must fix that"
                    )
                for size in collector.take(chunk):
                    work += size + _WORK_OF_A_PIECE
                    if work > _WORK_AT_A_TIME:
                        work = 0
                        await asyncio.sleep(0)
        except (httpcore2.RemoteProtocolError, httpcore2.ReadError):
            if not collector.received or not getattr(stream, "has_ended", False):
                raise
            cut_off = True
        for _ in collector.end(cut_off=cut_off):
            await asyncio.sleep(0)
        return collector

    def _refused(self, feed: Feed, host: str, status: int, headers: Mapping[str, str]) -> FetchFailed:
        wait = retry_after(headers, self._clock.now())
        refused = failures.refused(host, status, headers, wait)
        if status in _SLOW_DOWN and _speaks_for(host, feed):
            pause = wait or _DEFAULT_PAUSE
            self._limiter.pause(host, pause)
            return replace(refused, pauses=(registrable_domain(host), pause))
        return refused


def address_of(feed: Feed) -> str:
    """Where a feed is read. Raises `FetchError` when that is a secret without a value."""
    try:
        return feed.address_to_ask
    except LookupError as error:
        raise FetchError(PollReason.ADDRESS_REFUSED, f"the address is not known: {error}") from error


def _speaks_for(host: str, feed: Feed) -> bool:
    """Whether a host's request to wait holds for all of its domain.

    Only when the feed is configured there: by a redirect, any feed could silence another publisher.
    """
    domain = registrable_domain(host)
    return domain == registrable_domain(httpx2.URL(feed.url).host) or domain in feed.moves_to


def _by_name(headers: RawHeaders) -> dict[str, str]:
    """Headers by lower-case name; different values of a repeated one joined (RFC 9110 §5.3)."""
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return {
        name: several[0] if name in _SINGLE else ", ".join(dict.fromkeys(several)) for name, several in values.items()
    }


def _validators_of(headers: Mapping[str, str]) -> Validators:
    """The validators of a response (RFC 9110 §8.8)."""
    return Validators(etag=headers.get("etag") or None, last_modified=headers.get("last-modified") or None)


def _refreshed(known: Validators, headers: Mapping[str, str]) -> Validators:
    """After a 304: what it sends replaces what we had (RFC 9111 §3.2)."""
    fresh = _validators_of(headers)
    return Validators(fresh.etag or known.etag, fresh.last_modified or known.last_modified)
