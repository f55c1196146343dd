"""The alerts of the last days, for the first page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.model.topic import Level
from watcher.queries.topics import read_bars
from watcher.store.records import AlertFilter, MarkState
from watcher.store.store import Store
from watcher.views.today import Today, newer_than, today_of

MOST_ALERTS = 50
"""Alerts of a page."""
MOST_NEWS = 300


@dataclass(frozen=True, slots=True)
class TodayFilter:
    """Which alerts: of so many days, of a topic, of a level, without a mark, and older than the alert `before`."""

    days: int = 1
    topic: str | None = None
    level: Level | None = None
    unmarked: bool = False
    before: str | None = None


def read_today(store: Store, wanted: TodayFilter, zone: str, now: datetime) -> Today:
    """The stories of the last days, with alerts a day of each topic."""
    asked = AlertFilter(
        topic=wanted.topic,
        since=now - timedelta(days=wanted.days),
        level=wanted.level,
        marked=MarkState.UNMARKED if wanted.unmarked else None,
        before=wanted.before,
    )
    found = store.alerts.matching(asked, MOST_ALERTS + 1)
    alerts = found[:MOST_ALERTS]
    before = alerts[-1].id if len(found) > MOST_ALERTS else None
    ids = [alert.id for alert in alerts]
    bars = read_bars(store, zone, now)
    states, marks = store.alerts.delivery_states(ids), store.marks.of_alerts(ids)
    return today_of(alerts, states, marks, bars, zone, now, before=before)


def count_news(store: Store, since: datetime) -> int:
    """Stories that came after a page was made."""
    return newer_than(store.alerts.newest(limit=MOST_NEWS, since=since), since)
