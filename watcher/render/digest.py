"""What a message says and in which order: subject, topics by weight, bars, notes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from watcher.errors import NotifyReason
from watcher.model.notification import Notification
from watcher.render.dates import local_date
from watcher.render.digest_context import BAR_DAYS, DigestContext
from watcher.render.item import Line
from watcher.render.printable import isolate, shortened

SUBJECT_TITLE_CHARACTERS = 110
BAR_HEIGHT = 28
"""Pixels of the day with the most alerts."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: how many alerts, and how tall it is drawn in pixels."""

    count: int
    height: int


@dataclass(frozen=True, slots=True)
class Section:
    """A topic's part of a message."""

    title: str
    lines: tuple[Line, ...]
    bars: tuple[Bar, ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """Everything that the templates print."""

    subject: str
    lead: str
    made_at: str
    zone: str
    sections: tuple[Section, ...]
    omitted: int
    feed_notes: tuple[str, ...]
    problems: tuple[str, ...] = ()
    """What is wrong with the person's own templates, for which this stands in."""


def compose(
    notification: Notification, lines: Sequence[Line], omitted: int, zone: str, now: datetime, around: DigestContext
) -> Digest:
    """Lays out the lines (most important first); `omitted` counts the alerts that they do not show."""
    reason = notification.reason
    return Digest(
        subject=subject(reason, lines, omitted),
        lead=lead(reason, len(lines) + omitted),
        made_at=local_date(now, zone),
        zone=zone,
        sections=_sections(lines, around.history),
        omitted=0 if reason is NotifyReason.NOTHING else omitted,
        feed_notes=around.feed_notes,
    )


def subject(reason: NotifyReason, lines: Sequence[Line], omitted: int) -> str:
    """The most important title, its topic, and how many more there are."""
    if reason is NotifyReason.NOTHING:
        return f"Nothing to tell: {_alerts(omitted)} silenced" if omitted else "Nothing matched"
    if not lines:
        return "Test message: this channel works"
    best = lines[0]
    title = shortened(best.title_text, SUBJECT_TITLE_CHARACTERS)
    more = len(lines) - 1 + omitted
    text = f"{isolate(best.topic_title)}: {isolate(title)}"
    return f"{_PREFIXES.get(reason, '')}{text}{f' (+{more} more)' if more else ''}"


_PREFIXES: Mapping[NotifyReason, str] = {NotifyReason.TEST: "Test: "}


def lead(reason: NotifyReason, count: int) -> str:
    """The sentence that says why this message was sent."""
    alerts = _alerts(count)
    nothing = (
        f"{alerts} since the last digest, all silenced" if count else "No alert for this digest since the last one"
    )
    return {
        NotifyReason.FIRST: f"{alerts}",
        NotifyReason.MORE: f"{alerts} more",
        NotifyReason.DIGEST: f"{alerts} since the last digest",
        NotifyReason.NOTHING: nothing,
        NotifyReason.RELEASED: f"{alerts} held during the quiet hours",
        NotifyReason.OVERFLOW: f"{alerts} beyond this route's budget, the most important first",
        NotifyReason.TEST: "A test message; nothing happened",
        NotifyReason.TROUBLE: "The program itself needs attention",
    }[reason]


def _alerts(count: int) -> str:
    return "1 alert" if count == 1 else f"{count} alerts"


def _sections(lines: Sequence[Line], history: Mapping[str, Sequence[int]]) -> tuple[Section, ...]:
    by_topic = sorted(lines, key=lambda line: line.topic)
    groups = [(topic, tuple(group)) for topic, group in groupby(by_topic, key=lambda line: line.topic)]
    groups.sort(key=lambda pair: _weight(pair[1]), reverse=True)
    return tuple(Section(group[0].topic_title, group, bars(history.get(topic, ()))) for topic, group in groups)


def _weight(lines: Sequence[Line]) -> tuple[int, int]:
    """A topic with a focus line goes first; then the sum of the points decides."""
    return max(line.rank for line in lines), sum(line.points for line in lines)


def bars(counts: Sequence[int]) -> tuple[Bar, ...]:
    """Fourteen days at most; a day with any alert is at least two pixels tall."""
    counts = counts[-BAR_DAYS:]
    most = max(counts, default=0)
    return tuple(Bar(count, max(2, BAR_HEIGHT * count // most) if count else 0) for count in counts) if most else ()
