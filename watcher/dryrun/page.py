"""A web page fetched to be explained: nothing is stored."""

from __future__ import annotations

import json

from watcher.errors import PollReason
from watcher.model.entry import Entry
from watcher.model.feed import Feed, Fetched, FetchFailed, NotModified, Validators
from watcher.sandbox.limits import Limits
from watcher.sandbox.oneshot import run_job
from watcher.service.load import CompiledConfig, open_fetcher


async def fetch_entry(url: str, compiled: CompiledConfig) -> Entry | FetchFailed:
    """Fetches a page under the configuration's network rules and reads it as one entry."""
    fetcher = open_fetcher(compiled)
    try:
        fetched = await fetcher.fetch(Feed(url), Validators())
    finally:
        await fetcher.aclose()
    match fetched:
        case Fetched():
            return await _read(fetched)
        case FetchFailed():
            return fetched
        case NotModified():
            raise AssertionError("a request without validators cannot be answered with 304")


async def _read(page: Fetched) -> Entry | FetchFailed:
    """Reads a page in a resource-limited child process."""
    finished = await run_job("watcher.parse.page", page.url.encode(), page.body, Limits())
    if finished.failure is not None:
        return FetchFailed(
            PollReason.PARSE_TIMEOUT,
            "the page takes too much time or memory to read; give its text with --text instead",
        )
    found = json.loads(finished.frames[0])
    if "error" in found:
        return FetchFailed(PollReason.NOT_A_FEED, found["error"])
    return Entry(id=page.url, link=page.url, title=found["title"], content=found["content"])
