"""`feeds discover`: from the address of a page to the feeds behind it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable

from watcher.errors import PollReason
from watcher.fetch.client import Fetcher
from watcher.fetch.feed_links import Candidate, PageLinks, common_addresses, header_links, in_order, is_of_comments
from watcher.lazy_dataclass import dataclass
from watcher.model.entry import ParsedFeed, ReaderName
from watcher.model.feed import Feed, Fetched, FetchFailed, FetchResult, ParseFailed, Validators
from watcher.sandbox.limits import Limits
from watcher.sandbox.oneshot import run_job
from watcher.text.addresses import without_feed_scheme

Parse = Callable[[Fetched], Awaitable[ParsedFeed | ParseFailed]]
"""Reads a document, in a child process: `watcher.parse.pool.ParserPool` behind it."""

_ASKED_AT_MOST = 20
_ASKED_AT_ONCE = 4
_MOST_PAGES = 3
"""Pages that send their readers on to another page."""


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """An address that answered with a feed."""

    url: str
    title: str
    entries: int
    reader: ReaderName
    is_comments: bool = False


@dataclass(frozen=True, slots=True)
class Discovery:
    """The feeds behind an address; `failed` says why there was nothing to look at, or nothing that could be read."""

    feeds: tuple[FoundFeed, ...] = ()
    failed: FetchFailed | ParseFailed | None = None


async def discover(url: str, fetcher: Fetcher, parse: Parse) -> Discovery:
    """The address itself if it is a feed, else the feeds that its page names, else those at common places.

    Every address is asked and read before it is called a feed; feeds of comments come last. An address without a scheme
    is taken as https, and as http where nothing speaks TLS there.
    """
    asked, page = await _ask_first(without_feed_scheme(url), fetcher)
    for _ in range(_MOST_PAGES):
        if not isinstance(page, Fetched):
            return Discovery(failed=page if isinstance(page, FetchFailed) else None)
        if feed := await _as_feed(asked, page, parse):
            return Discovery((feed,))
        links = await find_links(page.body, url=page.url)
        named = () if isinstance(links, ParseFailed) else links.candidates
        named = in_order((*header_links(page.headers.get("link", ""), url=page.url), *named))
        if feeds := await _try_all(named, fetcher, parse):
            return Discovery(feeds)
        if isinstance(links, ParseFailed) or not links.refresh:
            feeds = await _try_all(common_addresses(page.url), fetcher, parse)
            return Discovery(feeds, None if feeds or not isinstance(links, ParseFailed) else links)
        asked, page = links.refresh, await _ask(links.refresh, fetcher)
    return Discovery()


async def find_links(page: bytes, *, url: str) -> PageLinks | ParseFailed:
    """The feeds that a page names, read in a child process; or why it could not be read."""
    finished = await run_job("watcher.fetch.feed_links", url.encode(), page, Limits())
    if finished.failure is not None:
        return ParseFailed(
            PollReason.PARSE_TIMEOUT,
            "the page takes too much time or memory to read; give the address of the feed itself",
        )
    found = json.loads(finished.frames[0])
    return PageLinks(tuple(Candidate(*fields) for fields in found["candidates"]), found["refresh"])


async def _ask_first(url: str, fetcher: Fetcher) -> tuple[str, FetchResult]:
    """The address that was asked, with a scheme, and what came."""
    if "://" in url:
        return url, await _ask(url, fetcher)
    encrypted = await _ask(f"https://{url}", fetcher)
    if isinstance(encrypted, FetchFailed) and encrypted.reason in {PollReason.TLS, PollReason.CONNECT}:
        plain = await _ask(f"http://{url}", fetcher)
        if isinstance(plain, Fetched):
            return f"http://{url}", plain
    return f"https://{url}", encrypted


async def _try_all(round_: Iterable[Candidate], fetcher: Fetcher, parse: Parse) -> tuple[FoundFeed, ...]:
    slots = asyncio.Semaphore(_ASKED_AT_ONCE)

    async def attempt(candidate: Candidate) -> FoundFeed | None:
        async with slots:
            answer = await _ask(candidate.url, fetcher)
            return await _as_feed(candidate.url, answer, parse) if isinstance(answer, Fetched) else None

    found = await asyncio.gather(*(attempt(candidate) for candidate in list(round_)[:_ASKED_AT_MOST]))
    feeds = {feed.url: feed for feed in found if feed}.values()
    return tuple(sorted(feeds, key=lambda feed: feed.is_comments))


async def _ask(url: str, fetcher: Fetcher) -> FetchResult:
    return await fetcher.fetch(Feed(url), Validators())


async def _as_feed(asked: str, document: Fetched, parse: Parse) -> FoundFeed | None:
    parsed = await parse(document)
    if isinstance(parsed, ParseFailed):
        return None
    # A permanent redirect names the address to keep, any other redirect does not (RFC 9110 §15.4).
    address = document.permanent_url or asked
    is_comments = is_of_comments(address, parsed.title)
    return FoundFeed(address, parsed.title, len(parsed.entries), parsed.reader, is_comments)
