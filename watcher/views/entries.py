"""Stored entries as shown: a row of a list, one entry with the verdict of every topic, and why none alerted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from watcher.lazy_dataclass import dataclass
from watcher.match.explain import Explanation, explanation_json
from watcher.model.alert import Alert
from watcher.model.entry import EntryRecord
from watcher.model.topic import Level, Points, format_points

SAVED_WITHIN = timedelta(minutes=1)
"""Between the reading of a document and the moment at which its entries are saved."""


class WhyNot(StrEnum):
    """Why an entry has no alert."""

    NO_TERM = "no_term"
    EXCLUDED = "excluded"
    MISSING = "missing"
    TOO_FEW = "too_few"
    OLD = "old"
    UNDATED = "undated"
    MATCHES_NOW = "matches_now"


@dataclass(frozen=True, slots=True)
class NoAlert:
    """Why an entry has no alert, by the topic with the highest score (None: no topic has points)."""

    reason: WhyNot
    text: str
    topic: str | None = None
    score: Points = 0


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One stored entry in a list, with its alerts."""

    record: EntryRecord
    alerts: tuple[Alert, ...]

    @property
    def alerted(self) -> str:
        """Topics and levels of its alerts, "" without any."""
        return ", ".join(f"{alert.topic} {alert.level.value}" for alert in self.alerts)

    def facts(self) -> dict[str, object]:
        """The row for JSON; times are aware."""
        record = self.record
        return {
            "key": record.key,
            "first_seen": record.first_seen,
            "published": record.entry.published,
            "feed": record.feed_title,
            "feed_url": record.feed_url,
            "title": record.entry.title,
            "link": record.entry.link,
            "alerts": [
                {"id": alert.id, "topic": alert.topic, "level": alert.level.value, "score": alert.score / 100}
                for alert in self.alerts
            ],
        }


@dataclass(frozen=True, slots=True)
class EntryPage:
    """One stored entry: its texts, its alerts, what every topic makes of it now, and for which topics it was missed.

    `why_not` is None when it has an alert.
    """

    row: EntryRow
    explanations: tuple[Explanation, ...]
    missed_by: tuple[str, ...]
    why_not: NoAlert | None

    def facts(self) -> dict[str, object]:
        """The page for JSON."""
        entry = self.row.record.entry
        return {
            **self.row.facts(),
            "author": entry.author or None,
            "updated": entry.updated,
            "summary": entry.summary,
            "content": entry.content,
            "categories": list(entry.categories),
            "labels": dict(self.row.record.labels),
            "missed_by": list(self.missed_by),
            "why_not": None if self.why_not is None else no_alert_facts(self.why_not),
            "topics": [explanation_json(explanation) for explanation in self.explanations],
        }


@dataclass(frozen=True, slots=True)
class Miss:
    """An entry without an alert, and why it has none."""

    row: EntryRow
    why: NoAlert

    def facts(self) -> dict[str, object]:
        """The row for JSON."""
        return {**self.row.facts(), "why_not": no_alert_facts(self.why)}


def entry_rows(records: Iterable[EntryRecord], alerts: Mapping[str, Sequence[Alert]]) -> tuple[EntryRow, ...]:
    """The rows of a list; `alerts` are by entry key."""
    return tuple(EntryRow(record, tuple(alerts.get(record.key, ()))) for record in records)


def no_alert_facts(why: NoAlert) -> dict[str, Any]:
    """Why an entry has no alert, for JSON."""
    return {"reason": why.reason.value, "text": why.text, "topic": why.topic, "score": why.score / 100}


def why_no_alert(
    record: EntryRecord, explanations: Sequence[Explanation], baseline_at: datetime | None, backfill: timedelta
) -> NoAlert:
    """Why a stored entry has no alert.

    `explanations` are of the topics in question, as they are now. An entry of the feed's first document (`baseline_at`
    is when that was read, I7) is new only if it is younger than `backfill`.
    """
    nearest = max(explanations, key=_nearness, default=None)
    if nearest is None or (nearest.level is Level.NONE and nearest.score <= 0 and not nearest.parts):
        return NoAlert(WhyNot.NO_TERM, "no term of any topic, as a whole word")
    if nearest.level is not Level.NONE:
        return _why_quiet(record, nearest, baseline_at, backfill)
    points = f"{format_points(nearest.score)} points"
    if nearest.excluded_by:
        reason, text = WhyNot.EXCLUDED, f"{points}, but excluded by {nearest.excluded_by}"
    elif nearest.missing:
        reason, text = WhyNot.MISSING, f"{points}, but without {nearest.missing}"
    else:
        reason, text = WhyNot.TOO_FEW, f"{points}: {format_points(nearest.to_mention)} too few for a mention"
    return NoAlert(reason, text, nearest.topic, nearest.score)


def _nearness(explanation: Explanation) -> tuple[int, Points]:
    return explanation.level.rank, explanation.score


def _why_quiet(record: EntryRecord, found: Explanation, baseline_at: datetime | None, backfill: timedelta) -> NoAlert:
    """An entry that matches now: it was not new when it was read, or the topic was different then."""
    published = record.entry.published or record.entry.updated
    was_baseline = baseline_at is not None and record.first_seen <= baseline_at + SAVED_WITHIN
    if was_baseline and published is None:
        text = "no date, and there at the first poll"
        return NoAlert(WhyNot.UNDATED, text, found.topic, found.score)
    if was_baseline and published is not None and record.first_seen - published > backfill:
        text = (
            f"{_age(record.first_seen - published)} old at the first poll (backfill {backfill // timedelta(hours=1)}h)"
        )
        return NoAlert(WhyNot.OLD, text, found.topic, found.score)
    text = f"{format_points(found.score)} points now: the topic was different when the entry was read"
    return NoAlert(WhyNot.MATCHES_NOW, text, found.topic, found.score)


def _age(length: timedelta) -> str:
    hours = length // timedelta(hours=1)
    return f"{hours // 24} days" if hours >= 48 else f"{hours} h"
