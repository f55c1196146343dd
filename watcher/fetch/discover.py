"""`feeds discover`: from the address a person has to the feeds behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from watcher.fetch.client import Fetcher
from watcher.fetch.feed_links import Candidate, common_addresses
from watcher.fetch.page import find_candidates
from watcher.model.entry import ParsedFeed, ReaderName
from watcher.model.feed import Feed, Fetched, FetchFailed, FetchResult, ParseFailed, Validators

Parse = Callable[[Fetched], Awaitable[ParsedFeed | ParseFailed]]
"""Reads a document, in a child process: `watcher.parse.pool.ParserPool` behind it."""

_ASKED_AT_MOST = 20
_ASKED_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """An address that answered with a feed."""

    url: str
    title: str
    entries: int
    reader: ReaderName


@dataclass(frozen=True, slots=True)
class Discovery:
    """The feeds behind an address; `failed` says why there was nothing to look at, or nothing that could be read."""

    feeds: tuple[FoundFeed, ...] = ()
    failed: FetchFailed | ParseFailed | None = None


async def discover(url: str, fetcher: Fetcher, parse: Parse) -> Discovery:
    """The address itself if it is a feed, else the feeds that its page names, else those at common places.

    Every address is asked and read before it is called a feed. An address without a scheme is taken as https.
    """
    url = url if "://" in url else f"https://{url}"
    page = await _ask(url, fetcher)
    if not isinstance(page, Fetched):
        return Discovery(failed=page if isinstance(page, FetchFailed) else None)
    if feed := await _as_feed(url, page, parse):
        return Discovery((feed,))
    named = await find_candidates(page.body, url=page.url)
    for round_ in ([] if isinstance(named, ParseFailed) else named, common_addresses(page.url)):
        if feeds := await _try_all(round_, fetcher, parse):
            return Discovery(feeds)
    return Discovery(failed=named if isinstance(named, ParseFailed) else None)


async def _try_all(round_: Iterable[Candidate], fetcher: Fetcher, parse: Parse) -> tuple[FoundFeed, ...]:
    places = asyncio.Semaphore(_ASKED_AT_ONCE)

    async def attempt(candidate: Candidate) -> FoundFeed | None:
        async with places:
            answer = await _ask(candidate.url, fetcher)
            return await _as_feed(candidate.url, answer, parse) if isinstance(answer, Fetched) else None

    found = await asyncio.gather(*(attempt(candidate) for candidate in list(round_)[:_ASKED_AT_MOST]))
    return tuple({feed.url: feed for feed in found if feed}.values())


async def _ask(url: str, fetcher: Fetcher) -> FetchResult:
    return await fetcher.fetch(Feed(url), Validators())


async def _as_feed(asked: str, document: Fetched, parse: Parse) -> FoundFeed | None:
    parsed = await parse(document)
    if isinstance(parsed, ParseFailed):
        return None
    # A permanent redirect names the address to keep, any other redirect does not (RFC 9110 §15.4).
    return FoundFeed(document.permanent_url or asked, parsed.title, len(parsed.entries), parsed.reader)
