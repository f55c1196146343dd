"""The alerts of the last days, for the first page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.model.topic import Level
from watcher.queries.topics import read_bars
from watcher.store.records import AlertFilter, MarkState
from watcher.store.store import Store
from watcher.views.today import Today, newer_than, today_of

MOST_ALERTS = 300
"""Alerts of a page."""


@dataclass(frozen=True, slots=True)
class TodayFilter:
    """Which alerts: of so many days, of a topic, of a level, and without a mark."""

    days: int = 1
    topic: str | None = None
    level: Level | None = None
    unmarked: bool = False


def read_today(store: Store, wanted: TodayFilter, zone: str, now: datetime) -> Today:
    """The stories of the last days, with alerts a day of each topic."""
    asked = AlertFilter(
        topic=wanted.topic,
        since=now - timedelta(days=wanted.days),
        level=wanted.level,
        marked=MarkState.UNMARKED if wanted.unmarked else None,
    )
    alerts = store.alerts.matching(asked, MOST_ALERTS)
    ids = [alert.id for alert in alerts]
    bars = read_bars(store, zone, now)
    states, marks = store.alerts.delivery_states(ids), store.marks.of_alerts(ids)
    return today_of(alerts, states, marks, bars, zone, now, is_cut=len(alerts) == MOST_ALERTS)


def count_news(store: Store, since: datetime) -> int:
    """Stories that came after a page was made."""
    return newer_than(store.alerts.newest(limit=MOST_ALERTS, since=since), since)
