"""New alerts: decided on in view of earlier ones, inside the transaction that saves them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Select, select

from watcher.model.alert import Alert, AlertState, EarlierAlert, entry_of_alert
from watcher.model.story import AlertDecider, AlertDecision, Kinship, Verdict
from watcher.model.trust import Trust
from watcher.store import documents
from watcher.store.database import execute_many
from watcher.store.tables import alerts


def save_alerts(
    connection: Connection, candidates: Sequence[tuple[Alert, Kinship]], now: datetime, decide: AlertDecider
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Saves the candidates that are no repetition; returns the ids of new alerts and of folded ones.

    Each candidate comes with what its entry is to its story: only a copy is compared with the story's alerts.
    """
    new: list[str] = []
    folded: list[str] = []
    for alert, kinship in candidates:
        decision = _decide(connection, alert, kinship, decide)
        if decision.verdict is Verdict.REPEAT:
            continue
        connection.execute(alerts.insert(), [_row(connection, alert, decision, now)])
        (new if decision.verdict is Verdict.NOTIFY else folded).append(alert.id)
    return tuple(new), tuple(folded)


def insert_alerts(connection: Connection, new: Sequence[Alert], now: datetime) -> None:
    """Saves alerts that are compared with nothing. They are to be routed."""
    decision = AlertDecision(Verdict.NOTIFY)
    execute_many(connection, alerts.insert(), [_row(connection, alert, decision, now) for alert in new])


def _decide(connection: Connection, alert: Alert, kinship: Kinship, decide: AlertDecider) -> AlertDecision:
    """What is decided; an alert that exists already is a repetition in any case."""
    earlier = _earlier(connection, alert, kinship)
    decision = decide(alert, earlier)
    if any(one.id == alert.id for one in earlier):
        return AlertDecision(Verdict.REPEAT)
    return decision


def _earlier(connection: Connection, alert: Alert, kinship: Kinship) -> list[EarlierAlert]:
    """Every earlier alert on the same topic and entry, and for a copy those of its story, in order of creation."""
    columns = (
        *(alerts.c.seq, alerts.c.id, alerts.c.entry_key, alerts.c.story),
        *(alerts.c.created_at, alerts.c.level, alerts.c.trust),
    )
    earlier = select(*columns).where(alerts.c.topic == alert.topic)
    of_entry = earlier.where(alerts.c.entry_key == alert.entry_key)
    query: Select[Any] | CompoundSelect[Any] = of_entry
    if alert.story and kinship is Kinship.COPY:
        # Two queries, each by its index: with OR, SQLite reads every alert of the topic.
        of_story = earlier.where(alerts.c.story == alert.story, alerts.c.folded_into.is_(None))
        query = of_entry.union(of_story)
    return [
        EarlierAlert(row.id, row.level, row.entry_key, row.story, row.created_at, Trust(row.trust))
        for row in connection.execute(query.order_by("seq"))
    ]


def _row(connection: Connection, alert: Alert, decision: AlertDecision, now: datetime) -> dict[str, Any]:
    folds = decision.verdict is Verdict.FOLD
    complete = replace(alert, entry=entry_of_alert(alert.entry))
    return {
        "id": alert.id,
        "topic": alert.topic,
        "entry_key": alert.entry_key,
        "story": alert.story,
        "feed_title": alert.entry.publisher or alert.feed_title or alert.feed_url,
        "level": alert.level,
        "score": alert.score,
        "state": AlertState.FOLDED if folds else AlertState.UNROUTED,
        "folded_into": _unfolded(connection, decision.into) if folds else None,
        "created_at": now,
        "trust": alert.trust,
        "document": documents.alerts.write(complete),
    }


def _unfolded(connection: Connection, into: str | None) -> str | None:
    """The alert that another one is folded into, if it was folded itself."""
    further = connection.scalar(select(alerts.c.folded_into).where(alerts.c.id == into))
    return further or into
