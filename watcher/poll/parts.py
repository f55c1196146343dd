"""A large poll in parts, so that no feed holds the store for long. Pure.

To place an alert among the stories of others costs about half a millisecond, and up to fifteen where a publisher writes
texts for that purpose. Two thousand alerts of one document in one transaction kept all other feeds waiting for 15 s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field, replace
from enum import Enum, auto

from watcher.lazy_dataclass import dataclass
from watcher.model.alert import Alert
from watcher.model.entry import EntryDecision, Identified
from watcher.store.records import PollRecord

PART_ALERTS = 16
PART_ENTRIES = 500


def parts_of(record: PollRecord) -> list[PollRecord]:
    """The record as parts to be saved in order, each in a transaction of its own. Nearly every poll is one part.

    An entry is in the same part as its alerts; a part has more than `PART_ALERTS` only if they are of one entry. Known
    entries cost nothing and are in the last part.
    """
    decision = record.decision
    if len(record.alerts) <= PART_ALERTS and len(_entries(decision)) <= PART_ENTRIES:
        return [record]
    *parts, last = _cut(record)
    return [*parts, replace(last, decision=replace(last.decision, known=decision.known), is_last=True)]


class _Kind(Enum):
    """What was decided on an entry."""

    NEW = auto()
    UPDATED = auto()
    QUIET = auto()


def _entries(decision: EntryDecision) -> list[tuple[_Kind, Identified]]:
    return [
        *((_Kind.NEW, one) for one in decision.new),
        *((_Kind.UPDATED, one) for one in decision.updated),
        *((_Kind.QUIET, one) for one in decision.quiet),
    ]


@dataclass(slots=True)
class _Part:
    entries: list[tuple[_Kind, Identified]] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)

    def has_space_for(self, alerts: Sequence[Alert]) -> bool:
        """Whether one more entry with these alerts fits; the first one always does."""
        fits = len(self.entries) < PART_ENTRIES and len(self.alerts) + len(alerts) <= PART_ALERTS
        return fits or not self.entries

    def record(self, whole: PollRecord) -> PollRecord:
        """This part of the record, which is not the last one."""
        decision = replace(
            whole.decision,
            new=self._of(_Kind.NEW),
            updated=self._of(_Kind.UPDATED),
            quiet=self._of(_Kind.QUIET),
            known=(),
        )
        keys = dict.fromkeys(alert.entry_key for alert in self.alerts)
        sketches = {key: whole.sketches[key] for key in keys if key in whole.sketches}
        return replace(whole, decision=decision, sketches=sketches, alerts=tuple(self.alerts), is_last=False)

    def _of(self, kind: _Kind) -> tuple[Identified, ...]:
        return tuple(one for its_kind, one in self.entries if its_kind is kind)


def _cut(record: PollRecord) -> Iterator[PollRecord]:
    alerts: dict[str, list[Alert]] = {}
    for alert in record.alerts:
        alerts.setdefault(alert.entry_key, []).append(alert)
    part = _Part()
    for kind, entry in _entries(record.decision):
        its_alerts = alerts.pop(entry.entry_key, [])
        if not part.has_space_for(its_alerts):
            yield part.record(record)
            part = _Part()
        part.entries.append((kind, entry))
        part.alerts += its_alerts
    yield part.record(record)
