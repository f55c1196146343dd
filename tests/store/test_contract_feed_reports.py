"""Reports on feeds: saved whole or not at all, and by one process only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.harness.store_samples import ASSIGNER, DAY, FEED, NOW, alert, notify_all
from watcher.errors import StoreError
from watcher.model.alert import AlertState
from watcher.model.feed import FeedIssueKind, PollState
from watcher.model.feed_report import ReportDecision, ReportedIssue
from watcher.store.records import PollRecord
from watcher.store.store import Store

ISSUE = ReportedIssue(FEED, FeedIssueKind.TRUNCATED, NOW - DAY, NOW)


def report_once(states: Sequence[PollState], reported: Sequence[ReportedIssue]) -> ReportDecision:
    return ReportDecision() if reported else ReportDecision((alert("report"),), (ISSUE,))


def test_the_alert_and_the_fact_that_it_was_made_are_saved_together(store: Store) -> None:
    assert store.feed_reports.last_daily() is None
    assert store.feed_reports.report(NOW, None, None, report_once) == (alert("report"),)
    assert store.feed_reports.last_daily() == NOW
    assert store.feed_reports.all() == [ISSUE]
    (saved,) = store.alerts.newest()
    assert (saved.id, saved.state, saved.created_at) == (alert("report").id, AlertState.UNROUTED, NOW)


def test_a_report_of_critical_feeds_does_not_take_the_place_of_the_daily_one(store: Store) -> None:
    store.feed_reports.report(NOW, None, [FEED], report_once)
    assert store.feed_reports.last_daily() is None


def test_two_processes_make_one_report(store: Store) -> None:
    assert len(store.feed_reports.report(NOW, None, None, report_once)) == 1
    assert store.feed_reports.report(NOW, None, None, report_once) == ()
    assert len(store.alerts.newest()) == 1


def test_a_report_that_fails_changes_nothing(store: Store) -> None:
    def twice(states: Sequence[PollState], reported: Sequence[ReportedIssue]) -> ReportDecision:
        return ReportDecision((alert("a"), alert("a")), (ISSUE,))

    with pytest.raises(StoreError):
        store.feed_reports.report(NOW, None, None, twice)
    assert (store.feed_reports.all(), store.feed_reports.last_daily(), store.alerts.newest()) == ([], None, [])


def test_an_issue_that_ends_is_replaced_and_one_that_is_forgotten_goes(store: Store) -> None:
    store.feed_reports.report(NOW, None, None, report_once)
    ended = replace(ISSUE, resolved_at=NOW + DAY)
    store.feed_reports.report(NOW + DAY, NOW, None, lambda states, reported: ReportDecision((), (ended,)))
    assert store.feed_reports.all() == [ended]
    later = NOW + 2 * DAY
    store.feed_reports.report(later, NOW + DAY, None, lambda states, reported: ReportDecision((), (), (ISSUE.key,)))
    assert store.feed_reports.all() == []


@pytest.mark.parametrize(("only", "seen"), [(None, [FEED]), ([FEED], [FEED]), (["https://other.example/"], [])])
def test_a_feed_that_recovered_is_seen_as_long_as_its_issue_is_open(
    store: Store, only: list[str] | None, seen: list[str]
) -> None:
    store.feeds.sync([FEED], NOW)
    (acquired,) = store.polls.acquire_due("me", NOW, NOW + DAY, 1)
    well = PollRecord(acquired.epoch, replace(acquired.state, title="The Wire"), issues_from=NOW + 30 * DAY)
    store.polls.save("me", [well], NOW, notify_all, ASSIGNER)
    store.feed_reports.report(NOW, None, None, report_once)
    found: list[str] = []

    def look(states: Sequence[PollState], reported: Sequence[ReportedIssue]) -> ReportDecision:
        found.extend(state.url for state in states)
        return ReportDecision()

    store.feed_reports.report(NOW + DAY, NOW, only, look)
    assert found == seen
