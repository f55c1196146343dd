"""The alerts of the last days, for the first page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from watcher.lazy_dataclass import dataclass
from watcher.model.alert import Alert
from watcher.model.topic import Level
from watcher.queries.search import SearchFields
from watcher.queries.topics import read_bars
from watcher.search.find import Search
from watcher.search.index import EntryIndex
from watcher.search.node import Label, LabelKind
from watcher.store.records import AlertFilter, MarkState
from watcher.store.store import Store
from watcher.views.today import Today, newer_than, today_of

MOST_ALERTS = 50
"""Alerts of a page."""
MOST_NEWS = 300


@dataclass(frozen=True, slots=True)
class TodayFilter:
    """Which alerts: of so many days, of a topic, of a level, without a mark, and older than the alert `before`; with
    a query in the language of the search, those whose entries meet it, and below the entry `below`.
    """

    days: int = 1
    topic: str | None = None
    level: Level | None = None
    unmarked: bool = False
    before: str | None = None
    query: str = ""
    below: int | None = None

    @property
    def is_all(self) -> bool:
        """Whether it leaves nothing out but what is older."""
        return not (self.topic or self.level or self.unmarked or self.query or self.before or self.below)


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
    before = found[MOST_ALERTS - 1].id if len(found) > MOST_ALERTS else None
    return _shown(store, found[:MOST_ALERTS], zone, now, before)


def search_today(
    store: Store, index: EntryIndex | None, languages: Sequence[str], wanted: TodayFilter, zone: str, now: datetime
) -> Today:
    """The same for a filter with a query. An alert whose copy meets it is shown, too."""
    query = SearchFields(wanted.query, alerted=wanted.topic or "yes").parsed()
    if wanted.level is not None:
        query = query.also(Label(LabelKind.ALERTED, wanted.level.value))
    query = query.between(now - timedelta(days=wanted.days), None)
    result = Search(store, index, languages).run(query, before=wanted.below, limit=MOST_ALERTS)
    by_entry = store.alerts.of_entries([hit.record.key for hit in result.hits])
    met = [alert for alerts in by_entry.values() for alert in alerts if _is_wanted(alert, wanted)]
    alerts = store.pages.alerts_of({alert.folded_into or alert.id for alert in met})
    if wanted.unmarked:
        marks = store.marks.of_alerts([alert.id for alert in alerts])
        alerts = [alert for alert in alerts if alert.id not in marks]
    return _shown(store, alerts, zone, now, str(result.before) if result.before else None)


def _is_wanted(alert: Alert, wanted: TodayFilter) -> bool:
    return wanted.topic in (None, alert.topic) and wanted.level in (None, alert.level)


def _shown(store: Store, alerts: Sequence[Alert], zone: str, now: datetime, before: str | None) -> Today:
    ids = [alert.id for alert in alerts]
    bars = read_bars(store, zone, now)
    channels, marks = store.pages.channels(ids), store.marks.of_alerts(ids)
    return today_of(alerts, channels, marks, bars, zone, now, before=before)


def count_news(store: Store, since: datetime) -> int:
    """Stories that came after a page was made."""
    return newer_than(store.alerts.newest(limit=MOST_NEWS, since=since), since)
