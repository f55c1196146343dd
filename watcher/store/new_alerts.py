"""New alerts: decided on in view of earlier ones, inside the transaction that saves them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, select

from watcher.lazy_dataclass import dataclass
from watcher.model.alert import Alert, AlertState, EarlierAlert, entry_of_alert
from watcher.model.story import AlertDecider, AlertDecision, Kinship, Verdict
from watcher.model.trust import Trust
from watcher.store import documents
from watcher.store.database import Database, chunks
from watcher.store.tables import alerts


def save_alerts(
    database: Database,
    connection: Connection,
    candidates: Sequence[tuple[Alert, Kinship]],
    now: datetime,
    decide: AlertDecider,
) -> list[AlertDecision]:
    """Saves the candidates that are no repetition; returns what was decided on each.

    Each candidate comes with what its entry is to its story: only a copy is compared with the story's alerts.
    """
    known = _KnownAlerts(connection, candidates)
    rows: list[dict[str, Any]] = []
    decisions: list[AlertDecision] = []
    for alert, kinship in candidates:
        earlier = known.before(alert, kinship)
        decision = decide(alert, earlier)
        if any(one.id == alert.id for one in earlier):
            decision = AlertDecision(Verdict.REPEAT)  # an alert that exists already, whatever was decided
        decisions.append(decision)
        if decision.verdict is not Verdict.REPEAT:
            into = known.unfolded(decision.into) if decision.verdict is Verdict.FOLD else None
            known.add(alert, into, now)
            rows.append(_row(alert, decision, into, now))
    database.insert_rows(connection, alerts, rows)
    return decisions


def insert_alerts(database: Database, connection: Connection, new: Sequence[Alert], now: datetime) -> None:
    """Saves alerts that are compared with nothing. They are to be routed."""
    decision = AlertDecision(Verdict.NOTIFY)
    database.insert_rows(connection, alerts, [_row(alert, decision, None, now) for alert in new])


@dataclass(frozen=True, slots=True)
class _KnownAlert:
    earlier: EarlierAlert
    topic: str
    folded_into: str | None


class _KnownAlerts:
    """The alerts on the entries and stories of some candidates, loaded by two statements, and the candidates saved."""

    def __init__(self, connection: Connection, candidates: Sequence[tuple[Alert, Kinship]]) -> None:
        self._by_id: dict[str, _KnownAlert] = {}
        self._by_entry: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self._by_story: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self._order: dict[str, int] = {}
        topics = sorted({alert.topic for alert, _ in candidates})
        columns = (
            *(alerts.c.seq, alerts.c.id, alerts.c.topic, alerts.c.entry_key, alerts.c.story, alerts.c.folded_into),
            *(alerts.c.created_at, alerts.c.level, alerts.c.trust),
        )
        query = select(*columns).where(alerts.c.topic.in_(topics))
        # Two queries, each by its index: with OR, SQLite reads every alert of the topic.
        keys = {alert.entry_key for alert, _ in candidates}
        stories = {alert.story for alert, kinship in candidates if alert.story and kinship is Kinship.COPY}
        queries = [
            *(query.where(alerts.c.entry_key.in_(some)) for some in chunks(keys)),
            *(query.where(alerts.c.story.in_(some), alerts.c.folded_into.is_(None)) for some in chunks(stories)),
        ]
        found = {row.id: row for one in queries for row in connection.execute(one)}
        for row in sorted(found.values(), key=attrgetter("seq")):
            earlier = EarlierAlert(row.id, row.level, row.entry_key, row.story, row.created_at, Trust(row.trust))
            self._add(_KnownAlert(earlier, row.topic, row.folded_into))

    def before(self, alert: Alert, kinship: Kinship) -> list[EarlierAlert]:
        """Every earlier alert on the same topic and entry, and for a copy those of its story that were not folded, in
        order of creation.
        """
        ids = set(self._by_entry[alert.topic, alert.entry_key])
        if alert.story and kinship is Kinship.COPY:
            ids.update(self._by_story[alert.topic, alert.story])
        return [self._by_id[one].earlier for one in sorted(ids, key=self._order.__getitem__)]

    def add(self, alert: Alert, folded_into: str | None, now: datetime) -> None:
        """Adds an alert that is to be saved."""
        earlier = EarlierAlert(alert.id, alert.level, alert.entry_key, alert.story, now, alert.trust)
        self._add(_KnownAlert(earlier, alert.topic, folded_into))

    def unfolded(self, into: str | None) -> str | None:
        """The alert that another one is folded into, if it was folded itself."""
        further = self._by_id[into].folded_into if into in self._by_id else None
        return further or into

    def _add(self, known: _KnownAlert) -> None:
        one = known.earlier
        self._order[one.id] = len(self._order)
        self._by_id[one.id] = known
        self._by_entry[known.topic, one.entry_key].append(one.id)
        if known.folded_into is None:
            self._by_story[known.topic, one.story].append(one.id)


def _row(alert: Alert, decision: AlertDecision, into: str | None, now: datetime) -> dict[str, Any]:
    complete = replace(alert, entry=entry_of_alert(alert.entry))
    return {
        "id": alert.id,
        "topic": alert.topic,
        "entry_key": alert.entry_key,
        "story": alert.story,
        "feed_title": alert.entry.publisher or alert.feed_title or alert.feed_url,
        "level": alert.level,
        "score": alert.score,
        "state": AlertState.FOLDED if decision.verdict is Verdict.FOLD else AlertState.UNROUTED,
        "folded_into": into,
        "created_at": now,
        "trust": alert.trust,
        "document": documents.alerts.write(complete),
    }
