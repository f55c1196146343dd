"""The alerts of a document's new and updated entries: by the words of topics, and by opinions beside them.

Whatever takes time beyond the words has a deadline of its own: when it passes, or something fails, the words decide.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from watcher.errors import StoreError
from watcher.match.percolator import Percolator
from watcher.model.alert import Alert, AlertOrigin, Match, make_alert
from watcher.model.entry import Identified
from watcher.model.feed import Feed
from watcher.model.opinion import Considered, OpinionResult, Undecided
from watcher.model.story import Sketch
from watcher.model.topic import Topic
from watcher.story.sketch import sketch_of
from watcher.threads import ThreadPool

log = structlog.get_logger()

_REPORT = "please report this"

MOST_CONSIDERED = 100
"""Entries of one document on which opinions are asked for: a feed that was just added has thousands."""


class OpinionGiver(Protocol):
    """Gives opinions on entries that the words of a topic do not decide."""

    @property
    def topics(self) -> frozenset[str]:
        """The topics whose matches are considered."""

    async def consider(self, those: Sequence[Undecided]) -> Considered:
        """The matches that are at least mentions."""


@dataclass(frozen=True, slots=True)
class Scored:
    """The alerts of a document, the sketches that find their stories, and counts of what opinions came to."""

    alerts: tuple[Alert, ...] = ()
    sketches: Mapping[str, Sketch] = field(default_factory=dict)
    counts: Mapping[OpinionResult, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores entries under one configuration."""

    topics: Mapping[str, Topic]
    percolator: Percolator
    cpu_pool: ThreadPool
    opinions: OpinionGiver | None = None

    async def score(
        self, those: tuple[Identified, ...], feed: Feed, origin: AlertOrigin, now: datetime, within: timedelta
    ) -> Scored:
        """The alerts of these entries. `within` bounds what is asked beyond the words."""
        labels = labels_of(origin)
        found = await self.cpu_pool(self._percolate, those, labels)
        considered = await self._considered(those, labels, within)
        found |= _by_entry(considered.matches)
        return await self.cpu_pool(self._scored, those, found, feed, origin, now, considered.counts)

    def _percolate(self, those: Sequence[Identified], labels: Mapping[str, str]) -> dict[tuple[str, str], Match]:
        """The matches by entry key and topic. An entry that cannot be scored does not stop the others."""
        found: dict[tuple[str, str], Match] = {}
        for one in those:
            try:
                matches = self.percolator.percolate(one.entry, labels)
            except Exception:
                log.exception("entry.match_failed", feed=labels["feed_url"], entry=one.entry_key, remedy=_REPORT)
            else:
                found |= _by_entry((one.entry_key, match) for match in matches)
        return found

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
        for one in those:
            try:
                matches = self.percolator.undecided(one.entry, names, labels)
            except Exception:
                log.exception("entry.match_failed", feed=labels["feed_url"], entry=one.entry_key, remedy=_REPORT)
            else:
                found += (Undecided(one.entry_key, one.entry, match) for match in matches)
        return found

    def _scored(
        self,
        those: Sequence[Identified],
        found: Mapping[tuple[str, str], Match],
        feed: Feed,
        origin: AlertOrigin,
        now: datetime,
        counts: Mapping[OpinionResult, int],
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
        return Scored(tuple(alerts), sketches, dict(counts))


def labels_of(origin: AlertOrigin) -> dict[str, str]:
    """What topics may ask of a feed."""
    labels = {**origin.feed_labels, "feed": origin.feed_label, "feed_url": origin.feed_url}
    labels["language"] = origin.language or ""
    return labels


def _by_entry(matches: Iterable[tuple[str, Match]]) -> dict[tuple[str, str], Match]:
    return {(key, match.topic): match for key, match in matches}
