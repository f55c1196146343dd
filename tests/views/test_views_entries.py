"""Why an entry has no alert, as a value."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from watcher.match.explain import Explanation
from watcher.model.alert import Evidence
from watcher.model.entry import Entry, EntryRecord
from watcher.model.topic import Level
from watcher.views.entries import WhyNot, why_no_alert

NOW = datetime(2026, 1, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ENTRY = EntryRecord("k" * 32, "https://a.example/feed", "A", Entry(id="1", link="", title="t", published=NOW), NOW)
PART = Evidence("ceasefire*", "title", 1, 300, "t", ((0, 1),))


def explained(topic: str = "a", score: int = 300, level: Level = Level.NONE, **more: object) -> Explanation:
    parts = (PART,) if score else ()
    found = Explanation(topic, level, score, 500, parts, ((),) * len(parts), None, None, None, 200, 75)
    return replace(found, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("explanations", "reason", "topic"),
    [
        ([], WhyNot.NO_TERM, None),
        ([explained(score=0)], WhyNot.NO_TERM, None),
        ([explained()], WhyNot.TOO_FEW, "a"),
        ([explained(excluded_by="football")], WhyNot.EXCLUDED, "a"),
        ([explained(missing="Syria")], WhyNot.MISSING, "a"),
        ([explained("a", 100), explained("b", 200)], WhyNot.TOO_FEW, "b"),
        ([explained("a", 900), explained("b", 500, Level.FOCUS)], WhyNot.MATCHES_NOW, "b"),
    ],
)
def test_the_nearest_topic_says_why(explanations: list[Explanation], reason: WhyNot, topic: str | None) -> None:
    why = why_no_alert(ENTRY, explanations, None, DAY)
    assert (why.reason, why.topic) == (reason, topic)


@pytest.mark.parametrize(
    ("published", "baseline", "reason"),
    [
        (NOW - 5 * DAY, NOW, WhyNot.OLD),
        (NOW - 5 * DAY, NOW - timedelta(seconds=5), WhyNot.OLD),
        (NOW - 5 * DAY, NOW - DAY, WhyNot.MATCHES_NOW),
        (None, NOW, WhyNot.UNDATED),
        (None, NOW - DAY, WhyNot.MATCHES_NOW),
        (NOW - timedelta(hours=1), NOW, WhyNot.MATCHES_NOW),
    ],
)
def test_what_was_in_the_first_document_was_not_new(
    published: datetime | None, baseline: datetime, reason: WhyNot
) -> None:
    record = replace(ENTRY, entry=replace(ENTRY.entry, published=published))
    assert why_no_alert(record, [explained(level=Level.FOCUS)], baseline, DAY).reason is reason
