"""What a digest says besides its alerts: what was read, silenced and held, and which feeds have issues. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Protocol

from watcher.lazy_dataclass import dataclass
from watcher.model.feed import FeedIssue, FeedIssueKind
from watcher.model.notification import HoldReason
from watcher.render.dates import day_of, local_day, local_time
from watcher.text.printable import isolate, one_line
from watcher.text.redact import redact_addresses
from watcher.text.shorten import shorten

BAR_DAYS = 14
NOTES = 10


@dataclass(frozen=True, slots=True)
class SilencedAlerts:
    """How many alerts a silence took out of a digest, and whose silence it was."""

    count: int
    author: str
    comment: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class HeldAlerts:
    """How many alerts are held back for the channel, why, and until when."""

    count: int
    reason: HoldReason
    until: datetime


@dataclass(frozen=True, slots=True)
class ReadCounts:
    """What was read since the last digest, or over the last day: feeds that answered of those configured, new
    entries.
    """

    feeds: int
    answered: int
    entries: int


@dataclass(frozen=True, slots=True)
class DigestContext:
    """`history`: by topic name, alerts a day over the last fourteen days, oldest first, today last.

    `feed_notes`: one sentence for each feed issue, plain text. The rest is what a reader must know to trust a short
    digest; None or empty where it is not known, or nothing.
    """

    history: Mapping[str, Sequence[int]] = field(default_factory=dict)
    feed_notes: tuple[str, ...] = ()
    silenced: tuple[SilencedAlerts, ...] = ()
    held: tuple[HeldAlerts, ...] = ()
    read: ReadCounts | None = None


def footer_lines(context: DigestContext, zone: str) -> tuple[str, ...]:
    """What was read, silenced and held, one plain sentence each."""
    lines = [] if context.read is None else [_read(context.read)]
    lines += [_silenced(one, zone) for one in context.silenced]
    lines += [_held(one, zone) for one in context.held]
    return tuple(lines)


def _read(read: ReadCounts) -> str:
    return f"Read: {read.answered:,} of {counted(read.feeds, 'feed')} answered, {counted(read.entries, 'new entry')}"


def _silenced(one: SilencedAlerts, zone: str) -> str:
    until = f", until {local_time(one.until, zone)}" if one.until else ""
    comment = f": {_short(one.comment)}" if one.comment else ""
    return f"Silenced: {counted(one.count, 'alert')}, by {_short(one.author) or 'an unnamed user'}{until}{comment}"


def _held(one: HeldAlerts, zone: str) -> str:
    return f"Held: {counted(one.count, 'alert')} until {local_time(one.until, zone)} ({_WHY_HELD[one.reason]})"


_WHY_HELD: Mapping[HoldReason, str] = {
    HoldReason.QUIET_HOURS: "quiet hours",
    HoldReason.BUDGET: "over the route's budget",
    HoldReason.FEED_SHARE: "over the share of their feed",
}


def counted(count: int, noun: str) -> str:
    """ "1 alert", "2,000 alerts", "3 new entries"."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


class Counted(Protocol):
    """How many alerts of a topic were made at about a time."""

    @property
    def topic(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def count(self) -> int: ...


def daily_counts(volume: Iterable[Counted], zone: str, now: datetime) -> dict[str, tuple[int, ...]]:
    """Alerts a local day for each topic; what is older or later than the days is left out."""
    today = day_of(now, zone)
    counts: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for one in volume:
        counts[one.topic][(today - day_of(one.at, zone)).days] += one.count
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
    return _short(issue.title or redact_addresses(issue.url))


def _short(text: str) -> str:
    return isolate(shorten(one_line(text[:2_000]), 100))


def _day(moment: datetime | None, zone: str) -> str:
    return local_day(moment, zone) if moment else "some time"
