"""What is wrong with a feed, so that a person may mend it: `feeds health`. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from watcher.errors import PollReason
from watcher.model.feed import SILENT_AFTER, PollState
from watcher.schedule.cadence import kept_address

GAP_TOLD_FOR = timedelta(days=7)
"""A possible gap is long past after this, and nothing can be done about it any more."""


class FeedIssue(StrEnum):
    """What a feed may suffer from, the worst first."""

    GONE = "gone"
    FAILING = "failing"
    POSSIBLE_GAP = "possible gap"
    SILENT = "silent"
    MOVED = "moved for good"
    UNREAD = "not read yet"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One ailment of one feed: since when (None: it never was otherwise), and what is known of cause and remedy."""

    url: str
    title: str
    ailment: FeedIssue
    since: datetime | None
    detail: str
    failures: int = 0


def complaints(states: Iterable[PollState], now: datetime) -> list[Complaint]:
    """Everything that is wrong, the worst first; among equals what has lasted longest."""
    found = [complaint for state in states for complaint in _of(state, now)]
    severity = list(FeedIssue)
    return sorted(found, key=lambda one: (severity.index(one.ailment), one.since or now, one.url))


def _of(state: PollState, now: datetime) -> Iterable[Complaint]:
    title = state.title or ""
    if state.failures:
        ailment = FeedIssue.GONE if state.reason is PollReason.HTTP_GONE else FeedIssue.FAILING
        detail = ": ".join(filter(None, (state.reason, state.detail)))
        yield Complaint(state.url, title, ailment, state.failing_since, detail, state.failures)
    elif state.last_success_at is None:
        yield Complaint(state.url, title, FeedIssue.UNREAD, None, "is the daemon running? `watcher once` reads it now")
    if state.possible_gap_at is not None and now - state.possible_gap_at < GAP_TOLD_FOR:
        detail = "no entry of the last document was known, some between may be lost; give the feed a shorter interval"
        yield Complaint(state.url, title, FeedIssue.POSSIBLE_GAP, state.possible_gap_at, detail)
    latest = _latest_news(state)
    if not state.failures and latest is not None and now - latest >= SILENT_AFTER:
        detail = "it answers, but with nothing new; look whether its publisher has another feed by now"
        yield Complaint(state.url, title, FeedIssue.SILENT, latest, detail)
    if (address := kept_address(state)) is not None:
        detail = f"it is read at {address} already; write that address into the configuration"
        yield Complaint(state.url, title, FeedIssue.MOVED, None, detail)


def _latest_news(state: PollState) -> datetime | None:
    """When the feed last had something new; what its first document held says so only by its dates."""
    changed = state.last_changed_at if state.last_changed_at != state.baseline_at else None
    known = [moment for moment in (state.newest_published, changed) if moment is not None]
    return max(known, default=state.baseline_at)
