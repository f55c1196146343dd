"""The first trip: from the street to alerts on the shelf.

    acquire ─▶ fetch ─▶ parse ─▶ look up seen ─▶ decide ─▶ match ─▶ story ─▶ save (one transaction, I1)

Only this file knows that order. Every stop is a call into a room; what went wrong on the way is a
value that ends on the feed's own record. A poll that cannot be saved leaves no trace: its lease runs
out and the feed is polled again, with the validators of the last poll that was saved.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import structlog

from watcher.clock import Clock
from watcher.dedupe.decide import NamedDocument, decide
from watcher.errors import StoreError
from watcher.fetch.client import Fetcher
from watcher.match.percolator import Percolator
from watcher.model.alert import Alert, AlertOrigin, make_alert
from watcher.model.entry import EntryDecision, Identified, ParsedFeed
from watcher.model.feed import (
    AcquiredFeed,
    Feed,
    Fetched,
    FetchFailed,
    FetchResult,
    NotModified,
    ParseFailed,
    PollState,
    Validators,
)
from watcher.model.settings import Polling
from watcher.model.story import Trace
from watcher.model.topic import Topic
from watcher.parse.pool import ParserPool
from watcher.poll.group_commit import GroupCommit
from watcher.schedule import cadence, moves
from watcher.schedule.health import issues_from
from watcher.schedule.interval import CadencePolicy
from watcher.store.interface import PollRecord, Store
from watcher.story.assigner import trace_of
from watcher.timings import Timings

log = structlog.get_logger()


class PollResult(StrEnum):
    """What one poll came to."""

    FETCHED = "fetched"
    NOT_MODIFIED = "not_modified"
    FAILED = "failed"
    UNSAVED = "unsaved"


@dataclass(frozen=True, slots=True)
class PollReport:
    """One poll, counted. `alerts` were told; those `folded` into a story are not in it.

    `reached` is False when nothing at the feed's address answered at all.
    """

    url: str
    result: PollResult
    reached: bool = True
    reason: str = ""
    entries_new: int = 0
    alerts: int = 0
    folded: int = 0


@dataclass(frozen=True, slots=True)
class PollConfig:
    """What polling needs of a configuration; swapped whole on reload."""

    feeds: Mapping[str, Feed]
    polling: Polling
    topics: Mapping[str, Topic]
    percolator: Percolator


@dataclass(frozen=True, slots=True)
class Poller:
    """Polls acquired feeds. `jitter` gives uniform numbers in [0, 1)."""

    plan: PollConfig
    owner: str
    store: Store
    fetcher: Fetcher
    parser: ParserPool
    saver: GroupCommit
    clock: Clock
    jitter: Callable[[], float]
    timings: Timings

    async def acquire(self, limit: int, *, now: datetime | None = None, force: bool = False) -> list[AcquiredFeed]:
        """Leases due feeds; `now` is given by who counts feeds as due at an earlier moment than the clock's."""
        due_at = now or self.clock.now()
        until = self.clock.now() + self.plan.polling.timeout + self.timings.poll_margin
        return await asyncio.to_thread(self.store.acquire_due_feeds, self.owner, due_at, until, limit, force=force)

    async def poll(self, acquired: AcquiredFeed) -> PollReport:
        """Visits one feed and saves what it brought. Only a programming error is raised."""
        url = acquired.state.url
        feed = self.plan.feeds.get(url) or Feed(url)
        remaining = (acquired.until - self.clock.now()).total_seconds()
        try:
            async with asyncio.timeout(remaining):
                return await self._visit(feed, acquired)
        except TimeoutError:
            log.warning("poll.no_turn", feed=url, remedy="the host is slow or has many feeds; it is tried again")
        except StoreError as error:
            log.error("poll.unsaved", feed=url, error=str(error), remedy="the poll is repeated when its lease ends")
        return PollReport(url, PollResult.UNSAVED, reached=False)

    async def _visit(self, feed: Feed, acquired: AcquiredFeed) -> PollReport:
        state = acquired.state
        unconditional = cadence.wants_unconditional(state, self.clock.now())
        validators = Validators() if unconditional else state.validators
        fetched = await self._fetch(feed, state, validators)
        match fetched:
            case Fetched() if cadence.is_same_document(state, fetched):
                after = cadence.after_same_document(state, fetched, self._policy(feed), self.clock.now(), self.jitter())
                return await self._save(PollResult.FETCHED, PollRecord(acquired.epoch, after))
            case Fetched():
                return await self._read(feed, acquired, fetched)
            case NotModified():
                after = cadence.after_not_modified(state, fetched, self._policy(feed), self.clock.now(), self.jitter())
                return await self._save(PollResult.NOT_MODIFIED, PollRecord(acquired.epoch, after))
            case FetchFailed():
                return await self._fail(feed, acquired, fetched)

    async def _fetch(self, feed: Feed, state: PollState, validators: Validators) -> FetchResult:
        """Asks the configured address or a kept redirect; the latter also where the former, asked once a day, fails."""
        policy = self._policy(feed)
        address = cadence.address_to_ask(state, policy, self.clock.now())
        fetched = await self.fetcher.fetch(feed, validators, url=address)
        kept = moves.kept_address(state, policy.moves_to)
        if isinstance(fetched, FetchFailed) and address is None and kept is not None:
            return await self.fetcher.fetch(feed, validators, url=kept)
        return fetched

    async def _read(self, feed: Feed, acquired: AcquiredFeed, fetched: Fetched) -> PollReport:
        parsed = await self.parser.parse(fetched.body, url=fetched.url, headers=fetched.headers)
        if isinstance(parsed, ParseFailed):
            return await self._fail(feed, acquired, parsed)
        now = self.clock.now()
        decision = await asyncio.to_thread(self._decide, parsed, acquired.state, now)
        state = replace(
            cadence.after_document(
                acquired.state, fetched, parsed, decision, self._policy(feed), now, jitter=self.jitter()
            ),
            identity=decision.identity,
            identity_streak=decision.identity_streak,
            baseline_at=acquired.state.baseline_at or (now if decision.is_baseline else None),
        )
        origin = AlertOrigin(feed.url, feed.name or parsed.title or feed.url, feed.labels, parsed.language)
        scored = decision.new + decision.updated
        alerts, traces = await asyncio.to_thread(self._match, scored, origin, now) if scored else ((), {})
        labels = {**feed.labels, "language": parsed.language or ""}
        record = PollRecord(acquired.epoch, state, origin.feed_title, labels, decision, traces, alerts)
        return await self._save(PollResult.FETCHED, record)

    def _decide(self, parsed: ParsedFeed, state: PollState, now: datetime) -> EntryDecision:
        named = NamedDocument.of(state.url, parsed, state)
        seen = self.store.seen(state.url, named.probe())
        return decide(named, state, seen, now, self.plan.polling.backfill)

    def _match(
        self, scored: tuple[Identified, ...], origin: AlertOrigin, now: datetime
    ) -> tuple[tuple[Alert, ...], Mapping[str, Trace]]:
        """What is worth telling, and for each entry of it what its story will be found by."""
        labels = {**origin.feed_labels, "feed": origin.feed_title, "feed_url": origin.feed_url}
        labels["language"] = origin.language or ""
        alerts = tuple(
            make_alert(match, self.plan.topics[match.topic].title, one.entry, one.entry_key, origin, now)
            for one in scored
            for match in self.plan.percolator.percolate(one.entry, labels)
        )
        told = {alert.entry_key for alert in alerts}
        return alerts, {one.entry_key: trace_of(one, origin.feed_url) for one in scored if one.entry_key in told}

    async def _fail(self, feed: Feed, acquired: AcquiredFeed, failed: FetchFailed | ParseFailed) -> PollReport:
        log.warning("poll.failed", feed=feed.url, reason=failed.reason.value, detail=failed.detail)
        state = cadence.after_failure(acquired.state, failed, self._policy(feed), self.clock.now(), self.jitter())
        report = await self._save(PollResult.FAILED, PollRecord(acquired.epoch, state))
        reached = isinstance(failed, ParseFailed) or failed.status is not None
        return replace(report, reached=reached, reason=failed.reason.value)

    async def _save(self, result: PollResult, record: PollRecord) -> PollReport:
        record = replace(record, issues_from=issues_from(record.state, self.clock.now()))
        saved = await self.saver.save(record)
        if not saved.saved:
            log.warning("poll.lease_lost", feed=record.state.url, remedy="its new holder polls it again")
            return PollReport(record.state.url, PollResult.UNSAVED)
        return PollReport(
            record.state.url,
            result,
            entries_new=len(record.decision.new),
            alerts=len(saved.alerts_told),
            folded=len(saved.alerts_folded),
        )

    def _policy(self, feed: Feed) -> CadencePolicy:
        return CadencePolicy.of(feed, self.plan.polling)
