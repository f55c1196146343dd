"""The judge: what becomes of an alert in view of what was told before."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from watcher.model.alert import Alert, ToldAlert
from watcher.model.entry import Entry
from watcher.model.story import Judgement, Verdict
from watcher.model.topic import Level
from watcher.story.cluster import judge

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def alert(level: Level, entry_key: str = "mine", story: str = "s") -> Alert:
    return Alert(
        id="a", topic="t", topic_title="T", level=level, score=500, focus=500, evidence=(), entry_key=entry_key,
        entry=Entry("i", "l", "t"), feed_url="u", feed_title="f", first_seen=NOW, story=story,
    )  # fmt: skip


def told(id_: str, level: Level, entry_key: str = "other", story: str = "s") -> ToldAlert:
    return ToldAlert(id_, level, entry_key, story, NOW)


@pytest.mark.parametrize(
    ("level", "earlier", "expected"),
    [
        (Level.MENTION, [], Judgement(Verdict.TELL)),
        (Level.MENTION, [told("1", Level.MENTION)], Judgement(Verdict.FOLD, "1")),
        (Level.MENTION, [told("1", Level.MENTION), told("2", Level.FOCUS)], Judgement(Verdict.FOLD, "2")),
        (Level.FOCUS, [told("1", Level.MENTION)], Judgement(Verdict.TELL)),
        (Level.FOCUS, [told("1", Level.MENTION, "mine")], Judgement(Verdict.TELL)),
        (Level.FOCUS, [told("1", Level.FOCUS, "mine")], Judgement(Verdict.REPEAT)),
        (Level.MENTION, [told("1", Level.FOCUS, "mine")], Judgement(Verdict.REPEAT)),
        (Level.MENTION, [told("1", Level.FOCUS, "mine", "earlier text")], Judgement(Verdict.REPEAT)),
        (Level.MENTION, [told("1", Level.FOCUS, story="unrelated")], Judgement(Verdict.TELL)),
    ],
)
def test_verdicts(level: Level, earlier: list[ToldAlert], expected: Judgement) -> None:
    assert judge(alert(level), earlier) == expected
