"""One line of a message: an alert, or several alerts on the same story. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from watcher.model.alert import Alert
from watcher.model.notification import MessageItem
from watcher.model.route import Rank
from watcher.model.topic import format_points
from watcher.render.dates import age, local_time
from watcher.render.highlight import Run, quote_runs, title_runs, why
from watcher.render.printable import isolate, one_line, safe_link, shortened

NAME_CHARACTERS = 100
NAMES = 50
"""How many of those who reported it too are named; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Line:
    """What the templates print of one story: `title` and `quote` in runs, everything else as plain text."""

    topic: str
    topic_title: str
    title: tuple[Run, ...]
    link: str
    level: str
    rank: int
    points: int
    score: str
    source: str
    also: tuple[str, ...]
    age: str
    when: str
    why: str
    quote: tuple[Run, ...]

    @property
    def title_text(self) -> str:
        return "".join(text for text, _ in self.title)

    @property
    def also_named(self) -> tuple[str, ...]:
        return self.also[:NAMES]

    @property
    def also_unnamed(self) -> int:
        return len(self.also) - len(self.also_named)


def lines_of(alerts: Iterable[Alert], zone: str, now: datetime, rank: Rank = "score") -> list[Line]:
    """One line a topic and story, the most important first: level, then what `rank` says, points, then the older."""
    best: dict[tuple[str, str], list[Alert]] = {}
    for alert in sorted(alerts, key=_by_publishers if rank == "publishers" else _importance):
        best.setdefault((alert.topic, alert.story or alert.id), []).append(alert)
    return [_line(told, zone, now) for told in best.values()]


def _by_publishers(alert: Alert) -> tuple[int, int, int, datetime, str]:
    return -alert.level.rank, -alert.publishers, -alert.score, alert.first_seen, alert.id


def _importance(alert: Alert) -> tuple[int, int, datetime, str]:
    return -alert.level.rank, -alert.score, alert.first_seen, alert.id


def _line(told: list[Alert], zone: str, now: datetime) -> Line:
    alert = told[0]
    moment = alert.entry.published or alert.first_seen
    return Line(
        topic=alert.topic,
        topic_title=_short(alert.topic_title or alert.topic),
        title=title_runs(alert),
        link=safe_link(alert.entry.link),
        level=alert.level.value,
        rank=alert.level.rank,
        points=alert.score,
        score=format_points(alert.score),
        source=_source(alert),
        also=_also(told),
        age=age(moment, now),
        when=local_time(moment, zone),
        why=f"{why(alert)} = {format_points(alert.score)}",
        quote=quote_runs(alert),
    )


def _source(alert: Alert) -> str:
    names = (alert.entry.publisher or "", alert.feed_title, alert.feed_url)
    return next((_short(name) for name in names if one_line(name)), "")


def _short(name: str) -> str:
    return shortened(one_line(name), NAME_CHARACTERS)


def _also(told: list[Alert]) -> tuple[str, ...]:
    """Everybody else who reported it, in order, each once."""
    names = [name for alert in told for name in (_source(alert), *alert.sources)]
    others = dict.fromkeys(_short(name) for name in names if one_line(name))
    others.pop(_source(told[0]), None)
    return tuple(others)


def as_item(line: Line) -> MessageItem:
    """The line as chats get it: right-to-left texts stand in isolates."""
    return MessageItem(
        title=isolate(line.title_text),
        link=line.link,
        topic=isolate(line.topic_title),
        level=line.level,
        score=line.score,
        source=isolate(line.source),
        age=line.age,
        why=line.why,
        also=tuple(isolate(name) for name in line.also),
        quote=line.quote,
        when=line.when,
    )
