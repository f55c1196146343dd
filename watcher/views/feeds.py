"""Feeds as a page lists them: what is wrong, when they are polled next, and why then."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from watcher.lazy_dataclass import dataclass
from watcher.model.alert import stable_hash
from watcher.model.feed import Feed, FeedIssue, PollState
from watcher.model.settings import Polling
from watcher.schedule.history import PastPoll, past_polls, rhythm
from watcher.text.redact import redact_addresses


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One feed of the configuration. `issues`: the worst first. `state` None: it was never acquired."""

    feed: Feed
    state: PollState | None
    issues: tuple[FeedIssue, ...]
    why_then: str

    @property
    def polls(self) -> tuple[PastPoll, ...]:
        """What the last polls brought, newest first."""
        return past_polls(self.state) if self.state else ()

    def rhythm(self, now: datetime) -> Sequence[int]:
        """New entries a day over fourteen days; empty when there were none."""
        return rhythm(self.state, now)

    @property
    def id(self) -> str:
        return feed_id(self.feed.url)

    @property
    def name(self) -> str:
        return name_of(self.feed, self.state.title if self.state else None)

    def may_be_asked(self, polling: Polling, now: datetime) -> bool:
        """Whether somebody may have it polled now: not while its server asks to wait, nor just after a poll."""
        if self.state is None or self.state.next_poll_at <= now:
            return False
        if self.state.not_before is not None and self.state.not_before > now:
            return False
        last = self.state.last_polled_at
        return last is None or now - last >= min(polling.min, _SHORTEST)


_SHORTEST = timedelta(minutes=5)


def feed_id(url: str) -> str:
    """The name of a feed in addresses of pages: without the secrets that its own address may have."""
    return stable_hash("feed page", url)


@dataclass(frozen=True, slots=True)
class ListedFeed:
    """A feed of the configuration by its name in lists, with its issues: what is found, counted and put in order
    without reading its state.
    """

    feed: Feed
    name: str
    issues: tuple[FeedIssue, ...]

    @property
    def id(self) -> str:
        return feed_id(self.feed.url)


def listed_feeds(feeds: Iterable[Feed], titles: Mapping[str, str], issues: Sequence[FeedIssue]) -> list[ListedFeed]:
    """All feeds: those with issues first, in the order of the issues; then by name. `titles`: their own, by address."""
    of_feed: dict[str, list[FeedIssue]] = {}
    for issue in issues:
        of_feed.setdefault(issue.url, []).append(issue)
    order = {url: number for number, url in enumerate(of_feed)}
    found = [ListedFeed(one, name_of(one, titles.get(one.url)), tuple(of_feed.get(one.url, ()))) for one in feeds]
    return sorted(found, key=lambda one: (order.get(one.feed.url, len(order)), one.name.casefold(), one.feed.url))


def name_of(feed: Feed, title: str | None) -> str:
    """Its configured name, its own title, or its address without `https://`: a host may have many feeds."""
    return feed.name or title or redact_addresses(feed.url).rpartition("://")[2]


def feeds_like(listed: Iterable[ListedFeed], states: Collection[str], text: str) -> list[ListedFeed]:
    """Feeds with an issue of these kinds (none: all feeds) whose name or address contains a text."""
    part = text.casefold()
    return [
        one
        for one in listed
        if (not states or any(issue.kind.value in states for issue in one.issues))
        and (part in one.name.casefold() or part in one.feed.url.casefold())
    ]


def why_then(feed: Feed, state: PollState | None, polling: Polling) -> str:
    """Why the next poll is when it is, in a few words."""
    if state is None or state.last_polled_at is None:
        return "not polled yet"
    if state.not_before is not None and state.not_before >= state.next_poll_at:
        return "its server asked to wait"
    if state.failures:
        return "waits longer after each failure"
    if state.busy_since is not None:
        return "its host is busy"
    fixed = feed.interval if feed.interval is not None else polling.interval
    if fixed is not None:
        return "interval as configured"
    return "interval learned from its entries"


def feed_details(feed: Feed, state: PollState | None, polling: Polling) -> dict[str, object]:
    """A feed for JSON with what explains its polls. `interval_seconds`: between two polls, as learned."""
    interval = state.interval if state else None
    return {
        **feed_facts(feed, state),
        "why_then": why_then(feed, state, polling),
        "last_polled_at": state.last_polled_at if state else None,
        "last_changed_at": state.last_changed_at if state else None,
        "known_since": state.baseline_at if state else None,
        "newest_published": state.newest_published if state else None,
        "interval_seconds": interval.total_seconds() if interval else None,
    }


_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def feed_facts(feed: Feed, state: PollState | None) -> dict[str, object]:
    """A feed for JSON; what is not known before its first poll is null."""
    known = state or PollState(feed.url, _NEVER)
    return {
        "url": feed.url,
        "name": feed.name,
        "labels": dict(feed.labels),
        "title": known.title,
        "last_success_at": known.last_success_at,
        "next_poll_at": state.next_poll_at if state else None,
        "not_before": known.not_before,
        "failures": known.failures,
        "failing_since": known.failing_since,
        "reason": known.reason,
        "detail": known.detail,
        "busy_since": known.busy_since,
        "possible_gap_at": known.possible_gap_at,
        "truncated_since": known.truncated_since,
        "repaired_since": known.repaired_since,
        "repairs": list(known.repairs),
        "slow_since": known.slow_since,
        "moved_to": known.moved_to,
    }
