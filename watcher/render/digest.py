"""What a message says and in which order: subject, topics by weight, bars, notes. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby

from watcher.errors import NotifyReason
from watcher.lazy_dataclass import dataclass
from watcher.model.notification import Notification
from watcher.render.dates import local_date
from watcher.render.digest_context import BAR_DAYS, DigestContext, counted, footer_lines
from watcher.render.item import LateLine, Line, late_line
from watcher.text.printable import isolate, one_line
from watcher.text.shorten import shorten

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
    """Everything that the templates print.

    `titles` are the lines of which only title and link are shown, `omitted` counts the alerts that are not even that.
    `unrendered` counts alerts that could not be rendered. `footer` are sentences about what was read, silenced and
    held. `problems` says what is wrong with the user's templates, in place of which this was used.
    """

    subject: str
    lead: str
    made_at: str
    zone: str
    sections: tuple[Section, ...]
    omitted: int
    feed_notes: tuple[str, ...]
    problems: tuple[str, ...] = ()
    titles: tuple[Line, ...] = ()
    footer: tuple[str, ...] = ()
    unrendered: int = 0
    only_in_text: int = 0
    """Of the omitted, those that the plain-text part lists."""
    late: tuple[LateLine, ...] = ()
    """Stories of earlier messages that others reported since."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of a notification's lines a part of a message shows: the first `full`, then `titles` by title only."""

    full: int
    titles: int = 0

    @property
    def shown(self) -> int:
        return self.full + self.titles


def compose(
    notification: Notification,
    lines: Sequence[Line],
    extent: Extent,
    zone: str,
    now: datetime,
    context: DigestContext,
    unrendered: int = 0,
) -> Digest:
    """Lays out the lines (most important first) as far as `extent` goes, and counts the rest."""
    reason = notification.reason
    omitted = notification.omitted + sum(len(line.ids) for line in lines[extent.shown :])
    count = sum(len(line.ids) for line in lines) + notification.omitted + unrendered
    return Digest(
        subject=subject(reason, lines, len(lines) + notification.omitted + unrendered),
        lead=lead(reason, count) + _by_feed(notification),
        made_at=local_date(now, zone),
        zone=zone,
        sections=_sections(lines[: extent.full], context.history),
        omitted=0 if reason is NotifyReason.NOTHING else omitted,
        feed_notes=context.feed_notes,
        titles=tuple(lines[extent.full : extent.shown]),
        footer=footer_lines(context, zone),
        unrendered=unrendered,
        late=tuple(map(late_line, notification.late)),
    )


def subject(reason: NotifyReason, lines: Sequence[Line], count: int) -> str:
    """The most important title, its topic, and how many more of the `count` there are."""
    if reason is NotifyReason.NOTHING:
        return f"Nothing to show: {counted(count, 'alert')} silenced" if count else "Nothing matched"
    if not lines:
        return f"{counted(count, 'alert')} that could not be rendered" if count else "Test message: this channel works"
    best = lines[0]
    title = shorten(best.title_text, SUBJECT_TITLE_CHARACTERS)
    more = count - 1
    text = f"{isolate(best.topic_title)}: {isolate(title)}"
    return f"{_PREFIXES.get(reason, '')}{text}{f' (+{more:,} more)' if more else ''}"


_PREFIXES: Mapping[NotifyReason, str] = {NotifyReason.TEST: "Test: "}


def lead(reason: NotifyReason, count: int) -> str:
    """The sentence that says why this message was sent."""
    alerts = counted(count, "alert")
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
        NotifyReason.FEED_SHARE: f"{alerts} beyond the share of their feeds in an hour, the most important first",
        NotifyReason.TEST: "A test message; nothing happened",
        NotifyReason.TROUBLE: "The program itself needs attention",
    }[reason]


def _by_feed(notification: Notification) -> str:
    """`. FEED: 590 more`, for each feed of a message about feeds that published too much."""
    if notification.reason is not NotifyReason.FEED_SHARE:
        return ""
    counts = Counter(one_line(alert.feed_title or alert.feed_url) for alert in notification.alerts)
    parts = [f"{isolate(shorten(name, 80))}: {count} more" for name, count in counts.most_common(10)]
    return f". {'; '.join(parts)}"


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
