"""Looks for feeds in a web page, in a process that can be killed: a page is a stranger's, and HTML has bombs of its own."""

from __future__ import annotations

import json

from watcher.errors import PollReason
from watcher.fetch.feed_links import Candidate
from watcher.model.feed import ParseFailed
from watcher.sandbox.limits import Limits
from watcher.sandbox.oneshot import run_job


async def find_candidates(page: bytes, *, url: str) -> list[Candidate] | ParseFailed:
    """What `candidates` says of a page, or why it could not be read."""
    finished = await run_job("watcher.fetch.page_worker", url.encode(), page, Limits())
    if finished.failure is not None:
        return ParseFailed(
            PollReason.PARSE_TIMEOUT,
            "the page takes too much time or memory to read; give the address of the feed itself",
        )
    return [Candidate(*fields) for fields in json.loads(finished.frames[0])]
