"""The poll pipeline: from a due feed to stored alerts.

    acquire ─▶ fetch ─▶ parse ─▶ look up seen ─▶ decide ─▶ match, opinions ─▶ story ─▶ save (I1)

Only this file knows that order. Each step is a call into a package of its own. What goes wrong is a value that is
saved in the feed's own state. A poll that cannot be saved changes nothing: its lease runs out and the feed is polled
again, with the validators of the last poll that was saved.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import structlog

from watcher.clock import Clock
from watcher.dedupe.decide import NamedDocument, decide, decide_first
from watcher.dedupe.unchanged import ChangedPart, LastDocument
from watcher.errors import PollReason, StoreError
from watcher.fetch.client import Fetcher
from watcher.lazy_dataclass import dataclass
from watcher.model.alert import AlertOrigin
from watcher.model.entry import EntryDecision, Identified, ParsedFeed, Seen
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
from watcher.model.opinion import OpinionResult
from watcher.model.settings import Limits, Polling
from watcher.model.topic import Topic
from watcher.parse.pool import ParserPool
from watcher.poll.group_commit import GroupCommit
from watcher.poll.scoring import OpinionGiver, PageReader, Scored, Scorer
from watcher.schedule import cadence, moves
from watcher.schedule.health import issues_from
from watcher.schedule.history import with_poll
from watcher.schedule.interval import CadencePolicy
from watcher.schedule.quota import after_quota, within_quota
from watcher.store.records import PollRecord
from watcher.store.store import Store
from watcher.text.domains import domain_of
from watcher.threads import ThreadPool
from watcher.timings import Timings

if TYPE_CHECKING:
    from watcher.match.percolator import Percolator

log = structlog.get_logger()


_SHARE_FOR_OPINIONS = 0.3
"""Of what is left of the lease when the entries are known: the rest is for saving them."""


_FEW_ENTRIES = 50
"""Entries of a document, with fingerprints, whose names are made within half a millisecond."""

P = ParamSpec("P")
T = TypeVar("T")


class PollResult(StrEnum):
    """What one poll came to."""

    FETCHED = "fetched"
    NOT_MODIFIED = "not_modified"
    FAILED = "failed"
    UNSAVED = "unsaved"


@dataclass(frozen=True, slots=True)
class PollReport:
    """One poll, counted. `alerts` leaves out those `folded` into a story.

    `reached` is False when nothing answered at the feed's address. `reason` is None unless the poll failed.
    """

    url: str
    result: PollResult
    reached: bool = True
    reason: PollReason | None = None
    entries_new: int = 0
    alerts: int = 0
    folded: int = 0
    opinions: Mapping[OpinionResult, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PollConfig:
    """What polling needs of a configuration; swapped whole on reload."""

    feeds: Mapping[str, Feed]
    polling: Polling
    limits: Limits
    topics: Mapping[str, Topic]
    percolator: Callable[[], Percolator]
    """Compiles the index of the topics when it is first called, in a thread: `once` finds nothing new most of the time.
    """


@dataclass(frozen=True, slots=True)
class _Reading:
    """A document, its named entries (those that changed, or all) and the decision on them.

    `last` is the document before, without entries when all of `parsed` was looked at.
    `is_first_try` is False when the changed entries alone did not decide and all was read again.
    """

    parsed: ParsedFeed
    items: tuple[Identified, ...]
    decision: EntryDecision
    last: LastDocument
    is_first_try: bool = True


@dataclass(frozen=True, slots=True)
class Poller:
    """Polls acquired feeds. `jitter` gives uniform numbers in [0, 1)."""

    config: PollConfig
    owner: str
    store: Store
    store_pool: ThreadPool
    cpu_pool: ThreadPool
    fetcher: Fetcher
    parser: ParserPool
    commit: GroupCommit
    clock: Clock
    jitter: Callable[[], float]
    timings: Timings
    opinions: OpinionGiver | None = None
    pages: PageReader | None = None

    async def acquire(self, limit: int, *, now: datetime | None = None, force: bool = False) -> list[AcquiredFeed]:
        """Leases up to `limit` feeds that are due at `now` (default: the present moment).

        `force`: also feeds that are not due, except those in backoff or with a Retry-After. Feeds that this
        configuration does not have are left to other nodes.
        """
        due_at = now or self.clock.now()
        until = self.clock.now() + self.config.polling.timeout + self.timings.poll_margin
        acquire, known = self.store.polls.acquire_due, self.config.feeds.keys()
        per_host = self.config.polling.per_host.at_once
        return await self.store_pool(
            acquire, self.owner, due_at, until, limit, force=force, known=known, per_host=per_host
        )

    async def acquire_named(self, urls: Collection[str], *, force: bool = False) -> list[AcquiredFeed]:
        """Leases these feeds, due or not. `force`: also those with a Retry-After."""
        now = self.clock.now()
        until = now + self.config.polling.timeout + self.timings.poll_margin
        return await self.store_pool(self.store.polls.acquire_named, self.owner, urls, now, until, force=force)

    async def poll(self, acquired: AcquiredFeed) -> PollReport:
        """Polls one feed and saves the result. Does not raise: a defect is a failed poll of this feed."""
        url = acquired.state.url
        feed = self.config.feeds.get(url) or Feed(url)
        remaining = (acquired.until - self.clock.now()).total_seconds()
        try:
            async with asyncio.timeout(remaining):
                return await self._visit_guarded(feed, acquired)
        except TimeoutError:
            log.warning(
                "poll.host_queue_timeout", feed=url, remedy="the host is slow or has many feeds; it is polled later"
            )
        except StoreError as error:
            log.error(
                "poll.not_saved", feed=url, error=str(error), remedy="the feed is polled again when its lease ends"
            )
        except Exception:
            log.exception("poll.crashed", feed=url, remedy="please report this; the feed is polled again")
        return PollReport(url, PollResult.UNSAVED, reached=False)

    async def _visit_guarded(self, feed: Feed, acquired: AcquiredFeed) -> PollReport:
        """A defect in one step backs the feed off and is shown by `feeds health`, instead of repeating at once."""
        try:
            with self.commit.under_way():
                return await self._visit(feed, acquired)
        except (StoreError, TimeoutError):
            raise
        except Exception as error:
            log.exception("poll.crashed", feed=feed.url, remedy="please report this; the feed backs off")
            failed = ParseFailed(PollReason.DEFECT, f"{type(error).__name__}; see the log")
            return await self._fail(feed, acquired, failed)

    async def _visit(self, feed: Feed, acquired: AcquiredFeed) -> PollReport:
        state = acquired.state
        unconditional = cadence.wants_unconditional(state, self.clock.now())
        validators = Validators() if unconditional else state.validators
        self._heed_other_nodes(acquired)
        fetched = await self._fetch(feed, state, validators)
        match fetched:
            case Fetched():
                body_hash = cadence.body_hash(fetched.body)
                if body_hash != state.body_hash:
                    return await self._read(feed, acquired, fetched, body_hash)
                after = cadence.after_same_document(state, fetched, self._policy(feed), self.clock.now(), self.jitter())
                return await self._save(PollResult.FETCHED, PollRecord(acquired.epoch, after))
            case NotModified():
                after = cadence.after_not_modified(state, fetched, self._policy(feed), self.clock.now(), self.jitter())
                return await self._save(PollResult.NOT_MODIFIED, PollRecord(acquired.epoch, after))
            case FetchFailed():
                return await self._fail(feed, acquired, fetched)

    def _heed_other_nodes(self, acquired: AcquiredFeed) -> None:
        """What other nodes, or this one before a restart, know of the feed's host holds here, too."""
        domain, now = domain_of(self._kept_address(acquired.state) or acquired.state.url), self.clock.now()
        if acquired.host_asked_at is not None:
            self.fetcher.space(domain, acquired.host_asked_at - now)
        if acquired.host_paused_until is not None and acquired.host_paused_until > now:
            self.fetcher.pause(domain, acquired.host_paused_until - now)

    async def _fetch(self, feed: Feed, state: PollState, validators: Validators) -> FetchResult:
        """Asks the configured address or a kept redirect; the latter also where the former, asked once a day, fails."""
        policy = self._policy(feed)
        address = cadence.address_to_ask(state, policy, self.clock.now())
        worked = state.last_success_at is not None and state.failures == 0
        fetched = await self.fetcher.fetch(feed, validators, url=address, worked=worked)
        kept = moves.kept_address(state, policy.moves_to)
        if isinstance(fetched, FetchFailed) and address is None and kept is not None:
            return await self.fetcher.fetch(feed, validators, url=kept, worked=worked)
        return fetched

    async def _read(self, feed: Feed, acquired: AcquiredFeed, fetched: Fetched, body_hash: str) -> PollReport:
        reading = await self._parse_and_decide(fetched, acquired.state)
        if isinstance(reading, ParseFailed):
            return await self._fail(feed, acquired, reading)
        parsed, now = reading.parsed, self.clock.now()
        quota = within_quota(reading.decision, acquired.state, self.config.limits, now)
        decision = quota.decision
        state = replace(
            cadence.after_document(
                acquired.state,
                fetched,
                parsed,
                decision,
                self._policy(feed),
                now,
                jitter=self.jitter(),
                unchanged_dates=reading.last.dates(parsed.unchanged),
            ),
            body_hash=body_hash,
            identity=decision.identity,
            identity_streak=decision.identity_streak,
            baseline_at=acquired.state.baseline_at or (now if decision.is_baseline else None),
            entry_hashes=reading.last.after(parsed, reading.items, decision) if reading.is_first_try else "",
            read_in_full_at=acquired.state.read_in_full_at if decision.unchanged else now,
        )
        state = after_quota(state, quota, now)
        title = feed.name or parsed.title or feed.url
        origin = AlertOrigin(feed.url, feed.label, title, feed.labels, parsed.language, feed.trust)
        scored = decision.new + decision.updated
        patience = (acquired.until - now) * _SHARE_FOR_OPINIONS
        found = await self._scorer().score(scored, feed, origin, now, patience) if scored else Scored()
        decision = decision.with_entries(found.from_pages)
        labels = {**feed.labels, "language": parsed.language or "", "feed": feed.label}
        record = PollRecord(acquired.epoch, state, origin.feed_title, labels, decision, found.sketches, found.alerts)
        return replace(await self._save(PollResult.FETCHED, record), opinions=found.counts)

    def _scorer(self) -> Scorer:
        return Scorer(self.config.topics, self.config.percolator, self.cpu_pool, self.opinions, self.pages)

    async def _parse_and_decide(self, fetched: Fetched, state: PollState) -> _Reading | ParseFailed:
        """The document and what is new in it: by its changed entries alone if these say enough, else in full."""
        last = LastDocument.to_skip(state, self.clock.now())
        parsed = await self._parse(fetched, last)
        is_first_try = True
        if isinstance(parsed, ParsedFeed) and parsed.unchanged:
            part = await self._named(parsed, ChangedPart.of, state.url, parsed, state, last)
            if part is not None:
                decided = part.decide(await self._seen(state, part))
                if decided is not None:
                    return _Reading(parsed, part.items, decided, last)
            last, is_first_try = LastDocument(""), False
            parsed = await self._parse(fetched, last)
        if isinstance(parsed, ParseFailed):
            return parsed
        now, backfill = self.clock.now(), self.config.polling.backfill
        if state.baseline_at is None:
            named, decision = await self._named(parsed, decide_first, parsed, state, now, backfill)
        else:
            named = await self._named(parsed, NamedDocument.of, state.url, parsed, state)
            seen = await self._seen(state, named)
            decision = await self.cpu_pool(decide, named, state, seen, now, backfill)
        return _Reading(parsed, named.items, decision, last, is_first_try)

    async def _named(self, parsed: ParsedFeed, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Work on the names of entries: in a thread, unless it is done sooner than handed over."""
        entries = len(parsed.entries)
        if entries == len(parsed.fingerprints) and entries + len(parsed.unchanged) <= _FEW_ENTRIES:
            return work(*args, **kwargs)
        return await self.cpu_pool(work, *args, **kwargs)

    async def _parse(self, fetched: Fetched, last: LastDocument) -> ParsedFeed | ParseFailed:
        known = last.hashes
        return await self.parser.parse(fetched.body, url=fetched.url, headers=fetched.headers, known_hashes=known)

    async def _seen(self, state: PollState, named: NamedDocument | ChangedPart) -> list[Seen]:
        """What is remembered."""
        if not named.items:
            return []
        return await self.store_pool(lambda: self.store.polls.seen(state.url, named.probe()))

    async def _fail(self, feed: Feed, acquired: AcquiredFeed, failed: FetchFailed | ParseFailed) -> PollReport:
        log.warning("poll.failed", feed=feed.url, reason=failed.reason.value, detail=failed.detail)
        state = cadence.after_failure(acquired.state, failed, self._policy(feed), self.clock.now(), self.jitter())
        pauses = {}
        if isinstance(failed, FetchFailed) and failed.pauses is not None:
            domain, wait = failed.pauses
            pauses[domain] = self.clock.now() + wait
        report = await self._save(PollResult.FAILED, PollRecord(acquired.epoch, state, pauses=pauses))
        reached = isinstance(failed, ParseFailed) or failed.status is not None
        return replace(report, reached=reached, reason=failed.reason)

    async def _save(self, result: PollResult, record: PollRecord) -> PollReport:
        now, new = self.clock.now(), len(record.decision.new)
        what = record.state.reason if result is PollResult.FAILED and record.state.reason else result
        state = with_poll(record.state, what.value, new, now)
        host = domain_of(self._kept_address(state) or state.url)
        record = replace(record, state=state, issues_from=issues_from(state, now), host=host)
        saved = await self.commit.save(record)
        if not saved.saved:
            log.warning("poll.lease_lost", feed=record.state.url, remedy="the new holder of the lease polls it")
            return PollReport(record.state.url, PollResult.UNSAVED)
        return PollReport(
            record.state.url,
            result,
            entries_new=new,
            alerts=len(saved.alerts_new),
            folded=len(saved.alerts_folded),
        )

    def _kept_address(self, state: PollState) -> str | None:
        feed = self.config.feeds.get(state.url) or Feed(state.url)
        return moves.kept_address(state, self._policy(feed).moves_to)

    def _policy(self, feed: Feed) -> CadencePolicy:
        return CadencePolicy.of(feed, self.config.polling)
