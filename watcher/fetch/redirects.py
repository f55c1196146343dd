"""One chain of requests, from a feed's address to the answer: where each redirect leads and what goes with it.

What a server hands out goes back to that server only, within this chain: cookies are kept for its hops (a consent or
session page sets one and redirects), never for the next fetch.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import field, replace
from functools import lru_cache
from urllib.parse import quote

import httpx2

from watcher.errors import FetchError, PollReason
from watcher.fetch.decoding import ACCEPT_ENCODING
from watcher.lazy_dataclass import dataclass
from watcher.model.feed import Feed, Validators
from watcher.model.secret import reveal

REDIRECTS = {300, 301, 302, 303, 307, 308}
_MOVED_FOR_GOOD = {301, 308}
_MOST_REDIRECTS = 10
_LONGEST_COOKIES = 8_000
_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
)

RawHeaders = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Hop:
    """One request of a chain; `permanent` while every redirect so far was 301 or 308.

    `allow` are the private ranges that may be dialled for it.
    """

    url: httpx2.URL
    allow: tuple[str, ...] = ()
    redirects: int = 0
    permanent: bool = True

    @property
    def plain_url(self) -> str:
        """The address without credentials."""
        return str(self.url.copy_with(userinfo=b"") if self.url.userinfo else self.url)


@dataclass(frozen=True, slots=True)
class Chain:
    """What is the same for all requests of one fetch, and the cookies that its hops set."""

    feed: Feed
    validators: Validators
    user_agent: str
    cookies: httpx2.Cookies = field(default_factory=httpx2.Cookies)

    def headers(self, url: httpx2.URL) -> RawHeaders:
        """The request's headers. Those of the configuration, secrets among them, are for the feed's own origin only."""
        headers = [
            ("Host", url.netloc.decode("ascii")),
            ("User-Agent", self.user_agent),
            ("Accept", _ACCEPT),
            ("Accept-Encoding", ACCEPT_ENCODING),
            *conditional_headers(self.validators),
        ]
        if cookie := self._cookie(url):
            headers.append(("Cookie", cookie))
        own = read_address(self.feed.address_to_ask)
        if _origin(own) == _origin(url):
            written = {name.lower() for name in self.feed.headers}
            headers = [header for header in headers if header[0].lower() not in written]
            if own.userinfo and "authorization" not in written:
                headers.append(("Authorization", "Basic " + b64encode(_credentials(own)).decode("ascii")))
            headers += [(name, reveal(value)) for name, value in self.feed.headers.items()]
        return [(name.encode("ascii"), value.encode("latin-1", "replace")) for name, value in headers]

    def shown_url(self, hop: Hop) -> str:
        """The address of a document, to which its links are relative: of a secret one only the host."""
        return hop.plain_url if self.feed.address is None else str(hop.url.copy_with(raw_path=b"/", userinfo=b""))

    def remember_cookies(self, url: httpx2.URL, status: int, headers: RawHeaders) -> None:
        """Keeps what a hop sets, for the hosts and paths that RFC 6265 gives it to."""
        request = httpx2.Request("GET", url)
        self.cookies.extract_cookies(httpx2.Response(status, headers=headers, request=request))

    def _cookie(self, url: httpx2.URL) -> str:
        if not self.cookies:
            return ""
        request = httpx2.Request("GET", url)
        self.cookies.set_cookie_header(request)
        cookie = request.headers.get("cookie", "")
        return cookie if len(cookie) <= _LONGEST_COOKIES else ""

    def next_hop(self, hop: Hop, status: int, location: str) -> Hop:
        """Where a redirect leads. Raises `FetchError` for one that is not followed."""
        if hop.redirects >= _MOST_REDIRECTS:
            raise FetchError(PollReason.TOO_MANY_REDIRECTS, self._too_many(hop))
        try:
            target = hop.url.join(_decoded_location(location)).copy_with(fragment=None)
        except (httpx2.InvalidURL, ValueError) as error:
            raise FetchError(
                PollReason.PROTOCOL, f"{hop.url.host} redirects to something that is no address"
            ) from error
        target = _web_address(target)
        if hop.url.scheme == "https" and target.scheme == "http":
            raise FetchError(
                PollReason.SCHEME_REFUSED,
                f"{hop.url.host} redirects from https to http, where anybody on the way can change the feed; "
                "to accept that, write the http address into the configuration",
            )
        permanent = hop.permanent and status in _MOVED_FOR_GOOD
        return replace(hop, url=target, redirects=hop.redirects + 1, permanent=permanent)

    def _too_many(self, hop: Hop) -> str:
        if self.cookies:
            return (
                f"{hop.url.host} sets cookies and redirects again and again: a consent or login page stands before "
                "the feed; look for another address of the feed, or give it a Cookie under `headers`"
            )
        return (
            f"{hop.url.host} redirects more than {_MOST_REDIRECTS} times; enter the final address in the configuration"
        )


def conditional_headers(validators: Validators) -> list[tuple[str, str]]:
    """The request headers of RFC 9110 §13.1, with the validators exactly as they came."""
    headers = []
    if validators.etag is not None:
        headers.append(("If-None-Match", validators.etag))
    if validators.last_modified is not None:
        headers.append(("If-Modified-Since", validators.last_modified))
    return headers


@lru_cache(maxsize=1_024)
def read_address(text: str) -> httpx2.URL:
    """An address as configured. Raises `FetchError` for what cannot be asked. A fetch asks for it several times."""
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


def _decoded_location(location: str) -> str:
    """A Location header (latin-1, as HTTP gives it) with raw bytes read as UTF-8, else percent-encoded."""
    raw = location.encode("latin-1")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return quote(raw, safe="!#$%&'()*+,/:;=?@[]~-._ ")


def _origin(url: httpx2.URL) -> tuple[str, str, int]:
    """RFC 6454 §4."""
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)


def _credentials(url: httpx2.URL) -> bytes:
    return f"{url.username}:{url.password}".encode()
