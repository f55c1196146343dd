"""Topics as shown: volume, precision by marks, near misses, and what a changed definition would do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from watcher.lazy_dataclass import dataclass
from watcher.model.entry import EntryRecord
from watcher.model.local_time import to_local
from watcher.model.topic import Level, Points, Topic


@dataclass(frozen=True, slots=True)
class Precision:
    """What users said of a topic's alerts, and of entries that it missed."""

    relevant: int
    irrelevant: int
    missed: int

    @property
    def percent(self) -> int | None:
        """The share of marked alerts that are relevant, in whole percent; None without marks."""
        marked = self.relevant + self.irrelevant
        return round(100 * self.relevant / marked) if marked else None


@dataclass(frozen=True, slots=True)
class DayVolume:
    """Alerts of one local day; copies are not counted."""

    day: date
    mention: int
    focus: int

    @property
    def count(self) -> int:
        return self.mention + self.focus


def daily_volume(
    alerts: Iterable[tuple[datetime, Level, int]], days: int, zone: str, now: datetime
) -> tuple[DayVolume, ...]:
    """One value a day, oldest first, today last, from times, levels and numbers of alerts."""
    today = to_local(now, zone).date()
    counts: dict[date, list[int]] = {today - timedelta(days=back): [0, 0] for back in range(days - 1, -1, -1)}
    for moment, level, number in alerts:
        day = counts.get(to_local(moment, zone).date())
        if day is not None:
            day[level is Level.FOCUS] += number
    return tuple(DayVolume(day, mention, focus) for day, (mention, focus) in counts.items())


@dataclass(frozen=True, slots=True)
class TopicRow:
    """One topic in the list."""

    topic: Topic
    bars: tuple[int, ...]
    precision: Precision


@dataclass(frozen=True, slots=True)
class NearMiss:
    """An entry that had points, but reached no level, or was stopped; `lacked` says by what."""

    record: EntryRecord
    score: Points
    lacked: str


@dataclass(frozen=True, slots=True)
class NearMisses:
    """The nearest first, as they were at `at`. `read` entries with words of the topic were scored, to `back_to`."""

    found: tuple[NearMiss, ...]
    read: int
    back_to: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True)
class LevelChange:
    """An entry whose level a changed definition changes."""

    record: EntryRecord
    before: Level
    after: Level
    score: Points


@dataclass(frozen=True, slots=True)
class TriedTopic:
    """What a changed definition would do over stored entries, newest first; `problems`: why it was not tried.

    `read` entries of the last `days` have words of either definition and were scored. When `is_cut` the time was up,
    and none older than `back_to` was. `diff`: lines for a reviewer.
    """

    text: str
    problems: tuple[str, ...] = ()
    read: int = 0
    days: int = 0
    is_cut: bool = False
    back_to: datetime | None = None
    changes: tuple[LevelChange, ...] = ()
    diff: str = ""

    @property
    def come(self) -> Sequence[LevelChange]:
        return [one for one in self.changes if one.before is Level.NONE]

    @property
    def go(self) -> Sequence[LevelChange]:
        return [one for one in self.changes if one.after is Level.NONE]

    @property
    def rise(self) -> Sequence[LevelChange]:
        return [one for one in self.changes if Level.NONE.rank < one.before.rank < one.after.rank]

    def facts(self) -> dict[str, object]:
        """What was tried, for JSON."""
        return {
            "problems": list(self.problems),
            "read": self.read,
            "days": self.days,
            "is_cut": self.is_cut,
            "back_to": self.back_to,
            "changes": [
                {
                    "key": one.record.key,
                    "title": one.record.entry.title,
                    "before": one.before.value,
                    "after": one.after.value,
                    "score": one.score / 100,
                }
                for one in self.changes
            ],
            "diff": self.diff,
        }

    @property
    def fall(self) -> Sequence[LevelChange]:
        return [one for one in self.changes if Level.NONE.rank < one.after.rank < one.before.rank]
