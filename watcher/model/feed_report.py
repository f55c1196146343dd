"""Feed issues of which the operator was notified."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from watcher.lazy_dataclass import dataclass
from watcher.model.alert import Alert
from watcher.model.feed import FeedIssueKind, PollState

IssueKey = tuple[str, FeedIssueKind]
"""A feed, by URL, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class ReportedIssue:
    """An issue of which the operator was notified at `reported_at`, and of its end at `resolved_at`."""

    url: str
    kind: FeedIssueKind
    since: datetime | None
    reported_at: datetime
    resolved_at: datetime | None = None

    @property
    def key(self) -> IssueKey:
        return self.url, self.kind


@dataclass(frozen=True, slots=True)
class ReportDecision:
    """Alerts to save, what is reported from now on (replaces the same feed and kind), and what to forget."""

    alerts: tuple[Alert, ...] = ()
    reported: tuple[ReportedIssue, ...] = ()
    forgotten: tuple[IssueKey, ...] = ()


ReportDecider = Callable[[Sequence[PollState], Sequence[ReportedIssue]], ReportDecision]
"""Decides on the states of feeds with issues and on what was reported, see `watcher.schedule.feed_reports`.

Pure; the store calls it in the transaction that saves the decision.
"""
