"""Which feed issues are reported, when, and that each is reported exactly once until it has ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.errors import PollReason
from watcher.model.alert import Alert
from watcher.model.feed import Feed, FeedIssueKind, PollState
from watcher.model.feed_report import IssueKey, ReportedIssue
from watcher.model.topic import Level
from watcher.schedule.feed_reports import MOST_FEEDS, REPEAT_AFTER, decide_reports

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
URL = "https://example.org/feed"
WELL = PollState(URL, NOW, baseline_at=NOW - 9 * DAY, last_success_at=NOW, newest_published=NOW, title="The Wire")
KINDS = frozenset(FeedIssueKind) - {FeedIssueKind.UNREAD}


def failing(since: datetime, failures: int = 5, reason: PollReason = PollReason.TIMEOUT, url: str = URL) -> PollState:
    return replace(WELL, url=url, failures=failures, failing_since=since, reason=reason, detail="too slow")


@dataclass(slots=True)
class Operator:
    """Keeps what was reported, as the store does."""

    feeds: dict[str, Feed] = field(default_factory=lambda: {URL: Feed(URL)})
    kinds: frozenset[FeedIssueKind] = KINDS
    known: dict[IssueKey, ReportedIssue] = field(default_factory=dict)

    def look(self, now: datetime, *states: PollState, daily: bool = True) -> tuple[Alert, ...]:
        decision = decide_reports(states, self.known.values(), self.feeds, self.kinds, now, daily=daily)
        self.known |= {one.key: one for one in decision.reported}
        for key in decision.forgotten:
            del self.known[key]
        return decision.alerts


def titles(alerts: Sequence[Alert]) -> list[str]:
    return [alert.entry.title for alert in alerts]


CRITICAL = {URL: Feed(URL, name="Wire", labels={"region": "mena"}, is_critical=True)}


def test_an_issue_is_reported_once_and_its_end_once() -> None:
    operator = Operator()
    down = failing(NOW - 2 * DAY)
    (alert,) = operator.look(NOW, down)
    assert (alert.topic, alert.level, alert.entry.title) == ("watcher", Level.MENTION, "The Wire: failing")
    assert "too slow" in alert.entry.summary
    assert operator.look(NOW + DAY, down) == ()
    assert titles(operator.look(NOW + 2 * DAY, WELL)) == ["The Wire: resolved (failing)"]
    assert operator.look(NOW + 3 * DAY, WELL) == ()
    assert titles(operator.look(NOW + 9 * DAY, failing(NOW + 7 * DAY))) == ["The Wire: failing"]


def test_what_does_not_last_is_not_reported() -> None:
    assert Operator().look(NOW, failing(NOW - 23 * HOUR)) == ()
    assert Operator().look(NOW, PollState(URL, NOW)) == ()


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (failing(NOW - 2 * DAY, reason=PollReason.HTTP_GONE), FeedIssueKind.GONE),
        (failing(NOW - 2 * DAY), FeedIssueKind.FAILING),
        (replace(WELL, busy_since=NOW - 2 * DAY), FeedIssueKind.HOST_BUSY),
        (replace(WELL, possible_gap_at=NOW - HOUR), FeedIssueKind.POSSIBLE_GAP),
        (replace(WELL, truncated_since=NOW - 2 * DAY), FeedIssueKind.TRUNCATED),
        (replace(WELL, over_quota_since=NOW - 2 * DAY), FeedIssueKind.OVER_QUOTA),
        (replace(WELL, newest_published=NOW - 40 * DAY, baseline_at=NOW - 90 * DAY), FeedIssueKind.SILENT),
        (
            replace(WELL, moved_to="https://new.example/", moved_streak=3, moved_since=NOW - 2 * DAY),
            FeedIssueKind.MOVED,
        ),
        (replace(WELL, slow_since=NOW - 2 * DAY), FeedIssueKind.SLOW),
        (replace(WELL, repaired_since=NOW - 2 * DAY, repairs=("encoding",)), FeedIssueKind.REPAIRED),
    ],
)
def test_every_kind_is_reported_unless_it_is_not_wanted(state: PollState, kind: FeedIssueKind) -> None:
    (alert,) = Operator().look(NOW, state)
    assert alert.entry.title == f"The Wire: {kind.value}"
    assert Operator(kinds=KINDS - {kind}).look(NOW, state) == ()
    assert Operator(feeds={}).look(NOW, state) == (), "not configured any more"


def test_a_critical_feed_is_reported_at_once_when_a_second_poll_fails() -> None:
    operator = Operator(CRITICAL)
    assert operator.look(NOW, failing(NOW, failures=1), daily=False) == ()
    (alert,) = operator.look(NOW + MINUTE, failing(NOW, failures=2), daily=False)
    assert (alert.level, alert.entry.title) == (Level.FOCUS, "Wire: failing")
    assert alert.labels["region"] == "mena"
    assert operator.look(NOW + 2 * MINUTE, failing(NOW, failures=3), daily=False) == ()
    assert titles(operator.look(NOW + 3 * MINUTE, WELL, daily=False)) == ["Wire: resolved (failing)"]


def test_other_feeds_wait_for_the_daily_report() -> None:
    operator = Operator()
    down = failing(NOW - 2 * DAY)
    assert operator.look(NOW, down, daily=False) == ()
    operator.look(NOW, down)
    assert operator.look(NOW + HOUR, WELL, daily=False) == ()
    assert titles(operator.look(NOW + DAY, WELL)) == ["The Wire: resolved (failing)"]


def test_a_critical_feed_that_comes_and_goes_is_not_reported_every_minute() -> None:
    operator, sent = Operator(CRITICAL), 0
    for minute in range(24 * 60):
        now = NOW + minute * MINUTE
        state = failing(now, failures=2) if minute % 10 < 5 else WELL
        sent += len(operator.look(now, state, daily=False))
    assert sent == 2 * (DAY // REPEAT_AFTER)


def test_what_cannot_be_seen_while_a_feed_fails_has_not_ended() -> None:
    operator = Operator()
    silent = replace(WELL, newest_published=NOW - 40 * DAY, baseline_at=NOW - 90 * DAY)
    operator.look(NOW, silent)
    down = replace(silent, failures=3, failing_since=NOW, reason=PollReason.TIMEOUT)
    assert operator.look(NOW + HOUR, down) == ()
    gone = replace(down, reason=PollReason.HTTP_GONE)
    assert titles(operator.look(NOW + 2 * DAY, gone)) == ["The Wire: gone"]
    assert titles(operator.look(NOW + 3 * DAY, WELL)) == ["The Wire: resolved (gone, silent)"]


def test_a_gap_that_is_no_longer_shown_is_no_recovery() -> None:
    operator = Operator()
    gap = replace(WELL, possible_gap_at=NOW)
    assert len(operator.look(NOW, gap)) == 1
    assert operator.look(NOW + 8 * DAY, gap) == ()
    again = replace(WELL, possible_gap_at=NOW + 9 * DAY)
    assert len(operator.look(NOW + 9 * DAY, again)) == 1


def test_a_feed_that_leaves_the_configuration_is_forgotten_without_a_word() -> None:
    operator = Operator()
    operator.look(NOW, failing(NOW - 2 * DAY))
    operator.feeds = {}
    assert operator.look(NOW + DAY, failing(NOW - 2 * DAY)) == ()
    assert operator.known == {}


def test_several_issues_of_a_feed_are_one_alert() -> None:
    state = replace(WELL, truncated_since=NOW - 2 * DAY, slow_since=NOW - 2 * DAY)
    assert titles(Operator().look(NOW, state)) == ["The Wire: truncated, slow"]


def test_a_flood_of_issues_is_counted_and_critical_feeds_are_named() -> None:
    states = [failing(NOW - 2 * DAY, url=f"https://{number}.example/") for number in range(MOST_FEEDS + 50)]
    last = states[-1].url
    operator = Operator({state.url: Feed(state.url, is_critical=state.url == last) for state in states})
    alerts = operator.look(NOW, *states)
    assert len(alerts) == MOST_FEEDS + 1
    assert alerts[0].feed_url == last
    assert alerts[-1].entry.title == "50 more feeds need attention"
    assert operator.look(NOW + DAY, *states) == ()


def test_a_secret_in_the_address_of_a_feed_is_not_sent() -> None:
    url = "https://example.org/feed?token=0123456789abcdef"
    (alert,) = Operator({url: Feed(url)}).look(NOW, replace(failing(NOW - 2 * DAY, url=url), title=None))
    assert "0123456789abcdef" not in alert.entry.title + alert.entry.link + alert.entry.summary + alert.feed_title


DAYS = st.lists(st.sampled_from(["well", "failing", "gone", "truncated", "silent"]), max_size=30)


@given(DAYS)
def test_begin_and_end_of_an_issue_alternate(history: list[str]) -> None:
    """Whatever a feed does, an issue is never reported twice without its end between, and never ends twice."""
    operator, open_issues = Operator(), set[str]()
    for day, what in enumerate(history):
        now = NOW + day * DAY
        state = {
            "well": replace(WELL, newest_published=now),
            "failing": failing(now - 2 * DAY),
            "gone": failing(now - 2 * DAY, reason=PollReason.HTTP_GONE),
            "truncated": replace(WELL, newest_published=now, truncated_since=now - 2 * DAY),
            "silent": replace(WELL, newest_published=now - 40 * DAY, baseline_at=now - 90 * DAY),
        }[what]
        for title in titles(operator.look(now, state)):
            name = title.removeprefix("The Wire: ")
            ended = set(name.removeprefix("resolved (").removesuffix(")").split(", "))
            if name.startswith("resolved"):
                assert ended <= open_issues
                open_issues -= ended
            else:
                assert not set(name.split(", ")) & open_issues
                open_issues |= set(name.split(", "))
        assert what == "well" or what in open_issues
