"""What a digest tells besides its alerts: how much there was lately, and which feeds need a person. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from watcher.model.feed import SILENT_AFTER, PollState
from watcher.render.dates import local_time
from watcher.render.printable import isolate, one_line, shortened

BAR_DAYS = 14
NOTES = 10
BROKEN_AFTER = timedelta(days=1)
"""A feed that fails for less needs nobody: most mend themselves."""


@dataclass(frozen=True, slots=True)
class DigestContext:
    """`history`: by topic name, alerts a day over the last fourteen days, oldest first, today last.

    `feed_notes`: one sentence for each feed that needs a person, plain text.
    """

    history: Mapping[str, Sequence[int]] = field(default_factory=dict)
    feed_notes: tuple[str, ...] = ()


def daily_counts(told: Iterable[tuple[str, datetime]], zone: str, now: datetime) -> dict[str, tuple[int, ...]]:
    """Alerts a local day for each topic, from (topic, time) pairs; what is older or later than the days is left out."""
    today = now.astimezone(ZoneInfo(zone)).date()
    counts: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for topic, moment in told:
        counts[topic][(today - moment.astimezone(ZoneInfo(zone)).date()).days] += 1
    return {topic: tuple(days[back] for back in range(BAR_DAYS - 1, -1, -1)) for topic, days in counts.items()}


def feed_notes(states: Iterable[PollState], zone: str, now: datetime) -> tuple[str, ...]:
    """Feeds that have failed for a day, the longest first; then those silent for a month; the rest is counted."""
    failing = sorted((state for state in states if _is_broken(state, now)), key=_since)
    notes = [_note(state, zone) for state in failing]
    silent = [state for state in states if not state.failures and _is_silent(state, now)]
    notes += [f"{_name(state)}: nothing new since {_day(state.newest_published, zone)}" for state in silent]
    rest = len(notes) - NOTES
    return tuple(notes) if rest <= 0 else (*notes[:NOTES], f"and {rest} more: watcher feeds health")


def _is_broken(state: PollState, now: datetime) -> bool:
    return state.failures > 0 and state.failing_since is not None and now - state.failing_since >= BROKEN_AFTER


def _is_silent(state: PollState, now: datetime) -> bool:
    return state.newest_published is not None and now - state.newest_published >= SILENT_AFTER


def _since(state: PollState) -> tuple[datetime, str]:
    return state.failing_since or state.next_poll_at, state.url


def _note(state: PollState, zone: str) -> str:
    since = local_time(state.failing_since, zone) if state.failing_since else "some time"
    reason = f"{state.reason}" if state.reason else "failing"
    return f"{_name(state)}: {reason.replace('_', ' ')} since {since}"


def _name(state: PollState) -> str:
    return isolate(shortened(one_line(state.title or state.url), 100))


def _day(moment: datetime | None, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime("%-d %B %Y") if moment else ""
