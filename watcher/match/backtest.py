"""What topics would have sent over stored entries: alerts per day, near misses, overlap with each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, tzinfo
from typing import Any

from watcher.lazy_dataclass import dataclass
from watcher.match.compile import CompiledTopic
from watcher.match.entry_index import IndexedEntry
from watcher.match.percolator import Percolator, evidence_of
from watcher.match.scoring import Assessment
from watcher.model.alert import Evidence
from watcher.model.entry import EntryRecord
from watcher.model.topic import Level, Points, Topic

_KEPT = 20
"""Hits, near misses and stopped entries that are kept as examples, the best first."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One entry as a topic sees it. `stopped_by` is the condition that kept an entry of enough points away."""

    record: EntryRecord
    score: Points
    level: Level
    parts: tuple[Evidence, ...]
    stopped_by: str | None = None


@dataclass(frozen=True, slots=True)
class Backtest:
    """What one topic would have done. Days without an alert are not in `per_day`.

    `overlap`: other topics → entries that would have alerted for both. `near_misses` have points but reach
    no level, the nearest first; `stopped` would have reached one but for `require` or `exclude`.
    """

    topic: str
    entries: int
    per_day: Mapping[date, int]
    levels: Mapping[Level, int]
    hits: tuple[Sighting, ...]
    near_misses: tuple[Sighting, ...]
    stopped: tuple[Sighting, ...]
    overlap: Mapping[str, int]

    @property
    def alerts(self) -> int:
        """Entries that would have alerted."""
        return sum(self.levels.values())


def backtest(
    records: Iterable[EntryRecord], topics: Sequence[Topic | CompiledTopic], *, zone: tzinfo
) -> tuple[Backtest, ...]:
    """One result per topic, in order. A day is the local day of `first_seen` in `zone`.

    Pass all topics of the configuration to learn how they overlap. Stories and levels sent earlier are not
    considered: it is an upper bound of what would have been sent.
    """
    percolator = Percolator(topics)
    tallies = {compiled.name: _Tally(compiled.name) for compiled in percolator.index.topics}
    count = 0
    for record in records:
        count += 1
        labels = labels_of(record)
        indexed = percolator.read(record.entry, labels)
        assessments = percolator.assessments(indexed, labels)
        alerted = [one.topic.name for one in assessments if one.level is not Level.NONE]
        for assessment in assessments:
            tallies[assessment.topic.name].add(record, assessment, indexed, alerted, zone)
    return tuple(tally.result(count) for tally in tallies.values())


def labels_of(record: EntryRecord) -> dict[str, str]:
    """The labels that a stored entry's feed had when it was last read, as the percolator wants them."""
    return {"feed": record.feed_title, **record.labels, "feed_url": record.feed_url}


def backtest_json(result: Backtest) -> dict[str, Any]:
    """A result as JSON values; points are decimal."""
    return {
        "topic": result.topic,
        "entries": result.entries,
        "alerts": result.alerts,
        "levels": {level.value: result.levels.get(level, 0) for level in (Level.FOCUS, Level.MENTION)},
        "per_day": {day.isoformat(): result.per_day[day] for day in sorted(result.per_day)},
        "hits": [_sighting_json(one) for one in result.hits],
        "near_misses": [_sighting_json(one) for one in result.near_misses],
        "stopped": [_sighting_json(one) for one in result.stopped],
        "overlap": dict(result.overlap),
    }


def _sighting_json(one: Sighting) -> dict[str, Any]:
    return {
        "key": one.record.key,
        "title": one.record.entry.title,
        "feed": one.record.feed_title,
        "score": one.score / 100,
        "level": one.level.value,
        "terms": [part.term for part in one.parts],
        "stopped_by": one.stopped_by,
    }


class _Tally:
    """Counts for one topic while the entries pass."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._per_day: Counter[date] = Counter()
        self._levels: Counter[Level] = Counter()
        self._overlap: Counter[str] = Counter()
        self._best: dict[str, list[Sighting]] = {"hits": [], "near": [], "stopped": []}

    def add(
        self, record: EntryRecord, assessment: Assessment, indexed: IndexedEntry, alerted: Sequence[str], zone: tzinfo
    ) -> None:
        stopped_by = _stopped_by(assessment)
        if assessment.level is not Level.NONE:
            self._per_day[record.first_seen.astimezone(zone).date()] += 1
            self._levels[assessment.level] += 1
            self._overlap.update(name for name in alerted if name != self._topic)
            kind = "hits"
        else:
            kind = "stopped" if stopped_by else "near"
        if assessment.score > 0:
            self._keep(kind, record, assessment, indexed, stopped_by)

    def _keep(
        self, kind: str, record: EntryRecord, assessment: Assessment, indexed: IndexedEntry, stopped_by: str | None
    ) -> None:
        best = self._best[kind]
        if len(best) == _KEPT and assessment.score <= best[-1].score:
            return
        parts = tuple(evidence_of(part, indexed) for part in assessment.parts)
        best.append(Sighting(record, assessment.score, assessment.level, parts, stopped_by))
        best.sort(key=lambda one: (-one.score, one.record.key))
        del best[_KEPT:]

    def result(self, entries: int) -> Backtest:
        return Backtest(
            topic=self._topic,
            entries=entries,
            per_day=dict(self._per_day),
            levels=dict(self._levels),
            hits=tuple(self._best["hits"]),
            near_misses=tuple(self._best["near"]),
            stopped=tuple(self._best["stopped"]),
            overlap=dict(self._overlap.most_common()),
        )


def _stopped_by(assessment: Assessment) -> str | None:
    if assessment.excluded_by is not None:
        return f"excluded by {assessment.excluded_by}"
    return f"missing {assessment.missing}" if assessment.missing is not None else None
