"""One line of a message: an alert, or several alerts on the same story. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

from watcher.lazy_dataclass import dataclass
from watcher.model.alert import Alert, LateCopies
from watcher.model.local_time import representable
from watcher.model.notification import MessageItem
from watcher.model.route import Rank
from watcher.model.topic import format_points
from watcher.render.dates import age, local_time
from watcher.render.highlight import SHORT_WHY_CHARACTERS, Run, quote_runs, title_runs, why
from watcher.text.printable import isolate, one_line, safe_link
from watcher.text.redact import redact_addresses
from watcher.text.shorten import shorten

NAME_CHARACTERS = 100
NAMES = 50
"""How many of those who reported it too are named; the rest is counted."""
OTHER_TITLES = 20
"""How many other headlines of a story are shown with their link; the rest is named."""
TITLE_CHARACTERS = 200
LONGEST = 8 * TITLE_CHARACTERS
"""How much of a title is looked at."""


@dataclass(frozen=True, slots=True)
class OtherTitle:
    """Another alert on the story whose headline differs: plain texts, a safe link or ""."""

    source: str
    title: str
    link: str


@dataclass(frozen=True, slots=True)
class Line:
    """What the templates print of one story: `title` and `quote` in runs, everything else as plain text."""

    id: str
    other_ids: tuple[str, ...]
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
    other_titles: tuple[OtherTitle, ...]
    age: str
    when: str
    why: str
    short_why: str
    quote: tuple[Run, ...]
    page: str = ""
    """The address of the alert's page, where messages have links to it."""

    @property
    def short_id(self) -> str:
        return self.id[:8]

    @property
    def ids(self) -> tuple[str, ...]:
        return self.id, *self.other_ids

    @property
    def title_text(self) -> str:
        return "".join(text for text, _ in self.title)

    @property
    def also_named(self) -> tuple[str, ...]:
        return self.also[:NAMES]

    @property
    def also_unnamed(self) -> int:
        return len(self.also) - len(self.also_named)


@dataclass(frozen=True, slots=True)
class LateLine:
    """A story that an earlier message shows, and who reported it since: plain texts, safe links."""

    id: str
    topic_title: str
    title: str
    link: str
    also: tuple[str, ...]
    other_titles: tuple[OtherTitle, ...]

    @property
    def short_id(self) -> str:
        return self.id[:8]


def late_line(late: LateCopies) -> LateLine:
    """Reports with the headline of the story are only named."""
    title = one_line(late.title[:LONGEST])
    others = [one for one in late.reports if one_line(one.title[:LONGEST]).casefold() not in {title.casefold(), ""}]
    same = dict.fromkeys(_short(one.source) for one in late.reports if one not in others)
    return LateLine(
        id=late.alert_id,
        topic_title=_short(late.topic_title or late.topic),
        title=shorten(title, TITLE_CHARACTERS),
        link=safe_link(late.link),
        also=tuple(same),
        other_titles=tuple(
            OtherTitle(
                _short(one.source), shorten(one_line(one.title[:LONGEST]), TITLE_CHARACTERS), safe_link(one.link)
            )
            for one in others
        ),
    )


def lines_of(alerts: Iterable[Alert], zone: str, now: datetime, rank: Rank = "score") -> tuple[list[Line], list[str]]:
    """One line a topic and story, the most important first: level, then what `rank` says, points, then the older.

    Within a level the feeds alternate, each with its best first: one that publishes much cannot push the others out.
    Second, the ids of alerts of which no line could be made: one that fails does not stop the others.
    """
    best: dict[tuple[str, str], list[Alert]] = {}
    for alert in sorted(alerts, key=_by_publishers if rank == "publishers" else _importance):
        best.setdefault((alert.topic, alert.story or alert.id), []).append(alert)
    lines, failed = [], []
    for story in _alternating(best.values()):
        try:
            lines.append(_line(story, zone, now))
        except Exception:  # noqa: BLE001 - whatever an odd entry makes fail, the other alerts are sent
            failed += [alert.id for alert in story]
    return lines, failed


def _alternating(stories: Iterable[list[Alert]]) -> list[list[Alert]]:
    """Stories in the given order within a feed; within a level, first the best of each feed, then the second, ..."""
    count: Counter[tuple[int, str]] = Counter()
    placed = []
    for order, alerts in enumerate(stories):
        level, feed = alerts[0].level.rank, alerts[0].feed_url
        placed.append((-level, count[level, feed], order, alerts))
        count[level, feed] += 1
    return [alerts for *_, alerts in sorted(placed, key=lambda one: one[:3])]


def _by_publishers(alert: Alert) -> tuple[int, int, int, datetime, str]:
    return -alert.level.rank, -alert.publishers, -alert.score, representable(alert.first_seen), alert.id


def _importance(alert: Alert) -> tuple[int, int, datetime, str]:
    return -alert.level.rank, -alert.score, representable(alert.first_seen), alert.id


def _line(story: list[Alert], zone: str, now: datetime) -> Line:
    alert, others = story[0], story[1:]
    moment = alert.entry.published or alert.first_seen
    return Line(
        id=alert.id,
        other_ids=tuple(one.id for one in others),
        topic=alert.topic,
        topic_title=_short(alert.topic_title or alert.topic),
        title=title_runs(alert),
        link=safe_link(alert.entry.link),
        level=alert.level.value,
        rank=alert.level.rank,
        points=alert.score,
        score=format_points(alert.score) if alert.evidence else "",
        source=_source(alert),
        also=_also(story),
        other_titles=_other_titles(story),
        age=age(moment, now),
        when=local_time(moment, zone),
        why=why(alert),
        short_why=why(alert, SHORT_WHY_CHARACTERS),
        quote=quote_runs(alert),
    )


def _other_titles(story: list[Alert]) -> tuple[OtherTitle, ...]:
    """The headlines of the story that say something else than the first: a fold hides no event (I13)."""
    found = {one_line(story[0].entry.title[:LONGEST]).casefold(): OtherTitle("", "", "")}
    for alert in story:
        own = (_source(alert), alert.entry.title, alert.entry.link)
        for source, written, link in (own, *((one.source, one.title, one.link) for one in alert.reports)):
            title = one_line(written[:LONGEST])
            if title:
                found.setdefault(
                    title.casefold(), OtherTitle(_short(source), shorten(title, TITLE_CHARACTERS), safe_link(link))
                )
    return tuple(found.values())[1 : OTHER_TITLES + 1]


def _source(alert: Alert) -> str:
    """Who reported it: the configured name of the feed. A name that the feed gives itself or an entry is shown with the
    feed that says so.
    """
    names = (alert.entry.publisher or "", alert.feed_title, alert.feed_url)
    name = next((_short(name) for name in names if one_line(name)), "")
    feed = alert.labels.get("feed", "")
    via = _short(_host(feed) if feed == alert.feed_url else feed)
    return f"{name} (via {via})" if via and via != name else name


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # brackets that hold no IPv6 address
        return ""


def _short(name: str) -> str:
    """A name for one line; a feed without one is called by its address, which may hold a secret."""
    return shorten(redact_addresses(one_line(name[: NAME_CHARACTERS * 8])), NAME_CHARACTERS)


def _also(story: list[Alert]) -> tuple[str, ...]:
    """Everybody else who reported it, in order, each once."""
    names = [name for alert in story for name in (_source(alert), *alert.sources)]
    others = dict.fromkeys(_short(name) for name in names if one_line(name))
    others.pop(_source(story[0]), None)
    return tuple(others)


def as_item(line: Line) -> MessageItem:
    """The line as chats get it: right-to-left texts are in isolates."""
    return MessageItem(
        title=isolate(line.title_text),
        link=line.link,
        topic=isolate(line.topic_title),
        level=line.level,
        score=line.score,
        source=isolate(line.source),
        age=line.age,
        why=line.short_why,
        also=tuple(isolate(name) for name in line.also),
        quote=line.quote,
        when=line.when,
        alert_id=line.id,
        also_ids=line.other_ids,
        other_titles=tuple((isolate(f"{one.source}: {one.title}"), one.link) for one in line.other_titles),
        page=line.page,
    )


def late_item(line: LateLine) -> MessageItem:
    """The line as chats get it, behind the alerts; it names the alert, but is no delivery of it."""
    return MessageItem(
        title=f"Also on: {isolate(line.title)}",
        link=line.link,
        topic=isolate(line.topic_title),
        level="",
        score="",
        source="",
        age="",
        why="",
        also=tuple(isolate(name) for name in line.also),
        alert_id=line.id,
        other_titles=tuple((isolate(f"{one.source}: {one.title}"), one.link) for one in line.other_titles),
        is_late=True,
    )
