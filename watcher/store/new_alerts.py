"""Alerts as they come into being: judged against what was told before, inside the transaction that saves them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Select, select

from watcher.model.alert import Alert, AlertState, ToldAlert, told_entry
from watcher.model.story import Judge, Judgement, Verdict
from watcher.store import documents
from watcher.store.tables import alerts


def save_alerts(
    connection: Connection, candidates: Sequence[tuple[Alert, bool]], now: datetime, judge: Judge
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Saves what the judge lets through; returns the ids told and the ids folded.

    With each candidate stands whether its story was alive before it: what was told of a story that has ended since
    does not count.
    """
    told: list[str] = []
    folded: list[str] = []
    for alert, continues in candidates:
        judgement = _judge(connection, alert, continues, judge)
        if judgement.verdict is Verdict.REPEAT:
            continue
        connection.execute(alerts.insert(), [_row(connection, alert, judgement, now)])
        (told if judgement.verdict is Verdict.TELL else folded).append(alert.id)
    return tuple(told), tuple(folded)


def _judge(connection: Connection, alert: Alert, continues: bool, judge: Judge) -> Judgement:
    """The judge's word; an alert that exists already is a repetition whatever the judge says."""
    before = _told_before(connection, alert, continues)
    judgement = judge(alert, before)
    if any(earlier.id == alert.id for earlier in before):
        return Judgement(Verdict.REPEAT)
    return judgement


def _told_before(connection: Connection, alert: Alert, continues: bool) -> list[ToldAlert]:
    """Every earlier alert on the same topic and entry, and those told of the same story, in order of creation."""
    columns = (alerts.c.seq, alerts.c.id, alerts.c.entry_key, alerts.c.story, alerts.c.created_at, alerts.c.level)
    earlier = select(*columns).where(alerts.c.topic == alert.topic)
    of_entry = earlier.where(alerts.c.entry_key == alert.entry_key)
    query: Select[Any] | CompoundSelect[Any] = of_entry
    if alert.story and continues:
        # Two queries, each by its index: with OR, SQLite reads every alert of the topic.
        of_story = earlier.where(alerts.c.story == alert.story, alerts.c.folded_into.is_(None))
        query = of_entry.union(of_story)
    query = query.order_by("seq")
    return [ToldAlert(row.id, row.level, row.entry_key, row.story, row.created_at) for row in connection.execute(query)]


def _row(connection: Connection, alert: Alert, judgement: Judgement, now: datetime) -> dict[str, Any]:
    folds = judgement.verdict is Verdict.FOLD
    complete = replace(alert, entry=told_entry(alert.entry))
    return {
        "id": alert.id,
        "topic": alert.topic,
        "entry_key": alert.entry_key,
        "story": alert.story,
        "feed_title": alert.entry.publisher or alert.feed_title or alert.feed_url,
        "level": alert.level,
        "score": alert.score,
        "state": AlertState.FOLDED if folds else AlertState.UNROUTED,
        "folded_into": _told_itself(connection, judgement.into) if folds else None,
        "created_at": now,
        "document": documents.alerts.write(complete),
    }


def _told_itself(connection: Connection, into: str | None) -> str | None:
    """The alert that was told: one that was folded itself hands on what is folded into it."""
    further = connection.scalar(select(alerts.c.folded_into).where(alerts.c.id == into))
    return further or into
