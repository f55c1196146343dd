"""The alerts of a document's new and updated entries.

    words ─▶ full texts of near misses, where the feed has only teasers ─▶ opinions on what words do not decide

Whatever takes time beyond the words has a deadline of its own: when it passes, or something fails, the words decide.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Protocol

import structlog

from watcher.errors import StoreError
from watcher.lazy_dataclass import dataclass
from watcher.model.alert import Alert, AlertOrigin, Match, make_alert
from watcher.model.entry import Entry, Identified
from watcher.model.feed import Feed, FullText
from watcher.model.opinion import Considered, OpinionResult, Undecided
from watcher.model.story import Sketch
from watcher.model.topic import Level, Topic
from watcher.story.sketch import sketch_of
from watcher.threads import ThreadPool

if TYPE_CHECKING:
    from watcher.match.percolator import Percolator

log = structlog.get_logger()

_REPORT = "please report this"

MOST_CONSIDERED = 100
"""Entries of one document on which opinions are asked for: a feed that was just added has thousands."""
MOST_PAGES = 5
"""Pages that are fetched for one document."""
TEASER_CHARACTERS = 1_500
"""An entry with less text may be only the beginning of its page."""

Matches = dict[tuple[str, str], Match]
"""By entry key and topic."""


class OpinionGiver(Protocol):
    """Gives opinions on entries that the words of a topic do not decide."""

    @property
    def topics(self) -> frozenset[str]:
        """The topics whose matches are considered."""

    async def consider(self, those: Sequence[Undecided]) -> Considered:
        """The matches that are at least mentions."""


class PageReader(Protocol):
    """Reads the pages of entries."""

    async def full_text(self, entry: Entry, feed: Feed) -> str:
        """The main text of an entry's page, "" when it cannot or may not be read."""


@dataclass(frozen=True, slots=True)
class Scored:
    """The alerts of a document, the sketches that find their stories, and counts of what opinions came to.

    `from_pages`: entries by key whose full text raised a level: they are kept with it.
    """

    alerts: tuple[Alert, ...] = ()
    from_pages: Mapping[str, Identified] = field(default_factory=dict)
    sketches: Mapping[str, Sketch] = field(default_factory=dict)
    counts: Mapping[OpinionResult, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores entries under one configuration."""

    topics: Mapping[str, Topic]
    percolator: Callable[[], Percolator]
    """May compile the index: to be called in a thread."""
    cpu_pool: ThreadPool
    opinions: OpinionGiver | None = None
    pages: PageReader | None = None

    async def score(
        self, those: tuple[Identified, ...], feed: Feed, origin: AlertOrigin, now: datetime, within: timedelta
    ) -> Scored:
        """The alerts of these entries. `within` bounds what is asked beyond the words."""
        labels = labels_of(origin)
        if not self._asks_beyond_words(feed):
            return await self.cpu_pool(self._by_words, those, labels, feed, origin, now)
        found = await self.cpu_pool(self._percolate, those, labels)
        from_pages = await self._from_pages(those, found, feed, labels, within / 2)
        those = tuple(from_pages.get(one.entry_key, one) for one in those)
        considered = await self._considered(those, labels, within / 2)
        found |= _by_entry(considered.matches)
        counts = {**considered.counts, **({OpinionResult.FULL_TEXT: len(from_pages)} if from_pages else {})}
        return await self.cpu_pool(self._scored, those, found, feed, origin, now, counts, from_pages)

    def _asks_beyond_words(self, feed: Feed) -> bool:
        reads_pages = self.pages is not None and feed.full_text is not FullText.NEVER
        return reads_pages or (self.opinions is not None and bool(self.opinions.topics))

    def _by_words(
        self, those: tuple[Identified, ...], labels: Mapping[str, str], feed: Feed, origin: AlertOrigin, now: datetime
    ) -> Scored:
        """What most polls need, in one go in a thread."""
        return self._scored(those, self._percolate(those, labels), feed, origin, now, {}, {})

    def _percolate(self, those: Sequence[Identified], labels: Mapping[str, str]) -> Matches:
        """The matches by entry key and topic. An entry that cannot be scored does not stop the others."""
        found: Matches = {}
        percolator = self.percolator()
        for one in those:
            try:
                matches = percolator.percolate(one.entry, labels)
            except Exception:
                log.exception("entry.match_failed", feed=labels["feed_url"], entry=one.entry_key, remedy=_REPORT)
            else:
                found |= _by_entry((one.entry_key, match) for match in matches)
        return found

    async def _from_pages(
        self, those: Sequence[Identified], found: Matches, feed: Feed, labels: Mapping[str, str], within: timedelta
    ) -> dict[str, Identified]:
        """Entries whose page raises a level, by key; `found` then has the better matches."""
        if self.pages is None or feed.full_text is FullText.NEVER:
            return {}
        raised: dict[str, Identified] = {}
        try:
            async with asyncio.timeout(within.total_seconds()):
                for one in await self.cpu_pool(self._near_misses, those, labels):
                    text = await self.pages.full_text(one.entry, feed)
                    whole = replace(one, entry=replace(one.entry, content=text, from_page=True))
                    is_better = await self.cpu_pool(self._raise, whole, found, labels) if text else False
                    if is_better:
                        raised[one.entry_key] = whole
        except TimeoutError:
            log.warning("pages.timed_out", feed=labels["feed_url"])
        except Exception:
            log.exception("pages.failed", feed=labels["feed_url"], remedy=_REPORT)
        return raised

    def _near_misses(self, those: Sequence[Identified], labels: Mapping[str, str]) -> list[Identified]:
        """The first few entries whose text is short and which nearly match."""
        short = (one for one in those if len(one.entry.content) + len(one.entry.summary) < TEASER_CHARACTERS)
        is_near_miss = self.percolator().is_near_miss
        return list(islice((one for one in short if is_near_miss(one.entry, labels)), MOST_PAGES))

    def _raise(self, whole: Identified, found: Matches, labels: Mapping[str, str]) -> bool:
        """Takes the matches of a full text that are better than those of its teaser; whether there are any."""
        better = {
            (whole.entry_key, match.topic): match
            for match in self.percolator().percolate(whole.entry, labels)
            if match.level.rank > _level(found.get((whole.entry_key, match.topic))).rank
        }
        found.update(better)
        return bool(better)

    async def _considered(
        self, those: Sequence[Identified], labels: Mapping[str, str], within: timedelta
    ) -> Considered:
        """What opinions say; when they fail or take too long, nothing."""
        if self.opinions is None or not (names := self.opinions.topics):
            return Considered()
        undecided = await self.cpu_pool(self._undecided, those[:MOST_CONSIDERED], names, labels)
        if not undecided:
            return Considered()
        try:
            async with asyncio.timeout(within.total_seconds()):
                return await self.opinions.consider(undecided)
        except TimeoutError:
            log.warning("opinions.timed_out", feed=labels["feed_url"], entries=len(those))
        except StoreError as error:
            log.warning("opinions.failed", feed=labels["feed_url"], error=str(error))
        except Exception:
            log.exception("opinions.failed", feed=labels["feed_url"], remedy=_REPORT)
        return Considered(counts={OpinionResult.FAILED: 1})

    def _undecided(
        self, those: Sequence[Identified], names: frozenset[str], labels: Mapping[str, str]
    ) -> list[Undecided]:
        found: list[Undecided] = []
        percolator = self.percolator()
        for one in those:
            try:
                matches = percolator.undecided(one.entry, names, labels)
            except Exception:
                log.exception("entry.match_failed", feed=labels["feed_url"], entry=one.entry_key, remedy=_REPORT)
            else:
                found += (Undecided(one.entry_key, one.entry, match) for match in matches)
        return found

    def _scored(
        self,
        those: Sequence[Identified],
        found: Matches,
        feed: Feed,
        origin: AlertOrigin,
        now: datetime,
        counts: Mapping[OpinionResult, int],
        from_pages: Mapping[str, Identified],
    ) -> Scored:
        """In the order of the document and of the configuration."""
        alerts: list[Alert] = []
        sketches: dict[str, Sketch] = {}
        for one in those:
            matches = [found[one.entry_key, name] for name in self.topics if (one.entry_key, name) in found]
            try:
                made = [make_alert(match, self.topics[match.topic], one, origin, now) for match in matches]
                if made:
                    sketches[one.entry_key] = sketch_of(one, feed)
                alerts += made
            except Exception:
                log.exception("entry.match_failed", feed=origin.feed_url, entry=one.entry_key, remedy=_REPORT)
        return Scored(tuple(alerts), from_pages, sketches, counts)


def labels_of(origin: AlertOrigin) -> dict[str, str]:
    """What topics may ask of a feed."""
    labels = {**origin.feed_labels, "feed": origin.feed_label, "feed_url": origin.feed_url}
    labels["language"] = origin.language or ""
    return labels


def _level(match: Match | None) -> Level:
    return Level.NONE if match is None else match.level


def _by_entry(matches: Iterable[tuple[str, Match]]) -> Matches:
    return {(key, match.topic): match for key, match in matches}
