"""Topics: what each brought, how good that was, what it nearly found, and trying a changed definition."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from watcher.lazy_dataclass import dataclass
from watcher.match.compile import CompiledTopic
from watcher.match.suggest import Suggestions
from watcher.model.web import May
from watcher.queries.topics import (
    read_judged,
    read_near_misses,
    read_precision,
    read_topic_rows,
    read_volume,
)
from watcher.views.topics import DayVolume, NearMisses, TriedTopic
from watcher.web.exchange import Asked, Refused, Reply
from watcher.web.nearest import near_topics
from watcher.web.router import Page
from watcher.web.suggesting import read_suggestions
from watcher.web.trying import try_definition

KEPT_SECONDS = 300
ASKED_SECONDS = 3.0
"""How long a page waits for near misses that a user asked for, before it offers to look again."""
CHART_HEIGHT = 100
BAR_WIDTH = 7


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the chart, in pixels from its upper left corner: mentions above, focus below."""

    x: int
    mention_y: int
    mention_height: int
    focus_height: int
    day: DayVolume


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of alerts a day. `grid`: heights with the number of alerts; `days`: dates below it."""

    width: int
    bars: tuple[Bar, ...]
    grid: tuple[tuple[int, int], ...]
    days: tuple[tuple[int, str], ...]


def show_all(asked: Asked) -> Reply:
    site = asked.site
    return asked.page("topics.html.j2", rows=read_topic_rows(site.store, site.config.topics, site.zone, asked.now))


def show(asked: Asked) -> Reply:
    return _page(asked, None)


def attempt(asked: Asked) -> Reply:
    """Tries the definition that was sent; nothing is kept."""
    return _page(asked, tried(asked, asked.form.get("definition", "")))


def tried(asked: Asked, text: str) -> TriedTopic:
    """What a definition of the topic of the path would do. Raises `Refused`."""
    site, name = asked.site, _find(asked).topic.name
    before, vocabulary = site.config.texts.get(name, ""), site.config.vocabulary
    return try_definition(site.store, site.index, before, vocabulary, text.replace("\r\n", "\n"), asked.now)


def _page(asked: Asked, tried: TriedTopic | None) -> Reply:
    site, topic = asked.site, _find(asked)
    name = topic.topic.name
    volume = read_volume(site.store, name, site.zone, asked.now)
    near_asked = "near" in asked.query
    near = _near_misses(asked, topic) if near_asked else None
    missed = (
        {one.record.key for one in near.found if name in site.store.marks.missed_by(one.record.key)} if near else ()
    )
    added = asked.query.get("add", "") if tried is None else ""
    definition = tried.text if tried else site.config.texts.get(name, "")
    changed = _with_term(definition, added, asked.query.get("weight", "")) if added else definition
    return asked.page(
        "topic.html.j2",
        topic=topic.topic,
        volume=volume,
        chart=chart_of(volume),
        precision=read_precision(site.store, [topic])[name],
        near_asked=near_asked,
        near=near,
        missed=missed,
        suggestions=_suggestions(asked, topic),
        definition=changed,
        added=added,
        is_added=changed != definition,
        tried=tried,
    )


def _near_misses(asked: Asked, topic: CompiledTopic) -> NearMisses | None:
    """At most five minutes old; None while they are being looked for."""
    site, now = asked.site, asked.now
    version = (topic, int(now.timestamp()) // KEPT_SECONDS)
    return site.remembered.value(
        "near misses",
        topic.name,
        version,
        lambda: read_near_misses(site.store, site.index, topic, site.zone, now),
        patience=ASKED_SECONDS,
    )


def _suggestions(asked: Asked, topic: CompiledTopic) -> Suggestions | None:
    """What the marks that there are suggest; None while that is being worked out."""
    store = asked.site.store
    version = (topic, store.marks.counts([topic.name])[topic.name])
    return asked.site.remembered.value("suggestions", topic.name, version, lambda: read_suggestions(store, topic))


def judged(asked: Asked) -> Reply:
    """The marks of a topic as a file for `watcher evaluate --entries`."""
    name = _find(asked).topic.name
    body = "".join(f"{line}\n" for line in read_judged(asked.site.store, name))
    saved_as = f"attachment; filename=judged.jsonl; filename*=UTF-8''judged-{quote(name, safe='')}.jsonl"
    return Reply(body.encode(), content_type="application/x-ndjson", headers={"Content-Disposition": saved_as})


def _find(asked: Asked) -> CompiledTopic:
    found = asked.site.topic(asked.params["name"])
    if found is None:
        remedy = "Topics are named in the configuration."
        raise Refused(404, "There is no such topic", remedy, offers=list(near_topics(asked, asked.params["name"])))
    return found


def _with_term(text: str, term: str, weight: str) -> str:
    """A definition with the term that a page proposed."""
    from watcher.config.topic_text import with_term

    return with_term(text, term, weight)


def chart_of(volume: Sequence[DayVolume]) -> Chart:
    """The chart of some days; its highest line is a round number above the busiest day."""
    top = _round_up(max((day.count for day in volume), default=0))
    bars = []
    for index, day in enumerate(volume):
        focus, whole = (round(CHART_HEIGHT * count / top) for count in (day.focus, day.count))
        focus, whole = max(focus, int(day.focus > 0)), max(whole, int(day.count > 0))
        bars.append(Bar(index * BAR_WIDTH, CHART_HEIGHT - whole, whole - focus, focus, day))
    step = max(top // 5 if top % 5 == 0 else top // 2, 1)
    grid = tuple((CHART_HEIGHT - CHART_HEIGHT * count // top, count) for count in range(0, top + 1, step))
    days = tuple((bar.x, _short_day(bar.day)) for bar in bars[::14])
    return Chart(len(volume) * BAR_WIDTH, tuple(bars), grid, days)


def _round_up(count: int) -> int:
    steps = (5, 10, 20, 50)
    size = 1
    while count > steps[-1] * size:
        size *= 10
    return next(step * size for step in steps if count <= step * size)


def _short_day(volume: DayVolume) -> str:
    return f"{volume.day:%d %b}"


PAGES = (
    Page("/topics", show_all, May.READ),
    Page("/topics/{name}", show, May.READ),
    Page("/topics/{name}/judged.jsonl", judged, May.READ),
    Page("/topics/{name}/try", attempt, May.ACT, "POST"),
)
