"""What is wrong with feeds, the worst first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from watcher.errors import PollReason
from watcher.model.feed import PollState
from watcher.schedule.health import FeedIssue, complaints

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
DAY = timedelta(days=1)
WELL = PollState(
    "https://example.org/feed",
    NOW,
    baseline_at=NOW - 90 * DAY,
    last_polled_at=NOW,
    last_success_at=NOW,
    last_changed_at=NOW - DAY,
    newest_published=NOW - DAY,
)
FAILING = replace(
    WELL, failures=3, failing_since=NOW - 2 * DAY, reason=PollReason.TIMEOUT, detail="too slow; raise polling.timeout"
)


def test_a_feed_that_is_well_is_not_mentioned() -> None:
    assert complaints([WELL], NOW) == []


@pytest.mark.parametrize(
    ("state", "ailment", "since", "detail"),
    [
        (FAILING, FeedIssue.FAILING, NOW - 2 * DAY, "timeout: too slow"),
        (replace(FAILING, reason=PollReason.HTTP_GONE), FeedIssue.GONE, NOW - 2 * DAY, "http_gone: "),
        (replace(WELL, possible_gap_at=NOW - DAY), FeedIssue.POSSIBLE_GAP, NOW - DAY, "shorter interval"),
        (
            replace(WELL, newest_published=NOW - 40 * DAY, last_changed_at=NOW - 35 * DAY),
            FeedIssue.SILENT, NOW - 35 * DAY, "nothing new",
        ),
        (replace(WELL, moved_to="https://new.example.org/", moved_streak=3), FeedIssue.MOVED, None, "new.example.org"),
        (PollState("https://example.org/feed", NOW), FeedIssue.UNREAD, None, "watcher once"),
    ],
)  # fmt: skip
def test_each_ailment_has_its_time_and_its_remedy(
    state: PollState, ailment: FeedIssue, since: datetime | None, detail: str
) -> None:
    (found,) = complaints([state], NOW)
    assert (found.ailment, found.since) == (ailment, since)
    assert detail in found.detail


@pytest.mark.parametrize(
    "state",
    [
        replace(WELL, possible_gap_at=NOW - 8 * DAY),
        replace(WELL, moved_to="https://new.example.org/", moved_streak=2),
        replace(WELL, newest_published=NOW - 29 * DAY, last_changed_at=None),
        replace(WELL, newest_published=NOW - 40 * DAY),
    ],
)
def test_what_is_not_worth_a_word(state: PollState) -> None:
    assert complaints([state], NOW) == []


def test_a_first_document_of_old_entries_is_silence_from_the_start() -> None:
    dead = replace(WELL, baseline_at=NOW, last_changed_at=NOW, newest_published=NOW - 700 * DAY)
    assert [one.ailment for one in complaints([dead], NOW)] == [FeedIssue.SILENT]


def test_the_worst_first_and_then_the_longest() -> None:
    states = [
        replace(FAILING, url="b"),
        PollState("new", NOW),
        replace(FAILING, url="a", failing_since=NOW - 9 * DAY, moved_to="https://x.example/", moved_streak=3),
        replace(FAILING, url="gone", reason=PollReason.HTTP_GONE, failing_since=NOW),
    ]
    order = [(one.url, one.ailment.value) for one in complaints(states, NOW)]
    assert order == [
        ("gone", "gone"), ("a", "failing"), ("b", "failing"), ("a", "moved for good"), ("new", "not read yet"),
    ]  # fmt: skip
