"""Hostile documents and servers, reduced: each has a named outcome, and what is honest beside it is read all the same.

`make hostile` runs all of them and measures what they cost.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from urllib.parse import quote

from tests.harness.parsers import shared_parser
from tests.hostile.documents import hostile_documents
from tests.hostile.full_run import GOOD, SERVERS, URL, servers
from tests.hostile.servers import FEED
from watcher.errors import PollReason
from watcher.fetch.client import Fetcher
from watcher.model.entry import ParsedFeed
from watcher.model.feed import Feed, Fetched, FetchFailed, NotModified, ParseFailed, Validators
from watcher.model.settings import Network, PerHost, Polling

SMALL = 1_000_000
EVERY = 4
"""Of the servers, so many are passed over for each that is asked: most of them cost their whole timeout."""


def test_hostile_documents_have_named_outcomes_and_the_next_one_is_read() -> None:
    """All through the same child, which is replaced only by those that end it."""
    parser = shared_parser()

    async def read(document: bytes) -> object:
        await parser.start()
        return await parser.parse(document, url=URL, headers={})

    for name, document in hostile_documents():
        if len(document) <= SMALL:
            hostile = asyncio.run(read(document))
            is_failure = isinstance(hostile, ParseFailed) and hostile.reason in PollReason
            assert isinstance(hostile, ParsedFeed) or is_failure, name
            assert isinstance(asyncio.run(read(FEED)), ParsedFeed), name


def test_hostile_servers_have_named_outcomes_and_others_are_read() -> None:
    async def ask(here: str, name: str) -> tuple[object, object]:
        polling = Polling(timeout=timedelta(seconds=60), per_host=PerHost(4, timedelta()))
        fetcher = Fetcher(
            polling, Network(allow=("127.0.0.1/32",)), user_agent="watcher/test (+mailto:test@example.org)"
        )
        try:
            feed, soon = Feed(here + quote(name)), timedelta(seconds=4)
            hostile = asyncio.create_task(fetcher.fetch(feed, Validators(), deadline=soon))
            honest = await fetcher.fetch(Feed(here + GOOD), Validators())
            return await hostile, honest
        finally:
            await fetcher.aclose()

    async def ask_all(here: str) -> dict[str, tuple[object, object]]:
        names = list(SERVERS)[::EVERY]
        return dict(zip(names, await asyncio.gather(*(ask(here, name) for name in names)), strict=True))

    with servers() as here:
        for name, (hostile, honest) in asyncio.run(ask_all(here)).items():
            assert isinstance(hostile, Fetched | NotModified | FetchFailed), name
            assert isinstance(honest, Fetched), name
