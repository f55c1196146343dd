"""What is wrong with feeds, the worst first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.errors import PollReason
from watcher.model.feed import FeedIssueKind, PollState
from watcher.render.digest_context import feed_notes
from watcher.schedule.health import feed_issues, issues_from, lasting_issues

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
    assert feed_issues([WELL], NOW) == []


@pytest.mark.parametrize(
    ("state", "kind", "since", "detail"),
    [
        (FAILING, FeedIssueKind.FAILING, NOW - 2 * DAY, "timeout: too slow"),
        (replace(FAILING, reason=PollReason.HTTP_GONE), FeedIssueKind.GONE, NOW - 2 * DAY, "http_gone: "),
        (replace(WELL, possible_gap_at=NOW - DAY), FeedIssueKind.POSSIBLE_GAP, NOW - DAY, "shorter interval"),
        (
            replace(WELL, newest_published=NOW - 40 * DAY, last_changed_at=NOW - 35 * DAY),
            FeedIssueKind.SILENT, NOW - 35 * DAY, "nothing new",
        ),
        (replace(WELL, moved_to="https://new.example.org/", moved_streak=3), FeedIssueKind.MOVED, None, "new.example.org"),
        (PollState("https://example.org/feed", NOW), FeedIssueKind.UNREAD, None, "watcher once"),
    ],
)  # fmt: skip
def test_each_issue_has_its_time_and_its_remedy(
    state: PollState, kind: FeedIssueKind, since: datetime | None, detail: str
) -> None:
    (found,) = feed_issues([state], NOW)
    assert (found.kind, found.since) == (kind, since)
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
def test_what_is_no_issue(state: PollState) -> None:
    assert feed_issues([state], NOW) == []


def test_a_first_document_of_old_entries_is_silence_from_the_start() -> None:
    dead = replace(WELL, baseline_at=NOW, last_changed_at=NOW, newest_published=NOW - 700 * DAY)
    assert [one.kind for one in feed_issues([dead], NOW)] == [FeedIssueKind.SILENT]


def test_the_worst_first_and_then_the_longest() -> None:
    states = [
        replace(FAILING, url="b"),
        PollState("new", NOW),
        replace(FAILING, url="a", failing_since=NOW - 9 * DAY, moved_to="https://x.example/", moved_streak=3),
        replace(FAILING, url="gone", reason=PollReason.HTTP_GONE, failing_since=NOW),
    ]
    order = [(one.url, one.kind.value) for one in feed_issues(states, NOW)]
    assert order == [
        ("gone", "gone"), ("a", "failing"), ("b", "failing"), ("a", "moved for good"), ("new", "not read yet"),
    ]  # fmt: skip


MOMENTS = st.none() | st.integers(0, 60 * 24).map(lambda hours: NOW - timedelta(hours=hours))
STATES = st.builds(
    PollState,
    st.sampled_from([f"https://{name}.example/feed" for name in "abcdefgh"]),
    st.just(NOW),
    baseline_at=MOMENTS,
    last_success_at=MOMENTS,
    last_changed_at=MOMENTS,
    newest_published=MOMENTS,
    failures=st.integers(0, 3),
    failing_since=MOMENTS,
    reason=st.sampled_from([None, PollReason.HTTP_GONE, PollReason.TIMEOUT]),
    moved_to=st.sampled_from([None, "https://new.example/"]),
    moved_streak=st.integers(0, 4),
    possible_gap_at=MOMENTS,
    busy_since=MOMENTS,
    truncated_since=MOMENTS,
    repaired_since=MOMENTS,
    slow_since=MOMENTS,
)


@given(st.lists(STATES, max_size=8, unique_by=lambda state: state.url))
def test_the_store_finds_every_feed_with_an_issue_and_the_digest_mentions_the_lasting_ones(
    states: list[PollState],
) -> None:
    """`feeds health`, the digest's footnote and the metrics see the same issues: the stored moment hides none."""
    everything = feed_issues(states, NOW)
    stored = [state for state in states if issues_from(state, NOW) <= NOW]
    assert feed_issues(stored, NOW) == everything
    lasting = lasting_issues(everything, NOW)
    assert [issue for issue in everything if issue in lasting] == lasting
    notes = feed_notes(lasting, "UTC")
    assert len(notes) == min(len(lasting), 10 + (len(lasting) > 10))


@given(STATES, st.integers(0, 24 * 90))
def test_an_issue_that_begins_without_a_poll_is_found_from_its_first_moment(state: PollState, hours: int) -> None:
    later = NOW + timedelta(hours=hours)
    if feed_issues([state], later):
        assert issues_from(state, NOW) <= later


@pytest.mark.parametrize(
    ("old_dates", "old_changes", "silent"), [(90, 1, False), (1, 90, False), (90, 90, True), (None, 90, True)]
)
def test_a_feed_is_silent_when_neither_its_dates_nor_its_documents_are_new(
    old_dates: int | None, old_changes: int, silent: bool
) -> None:
    published = None if old_dates is None else NOW - old_dates * DAY
    state = replace(
        WELL, baseline_at=NOW - 200 * DAY, newest_published=published, last_changed_at=NOW - old_changes * DAY
    )
    issues = feed_issues([state], NOW)
    assert [issue.kind for issue in issues] == [FeedIssueKind.SILENT] * silent
    assert lasting_issues(issues, NOW) == issues
