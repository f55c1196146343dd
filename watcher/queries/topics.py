"""Topics with their volume, marks, near misses and suggestions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from watcher.match.backtest import backtest
from watcher.match.compile import CompiledTopic
from watcher.match.suggest import Marked, Suggestions, suggest
from watcher.model.local_time import to_local
from watcher.model.topic import format_points
from watcher.render.digest_context import BAR_DAYS, daily_counts
from watcher.store.records import EntryFilter
from watcher.store.store import Store
from watcher.views.topics import DayVolume, NearMiss, Precision, TopicRow, daily_volume, precision_of

VOLUME_DAYS = 90
MOST_READ = 1_000
"""Entries that are scored again to find near misses, the newest first: about half a second."""
MOST_MARKS = 2_000
NEAR_SHOWN = 20


def read_topic_rows(store: Store, topics: Sequence[CompiledTopic], zone: str, now: datetime) -> list[TopicRow]:
    """All topics in the order of the configuration."""
    bars = daily_counts(store.alerts.times(now - timedelta(days=BAR_DAYS), now), zone, now)
    return [
        TopicRow(one.topic, tuple(bars.get(one.topic.name, ())), read_precision(store, one.topic.name))
        for one in topics
    ]


def read_precision(store: Store, topic: str) -> Precision:
    return precision_of(store.marks.alerts(topic), len(store.marks.missed(topic)))


def read_volume(store: Store, topic: str, zone: str, now: datetime) -> tuple[DayVolume, ...]:
    """Alerts a day over 90 days."""
    return daily_volume(store.alerts.volume(topic, now - timedelta(days=VOLUME_DAYS)), VOLUME_DAYS, zone, now)


def read_near_misses(store: Store, topic: CompiledTopic, zone: str, now: datetime) -> tuple[list[NearMiss], int]:
    """Entries among the newest that had points for a topic but no level, the nearest first; and how many were read."""
    records = store.entries.matching(EntryFilter(), MOST_READ)
    (found,) = backtest(records, [topic], zone=to_local(now, zone).tzinfo or now.tzinfo)  # type: ignore[arg-type]
    sightings = sorted((*found.stopped, *found.near_misses), key=lambda one: (-one.score, one.record.key))
    nearly = topic.topic.focus * 3 // 4
    return [
        NearMiss(one.record, one.score, one.stopped_by or f"{format_points(max(nearly - one.score, 0))} points")
        for one in sightings[:NEAR_SHOWN]
    ], len(records)


def read_suggestions(store: Store, topic: CompiledTopic) -> Suggestions:
    """What the newest marks speak for."""
    name = topic.topic.name
    marked = [Marked(one.alert.entry, one.is_relevant) for one in store.marks.alerts(name)[-MOST_MARKS:]]
    marked += [Marked(one.entry, True) for one in store.marks.missed(name)[-MOST_MARKS:]]
    return suggest(topic, marked)
