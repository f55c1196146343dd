"""Alerts of the last days as a digest shows them: stories by topic, with evidence and what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from watcher.lazy_dataclass import dataclass
from watcher.model.alert import Alert, AlertState, Evidence
from watcher.model.notification import DeliveryState
from watcher.model.route import ChannelRef
from watcher.model.topic import Level
from watcher.render.item import Line, lines_of
from watcher.store.records import MarkState
from watcher.views.alerts import AlertRow, alert_rows


@dataclass(frozen=True, slots=True)
class StoryRow:
    """One story of a topic: its first alert as a message shows it, and what became of that alert. `fate`: the states of
    its deliveries with the receivers of each.
    """

    line: Line
    row: AlertRow
    evidence: tuple[Evidence, ...]
    fate: Mapping[DeliveryState, tuple[str, ...]]

    @property
    def mark(self) -> MarkState:
        return self.row.mark


@dataclass(frozen=True, slots=True)
class TopicSection:
    """The stories of a topic, and its alerts a day, oldest first."""

    topic: str
    title: str
    stories: tuple[StoryRow, ...]
    bars: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Today:
    """`before`: the last alert that was looked at, when there are older ones."""

    sections: tuple[TopicSection, ...]
    before: str | None = None

    @property
    def is_cut(self) -> bool:
        """Whether there are more alerts than are shown."""
        return self.before is not None

    @property
    def count(self) -> int:
        return sum(len(section.stories) for section in self.sections)

    @property
    def in_focus(self) -> int:
        return sum(story.line.level == Level.FOCUS.value for section in self.sections for story in section.stories)


def today_of(
    alerts: Sequence[Alert],
    channels: Mapping[str, Sequence[tuple[DeliveryState, ChannelRef]]],
    marks: Mapping[str, bool],
    bars: Mapping[str, Sequence[int]],
    zone: str,
    now: datetime,
    *,
    before: str | None = None,
) -> Today:
    """The page. Folded alerts are shown with the story that they belong to, not by themselves."""
    shown = [alert for alert in alerts if alert.state is not AlertState.FOLDED]
    states = {name: Counter(state for state, _ in found) for name, found in channels.items()}
    rows = {row.alert.id: row for row in alert_rows(shown, states, marks)}
    lines, _ = lines_of(shown, zone, now)
    by_topic: dict[str, list[StoryRow]] = {}
    for line in lines:
        row = rows[line.id]
        evidence = tuple(sorted(row.alert.evidence, key=lambda part: -part.points))
        by_topic.setdefault(line.topic, []).append(StoryRow(line, row, evidence, _fate(channels.get(line.id, ()))))
    sections = (
        TopicSection(topic, stories[0].line.topic_title, tuple(stories), tuple(bars.get(topic, ())))
        for topic, stories in by_topic.items()
    )
    return Today(tuple(sections), before)


def _fate(channels: Sequence[tuple[DeliveryState, ChannelRef]]) -> dict[DeliveryState, tuple[str, ...]]:
    known = {state for state, _ in channels}
    states = (one for one in DeliveryState if one in known)
    return {one: tuple(dict.fromkeys(ref.receiver for state, ref in channels if state is one)) for one in states}


def story_facts(story: StoryRow) -> dict[str, object]:
    """A story for JSON: its first alert, and who else reports it."""
    return {
        "story": story.row.alert.story,
        "topic": story.line.topic,
        "alert": story.row.facts(),
        "also": list(story.line.also),
        "other_titles": [
            {"source": one.source, "title": one.title, "link": one.link} for one in story.line.other_titles
        ],
    }


def newer_than(alerts: Iterable[Alert], since: datetime) -> int:
    """How many stories are newer; folded alerts do not count."""
    fresh = (one for one in alerts if one.created_at is not None and one.created_at > since)
    return len({(one.topic, one.story or one.id) for one in fresh if one.state is not AlertState.FOLDED})
