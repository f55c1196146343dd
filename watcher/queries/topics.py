"""Topics with their volume, marks and near misses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter

from watcher.match.backtest import Sighting, backtest
from watcher.match.compile import CompiledTopic
from watcher.match.evaluation import judged_line
from watcher.model.entry import Entry, EntryRecord
from watcher.model.local_time import to_local
from watcher.model.topic import Topic, format_points
from watcher.render.digest_context import BAR_DAYS, daily_counts
from watcher.search.candidates import candidates
from watcher.search.index import EntryIndex
from watcher.search.node import Label, LabelKind, Node
from watcher.store.store import Store
from watcher.views.topics import DayVolume, NearMiss, NearMisses, Precision, TopicRow, daily_volume

VOLUME_DAYS = 90
MOST_READ = 100
"""Entries that are scored again to find near misses, the newest first: up to 0.8 ms each."""
NEAR_DAYS = timedelta(days=7)
NEAR_SHOWN = 20
MOST_JUDGED = 1_000
"""Marks of each kind that a file of judged entries has."""


def read_bars(store: Store, zone: str, now: datetime) -> dict[str, tuple[int, ...]]:
    """Alerts a day of each topic over the days of a digest's bars, oldest first."""
    return daily_counts(store.alerts.volume(now - timedelta(days=BAR_DAYS), now), zone, now)


def read_topic_rows(store: Store, topics: Sequence[CompiledTopic], zone: str, now: datetime) -> list[TopicRow]:
    """All topics in the order of the configuration."""
    bars, precision = read_bars(store, zone, now), read_precision(store, topics)
    return [TopicRow(one.topic, bars.get(one.topic.name, ()), precision[one.topic.name]) for one in topics]


def read_precision(store: Store, topics: Sequence[CompiledTopic]) -> dict[str, Precision]:
    """What users said of each topic, by name."""
    found = store.marks.counts([one.topic.name for one in topics])
    return {name: Precision(one.relevant, one.irrelevant, one.missed) for name, one in found.items()}


def read_volume(store: Store, topic: str, zone: str, now: datetime) -> tuple[DayVolume, ...]:
    """Alerts a day over 90 days."""
    volume = store.alerts.volume(now - timedelta(days=VOLUME_DAYS), now, topic)
    return daily_volume(((one.at, one.level, one.count) for one in volume), VOLUME_DAYS, zone, now)


def read_near_misses(
    store: Store, index: EntryIndex | None, topic: CompiledTopic, zone: str, now: datetime
) -> NearMisses:
    """Entries of the last days that had points for a topic but no level."""
    records = _candidates(store, index, [topic], now - NEAR_DAYS, Label(LabelKind.ALERTED, topic.topic.name))
    (found,) = backtest(records, [topic], zone=to_local(now, zone).tzinfo or UTC)
    sightings = sorted((*found.stopped, *found.near_misses), key=lambda one: (-one.score, one.record.key))
    near = tuple(_near_miss(topic, one) for one in sightings[:NEAR_SHOWN])
    return NearMisses(near, len(records), records[-1].first_seen if records else None, now)


def read_nearest_miss(
    store: Store, index: EntryIndex | None, topics: Sequence[CompiledTopic], since: datetime
) -> tuple[Topic, NearMiss] | None:
    """Of the entries since then, the one that came nearest to an alert, and the topic; None when none had points."""
    by_name = {one.topic.name: one for one in topics}
    found = backtest(_candidates(store, index, topics, since), topics, zone=UTC)
    near = [(by_name[one.topic], sighting) for one in found for sighting in (*one.near_misses[:1], *one.stopped[:1])]
    if not near:
        return None
    topic, nearest = max(near, key=lambda one: (one[1].stopped_by is None, one[1].score / one[0].topic.focus))
    return topic.topic, _near_miss(topic, nearest)


def _candidates(
    store: Store,
    index: EntryIndex | None,
    topics: Sequence[CompiledTopic],
    since: datetime,
    without: Node | None = None,
) -> list[EntryRecord]:
    """The newest entries with words of the topics, without those of which the index knows that they meet `without`."""
    records: list[EntryRecord] = []
    for numbers in candidates(store, index, topics, since, without):
        records += [one.record for one in store.entries.stored(numbers[: MOST_READ - len(records)])]
        if len(records) == MOST_READ:
            break
    return records


def _near_miss(topic: CompiledTopic, one: Sighting) -> NearMiss:
    nearly = topic.topic.focus * 3 // 4
    return NearMiss(one.record, one.score, one.stopped_by or f"{format_points(max(nearly - one.score, 0))} points")


def read_judged(store: Store, topic: str) -> list[str]:
    """What users said of a topic, as lines that `watcher evaluate` reads: the newest marks of each kind, in order.
    What was said last of an entry counts.
    """

    def line(key: str, entry: Entry, is_relevant: bool) -> str:
        return judged_line(key, entry, topic, is_relevant=is_relevant)

    said = [
        (one.marked_at, one.alert.entry_key, line(one.alert.entry_key, one.alert.entry, one.is_relevant))
        for one in store.marks.newest_alerts(topic, MOST_JUDGED)
    ][::-1]
    said += [
        (one.marked_at, one.key, line(one.key, one.entry, True))
        for one in store.marks.newest_missed(topic, MOST_JUDGED)
    ]
    return list({key: text for _, key, text in sorted(said, key=itemgetter(0, 1))}.values())
