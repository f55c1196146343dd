"""Asks a server for a document: one deadline, one cap, every failure a value with its reason.

It stands on httpcore2's connection pool, not on a client above it, because here every redirect, every byte
decoded and every header revealed is decided by us. The environment's proxies are never used.
"""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import httpcore2
import httpx2

from watcher.clock import Clock, SystemClock
from watcher.errors import FetchError, PollReason
from watcher.fetch.byte_limit import MeteredStream
from watcher.fetch.decoding import ACCEPT_ENCODING, BodyCollector, too_large
from watcher.fetch.proxy import open_pool
from watcher.fetch.rate_limit import HostBusy, HostLimiter
from watcher.fetch.ssrf_guard import AddressPolicy, GuardedBackend
from watcher.fetch.validators import conditional_headers, refreshed_validators, validators_of
from watcher.http_headers import retry_after
from watcher.model.feed import Feed, Fetched, FetchFailed, FetchResult, NotModified, Validators
from watcher.model.secret import reveal
from watcher.model.settings import Network, Polling

_MAX_REDIRECTS = 5
_MOVED_FOR_GOOD = {301, 308}
_REDIRECTS = {301, 302, 303, 307, 308}
_SLOW_DOWN = {429, 503}
_PAUSE_UNASKED = timedelta(seconds=60)
"""How long a host rests that answers 429 or 503 without saying for how long."""

_RAW_PER_BYTE = 2
"""Bytes on the wire per byte of `max_bytes`: chunks have sizes, too."""

_MOST_PIECES = 50_000
"""Chunks of one body."""

_WORK_OF_A_PIECE, _WORK_AT_A_TIME = 2_000, 200_000
"""In bytes: what a chunk costs beside its bytes, and how much is decoded before others have their turn."""

_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
)
_STATUS_REASONS = {
    401: PollReason.HTTP_UNAUTHORIZED,
    403: PollReason.HTTP_UNAUTHORIZED,
    404: PollReason.HTTP_NOT_FOUND,
    410: PollReason.HTTP_GONE,
    429: PollReason.HTTP_TOO_MANY_REQUESTS,
}
_STATUS_REMEDIES = {
    PollReason.HTTP_UNAUTHORIZED: "it wants credentials (headers of the feed) or does not let us in",
    PollReason.HTTP_NOT_FOUND: "the address is wrong or the feed has moved; try `watcher feeds discover` on the site",
    PollReason.HTTP_GONE: "the feed was removed for good; take it out of the configuration",
    PollReason.HTTP_TOO_MANY_REQUESTS: "we wait as long as it asks; a longer interval helps",
    PollReason.HTTP_CLIENT_ERROR: "it refuses the request; look at the address in a browser",
    PollReason.HTTP_SERVER_ERROR: "it is out of order at present; it is tried again later",
}


@dataclass(frozen=True, slots=True)
class _Hop:
    """One request of a chain of redirects; `permanent` while every redirect so far was 301 or 308."""

    url: httpx2.URL
    redirects: int = 0
    permanent: bool = True


class Fetcher:
    """Fetches feeds. One for the whole process: it holds the connections and every host's turns."""

    def __init__(self, polling: Polling, network: Network, *, user_agent: str, clock: Clock | None = None) -> None:
        self._polling = polling
        self._user_agent = user_agent
        self._clock = clock or SystemClock()
        self._turns = HostLimiter(polling.per_host)
        self._backend = GuardedBackend(AddressPolicy(network.allow))
        self._pool = open_pool(network, self._backend)

    async def fetch(
        self,
        feed: Feed,
        validators: Validators,
        *,
        url: str | None = None,
        deadline: timedelta | None = None,
        patience: timedelta = timedelta(seconds=60),
    ) -> FetchResult:
        """Asks for a feed's document; never raises for what networks and servers do.

        `url` is the address to ask when it is not the feed's own (a permanent redirect was kept). `deadline`
        (default: polling.timeout) bounds the time of all requests of the chain together; waiting for a host's
        turn does not count, but longer than `patience` it ends as `host_busy`, without a request.
        """
        left = (deadline or self._polling.timeout).total_seconds()
        loop = asyncio.get_running_loop()
        try:
            hop = _Hop(_address(url or feed.url))
            while True:
                async with self._turns.turn(hop.url.host, patience):
                    started = loop.time()
                    async with asyncio.timeout(max(left, 0.0)):
                        result = await self._request(feed, validators, hop)
                    left -= loop.time() - started
                if not isinstance(result, _Hop):
                    return result
                hop = result
        except HostBusy as busy:
            if busy.requested:
                return FetchFailed(busy.reason, busy.detail, retry_after=busy.wait)
            return FetchFailed(busy.reason, busy.detail, queue_wait=busy.wait)
        except FetchError as error:
            return FetchFailed(error.reason, error.detail)
        except TimeoutError:
            return _timed_out(feed, deadline or self._polling.timeout)
        except (
            httpcore2.NetworkError,
            httpcore2.TimeoutException,
            httpcore2.ProtocolError,
            httpcore2.ProxyError,
        ) as error:
            return _transport_failure(error)

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._pool.aclose()
        self._backend.close()

    async def _request(self, feed: Feed, validators: Validators, hop: _Hop) -> FetchResult | _Hop:
        url = httpcore2.URL(
            scheme=hop.url.raw_scheme, host=hop.url.raw_host, port=hop.url.port, target=hop.url.raw_path
        )
        async with self._pool.stream("GET", url, headers=self._headers(feed, validators, hop.url)) as response:
            headers = _lower_case(response.headers)
            if response.status in _REDIRECTS and "location" in headers:
                return _next_hop(hop, response.status, headers["location"])
            moved = str(hop.url.copy_with(userinfo=b"")) if hop.redirects and hop.permanent else None
            if response.status == httpx2.codes.NOT_MODIFIED and validators:
                return NotModified(headers, refreshed_validators(validators, headers), moved)
            if not httpx2.codes.is_success(response.status):
                return self._refused(hop.url.host, response.status, headers)
            body = await self._body(response, headers)
        final = str(hop.url.copy_with(userinfo=b""))
        return Fetched(final, body, headers, validators_of(headers), moved, hop.redirects)

    def _headers(self, feed: Feed, validators: Validators, url: httpx2.URL) -> list[tuple[bytes, bytes]]:
        headers = [
            ("Host", url.netloc.decode("ascii")),
            ("User-Agent", self._user_agent),
            ("Accept", _ACCEPT),
            ("Accept-Encoding", ACCEPT_ENCODING),
            *conditional_headers(validators),
        ]
        own = _address(feed.url)
        if _origin(own) == _origin(url):
            # What the administrator wrote, secrets among it, is for the feed's own server and no other.
            written = {name.lower() for name in feed.headers}
            headers = [header for header in headers if header[0].lower() not in written]
            if own.userinfo and "authorization" not in written:
                headers.append(("Authorization", "Basic " + b64encode(_credentials(own)).decode("ascii")))
            headers += [(name, reveal(value)) for name, value in feed.headers.items()]
        return [(name.encode("ascii"), value.encode("latin-1", "replace")) for name, value in headers]

    async def _body(self, response: httpcore2.Response, headers: Mapping[str, str]) -> bytes:
        limit = self._polling.max_bytes
        collector = BodyCollector(headers.get("content-encoding", ""), limit)
        length = headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length[:18]) > limit:
            raise too_large(limit)
        if isinstance(stream := response.extensions.get("network_stream"), MeteredStream):
            stream.allow(_RAW_PER_BYTE * limit)
        pieces = work = 0
        async for chunk in response.aiter_stream():
            pieces += 1
            if pieces > _MOST_PIECES:
                raise FetchError(PollReason.PROTOCOL, "the server sends its document in tiny pieces; it must mend that")
            for size in collector.take(chunk):
                work += size + _WORK_OF_A_PIECE
                if work > _WORK_AT_A_TIME:
                    work = 0
                    await asyncio.sleep(0)
        return collector.body()

    def _refused(self, host: str, status: int, headers: Mapping[str, str]) -> FetchFailed:
        wish = retry_after(headers, self._clock.now())
        if status in _SLOW_DOWN:
            self._turns.pause(host, wish or _PAUSE_UNASKED)
        reason = _status_reason(status)
        remedy = _STATUS_REMEDIES.get(reason, "that is no answer to our request; look at the address in a browser")
        return FetchFailed(reason, f"{host} answered {status}: {remedy}", status, wish)


def _status_reason(status: int) -> PollReason:
    if status in _STATUS_REASONS:
        return _STATUS_REASONS[status]
    if httpx2.codes.is_client_error(status):
        return PollReason.HTTP_CLIENT_ERROR
    return PollReason.HTTP_SERVER_ERROR if httpx2.codes.is_server_error(status) else PollReason.PROTOCOL


def _address(text: str) -> httpx2.URL:
    try:
        url = httpx2.URL(text.strip())
    except (httpx2.InvalidURL, ValueError) as error:
        raise FetchError(
            PollReason.PROTOCOL, "the address is not a valid URL; correct it in the configuration"
        ) from error
    return _web_address(url)


def _web_address(url: httpx2.URL) -> httpx2.URL:
    if url.scheme not in {"http", "https"} or not url.host:
        raise FetchError(
            PollReason.SCHEME_REFUSED, f"only http and https addresses are read, not {url.scheme[:20] or 'none'!r}"
        )
    if url.port is not None and not 0 < url.port < 65_536:
        raise FetchError(PollReason.PROTOCOL, f"{url.port} is no port; correct the address")
    return url


def _next_hop(hop: _Hop, status: int, location: str) -> _Hop:
    if hop.redirects >= _MAX_REDIRECTS:
        raise FetchError(
            PollReason.TOO_MANY_REDIRECTS,
            f"{hop.url.host} redirects more than {_MAX_REDIRECTS} times; enter the final address in the configuration",
        )
    try:
        target = hop.url.join(location).copy_with(fragment=None)
    except (httpx2.InvalidURL, ValueError) as error:
        raise FetchError(PollReason.PROTOCOL, f"{hop.url.host} redirects to something that is no address") from error
    return _Hop(_web_address(target), hop.redirects + 1, hop.permanent and status in _MOVED_FOR_GOOD)


def _origin(url: httpx2.URL) -> tuple[str, str, int]:
    """RFC 6454 §4."""
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)


def _credentials(url: httpx2.URL) -> bytes:
    return f"{url.username}:{url.password}".encode()


def _lower_case(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name; repeated ones joined (RFC 9110 §5.3)."""
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return {name: ", ".join(several) for name, several in values.items()}


def _timed_out(feed: Feed, deadline: timedelta) -> FetchFailed:
    seconds = f"{deadline.total_seconds():g} s"
    return FetchFailed(
        PollReason.TIMEOUT,
        f"{httpx2.URL(feed.url).host} did not deliver the document within {seconds}; raise polling.timeout if it is slow",
    )


def _transport_failure(error: Exception) -> FetchFailed:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            detail = getattr(cause, "verify_message", "") or cause.reason or "the handshake failed"
            return FetchFailed(
                PollReason.TLS, f"no trustworthy connection: {detail}; see network.ca_file for own authorities"
            )
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpcore2.TimeoutException):
        return FetchFailed(PollReason.TIMEOUT, "the server did not answer in time; it is tried again later")
    if isinstance(error, httpcore2.ProtocolError):
        return FetchFailed(PollReason.PROTOCOL, f"the server does not speak HTTP as it should ({error})")
    return FetchFailed(PollReason.CONNECT, f"no connection ({error or type(error).__name__}); it is tried again later")
