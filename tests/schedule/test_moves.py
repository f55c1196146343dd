"""Permanent redirects: when one is kept, and when the configured address is asked again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from watcher.errors import PollReason
from watcher.model.feed import FeedIssueKind, Fetched, FetchFailed, NotModified, PollState, Validators
from watcher.schedule import moves
from watcher.schedule.cadence import address_to_ask
from watcher.schedule.health import feed_issues
from watcher.schedule.interval import CadencePolicy

NOW = datetime(2026, 1, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OLD, NEW = "https://feeds.example.co.uk/f", "https://www.example.co.uk/feed"
STATE = PollState(OLD, NOW, last_success_at=NOW, baseline_at=NOW, last_unconditional_at=NOW)
POLICY = CadencePolicy(None, timedelta(minutes=5), DAY)


def answered(
    state: PollState, permanent_url: str | None, *, asked: str = OLD, agreed: tuple[str, ...] = ()
) -> PollState:
    kept = asked not in {None, state.url}
    answer = Fetched("https://example.org/", b"", {}, Validators(), permanent_url, asked_kept=kept)
    return moves.after_answer(state, answer, agreed)


def redirected(target: str, *, feed: str = OLD, agreed: tuple[str, ...] = ()) -> PollState:
    state = replace(STATE, url=feed)
    for _ in range(moves.AGREEING_REDIRECTS):
        assert moves.kept_address(state, agreed) is None
        state = answered(state, target, asked=feed, agreed=agreed)
    return state


@pytest.mark.parametrize(
    ("feed", "target", "agreed", "is_kept"),
    [
        (OLD, NEW, (), True),
        ("http://example.org/f", "https://example.org/f", (), True),
        ("http://example.org/f", "http://www.example.org/f", (), True),
        ("https://example.org/f", "http://example.org/f", (), False),
        ("https://example.org/f", "http://example.org/f", ("example.org",), False),
        (OLD, "https://other.co.uk/f", (), False),
        (OLD, "https://other.co.uk/f", ("other.co.uk",), True),
        (OLD, "https://feeds.other.co.uk/f", ("other.co.uk",), True),
        ("https://a.github.io/f", "https://b.github.io/f", (), False),
        ("http://10.0.0.1/f", "http://10.0.0.2/f", (), False),
        ("https://example.org/f", "https://example.org.evil.example/f", (), False),
    ],
)
def test_a_redirect_is_kept_within_a_site_or_where_the_administrator_agreed(
    feed: str, target: str, agreed: tuple[str, ...], is_kept: bool
) -> None:
    state = redirected(target, feed=feed, agreed=agreed)
    assert moves.kept_address(state, agreed) == (target if is_kept else None)
    assert state.moved_kept == is_kept
    (issue,) = feed_issues([state], NOW)
    assert issue.kind is FeedIssueKind.MOVED
    assert ("moves_to" in issue.detail) == (not is_kept)


def test_an_agreement_that_is_taken_back_ends_at_once() -> None:
    state = redirected("https://other.example/f", agreed=("other.example",))
    assert moves.kept_address(state, ()) is None


def test_the_kept_address_answers_for_itself_and_the_configured_one_once_a_day() -> None:
    state = redirected(NEW)
    assert address_to_ask(state, POLICY, NOW) == NEW
    assert moves.kept_address(answered(state, None, asked=NEW)) == NEW, "asked there, it does not redirect any more"
    assert address_to_ask(state, POLICY, NOW + DAY) is None
    assert moves.kept_address(answered(state, NEW, asked=OLD)) == NEW
    back = answered(state, None, asked=OLD)
    assert (back.moved_to, back.moved_streak, back.moved_kept) == (None, 0, False)
    not_modified = moves.after_answer(state, NotModified({}, Validators()))
    assert moves.kept_address(not_modified) is None


@pytest.mark.parametrize("reason", [PollReason.HTTP_NOT_FOUND, PollReason.DNS])
def test_a_kept_address_of_no_use_is_forgotten(reason: PollReason) -> None:
    state = redirected(NEW)
    assert moves.kept_address(moves.after_failure(state, FetchFailed(reason, "no"))) is None
    assert moves.kept_address(moves.after_failure(state, FetchFailed(PollReason.TIMEOUT, "slow"))) == NEW


def test_redirects_that_do_not_agree_are_not_kept() -> None:
    state = STATE
    for target in (NEW, NEW, NEW + "/b", None, NEW):
        state = answered(state, target)
    assert (moves.kept_address(state), state.moved_streak) == (None, 1)
