"""Asks feeds at once: what each answers now, and which feeds a web page has. Stores nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from watcher.fetch.client import Fetcher
from watcher.fetch.discover import Discovery, discover
from watcher.lazy_dataclass import dataclass
from watcher.model.entry import ParsedFeed
from watcher.model.feed import Feed, Fetched, FetchFailed, NotModified, ParseFailed, Validators
from watcher.parse.pool import ParserPool
from watcher.service.load import CompiledConfig, open_fetcher

ASKED_AT_ONCE = 64
PATIENCE = timedelta(hours=1)
"""How long a feed may wait for other feeds of its host: a hundred of them are asked one after the other."""


@dataclass(frozen=True, slots=True)
class FeedAnswer:
    """What a feed answered: a document (`parsed`), or why there was none. `moved_to`: redirected for good."""

    feed: Feed
    parsed: ParsedFeed | None = None
    failed: FetchFailed | ParseFailed | None = None
    moved_to: str | None = None

    @property
    def newest(self) -> datetime | None:
        """The latest date that an entry carries."""
        dates = (entry.published or entry.updated for entry in (self.parsed.entries if self.parsed else ()))
        return max(filter(None, dates), default=None)


async def ask_feeds(
    compiled: CompiledConfig, feeds: Sequence[Feed], answered: Callable[[FeedAnswer], None]
) -> list[FeedAnswer]:
    """Asks each feed once, within the limits per host; answers in the order of the feeds.

    `answered` is called with each as it comes. The secrets of the feeds' headers must be resolved.
    """
    slots = asyncio.Semaphore(ASKED_AT_ONCE)
    async with _reading(compiled) as (fetcher, parser):

        async def ask(feed: Feed) -> FeedAnswer:
            async with slots:
                answer = await _ask(feed, fetcher, parser)
            answered(answer)
            return answer

        return await asyncio.gather(*(ask(feed) for feed in feeds))


async def find_feeds(compiled: CompiledConfig, url: str) -> Discovery:
    """The feeds behind an address, found under the configuration's network rules."""
    async with _reading(compiled) as (fetcher, parser):

        async def parse(document: Fetched) -> ParsedFeed | ParseFailed:
            return await parser.parse(document.body, url=document.url, headers=document.headers)

        return await discover(url, fetcher, parse)


@asynccontextmanager
async def _reading(compiled: CompiledConfig) -> AsyncIterator[tuple[Fetcher, ParserPool]]:
    fetcher, parser = open_fetcher(compiled), ParserPool()
    try:
        await parser.start()
        yield fetcher, parser
    finally:
        await parser.aclose()
        await fetcher.aclose()


async def _ask(feed: Feed, fetcher: Fetcher, parser: ParserPool) -> FeedAnswer:
    answer = await fetcher.fetch(feed, Validators(), patience=PATIENCE)
    match answer:
        case FetchFailed():
            return FeedAnswer(feed, failed=answer)
        case NotModified():
            raise AssertionError("a request without validators cannot be answered with 304")
        case Fetched():
            read = await parser.parse(answer.body, url=answer.url, headers=answer.headers)
            if isinstance(read, ParseFailed):
                return FeedAnswer(feed, failed=read, moved_to=answer.permanent_url)
            return FeedAnswer(feed, parsed=read, moved_to=answer.permanent_url)
