"""Backtest: days, levels, near misses, what stopped an entry, overlap."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from tests.harness.topics import entry, topic
from watcher.match.backtest import backtest, backtest_json
from watcher.model.entry import EntryRecord
from watcher.model.topic import Level

NIGHT = datetime(2026, 1, 1, 23, 30, tzinfo=UTC)


def record(key: str, title: str, content: str = "", seen: datetime = NIGHT, **labels: str) -> EntryRecord:
    return EntryRecord(key, "https://example.org/feed", "Feed", entry(title, content), seen, labels=labels)


TOPICS = [
    topic({3: ["prison"]}, exclude="drama", name="prisons"),
    topic({3: ["riot"], 1: ["guard"]}, name="riots", feeds={"region": "mena"}),
]
RECORDS = [
    record("1", "Prison riot", region="mena"),
    record("2", "Prison drama"),
    record("3", "Guard", seen=datetime(2026, 1, 5, tzinfo=UTC), region="mena"),
    record("4", "Riot in prison", seen=datetime(2026, 1, 5, tzinfo=UTC), region="europe"),
    record("5", "News", "A prison"),
]


def test_alerts_are_counted_by_local_day() -> None:
    prisons, riots = backtest(RECORDS, TOPICS, zone=ZoneInfo("Europe/Istanbul"))
    assert prisons.per_day == {date(2026, 1, 2): 2, date(2026, 1, 5): 1}
    assert prisons.levels == {Level.FOCUS: 2, Level.MENTION: 1}
    assert (prisons.alerts, prisons.entries, riots.alerts) == (3, 5, 1)


def test_near_misses_and_what_was_stopped_are_shown() -> None:
    prisons, riots = backtest(RECORDS, TOPICS, zone=UTC)
    assert [(one.record.key, one.stopped_by) for one in prisons.stopped] == [("2", "excluded by drama")]
    assert [(one.record.key, one.score) for one in riots.near_misses] == [("3", 300)]
    assert [one.record.key for one in prisons.hits] == ["1", "4", "5"]


def test_overlap_names_the_other_topics() -> None:
    prisons, riots = backtest(RECORDS, TOPICS, zone=UTC)
    assert prisons.overlap == {"riots": 1}
    assert riots.overlap == {"prisons": 1}


def test_the_json_has_decimal_points_and_days() -> None:
    found = backtest_json(backtest(RECORDS, TOPICS, zone=UTC)[0])
    assert found["per_day"] == {"2026-01-01": 2, "2026-01-05": 1}
    assert found["hits"][0]["score"] == 9.0
    assert found["levels"] == {"focus": 2, "mention": 1}
