"""What a digest tells besides its alerts: how much there was lately, and which feeds have lasting issues. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from watcher.model.feed import FeedIssue, FeedIssueKind
from watcher.model.local_time import to_local
from watcher.render.dates import local_time
from watcher.render.printable import isolate, one_line, shortened

BAR_DAYS = 14
NOTES = 10


@dataclass(frozen=True, slots=True)
class DigestContext:
    """`history`: by topic name, alerts a day over the last fourteen days, oldest first, today last.

    `feed_notes`: one sentence for each lasting feed issue, plain text.
    """

    history: Mapping[str, Sequence[int]] = field(default_factory=dict)
    feed_notes: tuple[str, ...] = ()


def daily_counts(told: Iterable[tuple[str, datetime]], zone: str, now: datetime) -> dict[str, tuple[int, ...]]:
    """Alerts a local day for each topic, from (topic, time) pairs; what is older or later than the days is left out."""
    today = to_local(now, zone).date()
    counts: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for topic, moment in told:
        counts[topic][(today - to_local(moment, zone).date()).days] += 1
    return {topic: tuple(days[back] for back in range(BAR_DAYS - 1, -1, -1)) for topic, days in counts.items()}


def feed_notes(issues: Sequence[FeedIssue], zone: str) -> tuple[str, ...]:
    """One line for each issue, in the given order; beyond the first few they are counted."""
    rest = len(issues) - NOTES
    notes = tuple(_note(issue, zone) for issue in issues[: NOTES if rest > 0 else None])
    return notes if rest <= 0 else (*notes, f"and {rest} more: watcher feeds health")


def _note(issue: FeedIssue, zone: str) -> str:
    if issue.kind is FeedIssueKind.SILENT:
        return f"{_name(issue)}: nothing new since {_day(issue.since, zone)}"
    what = (issue.reason or issue.kind).value.replace("_", " ")
    since = f" since {local_time(issue.since, zone)}" if issue.since else ""
    return f"{_name(issue)}: {what}{since}"


def _name(issue: FeedIssue) -> str:
    return isolate(shortened(one_line(issue.title or issue.url), 100))


def _day(moment: datetime | None, zone: str) -> str:
    return to_local(moment, zone).strftime("%-d %B %Y") if moment else "some time"
