"""Full texts from the pages of entries, politely: robots.txt, one host at a time like its feeds, limits, a child.

An address in a feed is anybody's. Private ranges that the configuration allows are for feeds: a page may be there only
when its feed is on the same domain. No header of the feed, and no credential, is sent.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import structlog

from watcher.clock import Clock
from watcher.errors import PollReason
from watcher.fetch.client import Fetcher
from watcher.lazy_dataclass import dataclass
from watcher.model.entry import Entry
from watcher.model.feed import Feed, Fetched, FetchFailed, Validators
from watcher.sandbox.limits import Limits
from watcher.sandbox.pool import ChildPool
from watcher.text.domains import domain_of

log = structlog.get_logger()

AGENT = "watcher"
"""Our name in a robots.txt."""
ROBOTS_LIFE = timedelta(hours=24)
"""RFC 9309 §2.4."""
_ROBOTS_BYTES = 500 * 1024
"""RFC 9309 §2.5: at least so much of a robots.txt is read."""
_ROBOTS_KEPT = 1_000
_PATIENCE = timedelta(seconds=10)
_DEADLINE = timedelta(seconds=15)
_LIMITS = Limits(memory_bytes=800_000_000, cpu_seconds=5, deadline=20.0)
_JOBS_PER_CHILD = 300
_NO_RULES = (
    PollReason.HTTP_NOT_FOUND,
    PollReason.HTTP_GONE,
    PollReason.HTTP_CLIENT_ERROR,
    PollReason.HTTP_UNAUTHORIZED,
)
"""A site that answers so has no rules (RFC 9309 §2.3.1.3); one that cannot be asked allows nothing (§2.3.1.4)."""


@dataclass(frozen=True, slots=True)
class _Robots:
    """The rules of a site; None allows nothing."""

    rules: bytes | None
    until: datetime


class Pages:
    """Reads pages of entries. Use on one event loop; close it."""

    def __init__(self, fetcher: Fetcher, clock: Clock) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._children = ChildPool("watcher.parse.full_text", _LIMITS, workers=1, jobs_per_child=_JOBS_PER_CHILD)
        self._robots: OrderedDict[str, _Robots] = OrderedDict()

    async def full_text(self, entry: Entry, feed: Feed) -> str:
        """The main text of an entry's page, "" when it cannot or may not be read. Never raises for what pages do."""
        url = entry.link
        if not url.startswith(("https://", "http://")):
            return ""
        is_ours = domain_of(url) == domain_of(feed.url)
        if not await self._is_allowed(url, is_ours):
            log.info("page.not_allowed", feed=feed.url, host=_host(url))
            return ""
        fetched = await self._fetch(url, is_ours)
        if not isinstance(fetched, Fetched):
            log.info("page.not_fetched", feed=feed.url, host=_host(url), reason=fetched.reason.value)
            return ""
        found = await self._ask({"page": fetched.url, "charset": _charset(fetched)}, fetched.body)
        return str(found.get("text", ""))

    async def aclose(self) -> None:
        """Ends the child."""
        await self._children.aclose()

    async def _is_allowed(self, url: str, is_ours: bool) -> bool:
        origin = urljoin(url, "/robots.txt")
        known = self._robots.get(origin)
        if known is None or known.until <= self._clock.now():
            known = _Robots(await self._rules(origin, is_ours), self._clock.now() + ROBOTS_LIFE)
            self._robots[origin] = known
            if len(self._robots) > _ROBOTS_KEPT:
                self._robots.popitem(last=False)
        if not known.rules:
            return known.rules is not None
        return (await self._ask({"robots": url, "agent": AGENT}, known.rules)).get("allowed") is True

    async def _rules(self, origin: str, is_ours: bool) -> bytes | None:
        fetched = await self._fetch(origin, is_ours)
        if isinstance(fetched, Fetched):
            return fetched.body[:_ROBOTS_BYTES]
        return b"" if fetched.reason in _NO_RULES else None

    async def _fetch(self, url: str, is_ours: bool) -> Fetched | FetchFailed:
        fetched = await self._fetcher.fetch(
            Feed(url), Validators(), deadline=_DEADLINE, patience=_PATIENCE, may_be_private=is_ours
        )
        if isinstance(fetched, Fetched | FetchFailed):
            return fetched
        return FetchFailed(PollReason.PROTOCOL, "the server says that a page is unchanged which it never sent")

    async def _ask(self, head: dict[str, str], body: bytes) -> dict[str, Any]:
        """What the child answers; nothing when it fails."""
        try:
            await self._children.start()
        except OSError as error:
            log.error("pages.not_started", error=str(error), remedy="install watcher-news[full-text] again")
            return {}
        frames: list[bytes] = []
        finished = await self._children.run(json.dumps(head).encode(), body, frames.append)
        if finished.failure is not None or not frames:
            log.warning("page.not_read", reason=str(finished.failure), host=_host(head.get("page", "")))
            return {}
        found: dict[str, Any] = json.loads(frames[0])
        return found


def _charset(fetched: Fetched) -> str:
    """The charset of the Content-Type header (RFC 9110 §8.3.2), "" without one."""
    _, _, named = fetched.headers.get("content-type", "").lower().partition("charset=")
    return named.partition(";")[0].strip().strip("\"'")


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
