"""Notifies the operator of feeds that need attention: daily, and at once of critical ones.

What is reported is decided by `watcher.schedule.feed_reports`. The alerts and the fact that they were made are saved in
one transaction: after a crash nothing is missing and nothing is repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog

from watcher.model.feed import PollState
from watcher.model.feed_report import ReportDecision, ReportedIssue
from watcher.model.route import DigestTiming
from watcher.model.settings import FeedReports, Settings
from watcher.route.due import CLOCK_FAULT, next_slot
from watcher.schedule.feed_reports import decide_reports
from watcher.store.store import Store

log = structlog.get_logger()


def report_feeds(settings: Settings, store: Store, now: datetime) -> int:
    """Saves the alerts about feeds that are due at `now`, to be routed like all others; returns how many.

    The first daily report is made at the first hour after this was first called. Raises `StoreError`.
    """
    rules = settings.feed_reports
    if not rules.kinds:
        return 0
    last = store.feed_reports.last_daily()
    daily = last is None or is_due(rules, last, now)
    feeds = {feed.url: feed for feed in settings.feeds}
    critical = [feed.url for feed in settings.feeds if feed.is_critical]
    if not daily and not critical:
        return 0

    def decide(states: Sequence[PollState], reported: Sequence[ReportedIssue]) -> ReportDecision:
        if last is None:  # the day of reports begins now
            return ReportDecision()
        return decide_reports(states, reported, feeds, rules.kinds, now, daily=daily)

    alerts = store.feed_reports.report(now, last, None if daily else critical, decide)
    if alerts:
        log.info("feeds.reported", alerts=len(alerts), daily=daily)
    return len(alerts)


def is_due(rules: FeedReports, last: datetime, now: datetime) -> bool:
    """Whether an hour of the daily report lies between the last report and now, or the clock was set back."""
    return last > now + CLOCK_FAULT or next_slot(DigestTiming((rules.at,), rules.zone), last) <= now
