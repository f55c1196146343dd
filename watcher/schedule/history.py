"""What the last polls of a feed brought, and how many entries each of the last days. Pure.

Both are kept in the feed's state as short texts, so that a poll writes no row more: `SECONDS:WHAT:NEW` and `DAY:NEW`,
separated by blanks, oldest first. `DAY` counts days since 1970 in UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from watcher.lazy_dataclass import dataclass
from watcher.model.feed import PollState

POLLS = 20
DAYS = 14
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PastPoll:
    """One poll: `what` is `fetched`, `not_modified` or the reason of a failure."""

    at: datetime
    what: str
    entries_new: int


def with_poll(state: PollState, what: str, entries_new: int, now: datetime) -> PollState:
    """The state after one more poll."""
    polls = [*state.recent_polls.split(), f"{int((now - _EPOCH).total_seconds())}:{what}:{entries_new}"]
    today = _day(now)
    counts = {day: count for day, count in _counts(state.entries_by_day) if today - DAYS < day <= today}
    if entries_new:
        counts[today] = counts.get(today, 0) + entries_new
    written = " ".join(f"{day}:{count}" for day, count in sorted(counts.items()))
    return replace(state, recent_polls=" ".join(polls[-POLLS:]), entries_by_day=written)


def past_polls(state: PollState) -> tuple[PastPoll, ...]:
    """The last polls, newest first."""
    parts = (text.split(":") for text in reversed(state.recent_polls.split()))
    return tuple(
        PastPoll(_EPOCH + timedelta(seconds=int(seconds)), what, int(entries_new))
        for seconds, what, entries_new in parts
    )


def rhythm(state: PollState | None, now: datetime) -> Sequence[int]:
    """New entries a day over the last fourteen, the last is today; empty when there were none."""
    counts = dict(_counts(state.entries_by_day)) if state else {}
    days = [counts.get(day, 0) for day in range(_day(now) - DAYS + 1, _day(now) + 1)]
    return days if any(days) else []


def _day(moment: datetime) -> int:
    return (moment - _EPOCH).days


def _counts(text: str) -> list[tuple[int, int]]:
    return [(int(day), int(count)) for day, _, count in (part.partition(":") for part in text.split())]
