"""What a feed's state remembers of its last polls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from watcher.errors import PollReason
from watcher.model.feed import PollState
from watcher.schedule.history import DAYS, POLLS, PastPoll, past_polls, rhythm, with_poll

START = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
EMPTY = PollState("https://example.org/feed", START)
POLLED = st.tuples(
    st.integers(0, 5 * 86_400), st.sampled_from(["fetched", "not_modified", *PollReason]), st.integers(0, 10_000)
)


@given(st.lists(POLLED, max_size=60))
def test_the_last_polls_are_kept_and_entries_are_counted_by_day(polls: list[tuple[int, str, int]]) -> None:
    state, now, kept = EMPTY, START, []
    for seconds, what, count in polls:
        now += timedelta(seconds=seconds)
        state = with_poll(state, what, count, now)
        kept.append(PastPoll(now, what, count))
    assert list(past_polls(state)) == kept[::-1][:POLLS]
    first = now.date() - timedelta(days=DAYS - 1)
    assert sum(rhythm(state, now)) == sum(one.entries_new for one in kept if one.at.date() >= first)
    assert len(state.recent_polls) + len(state.entries_by_day) < POLLS * 50 + DAYS * 16


def test_a_day_is_one_bar_and_the_last_bar_is_today() -> None:
    state = with_poll(with_poll(EMPTY, "fetched", 3, START), "fetched", 4, START + timedelta(hours=2))
    assert list(rhythm(state, START + timedelta(hours=2)))[-3:] == [0, 3, 4]
    assert list(rhythm(state, START + timedelta(days=20))) == []
    assert list(rhythm(None, START)) == []
