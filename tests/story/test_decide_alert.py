"""What becomes of an alert in view of earlier ones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from watcher.model.alert import Alert, EarlierAlert
from watcher.model.entry import Entry
from watcher.model.story import AlertDecision, Verdict
from watcher.model.topic import Level
from watcher.story.assign import decide_alert

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def alert(level: Level, entry_key: str = "mine", story: str = "s") -> Alert:
    return Alert(
        id="a", topic="t", topic_title="T", level=level, score=500, focus=500, evidence=(), entry_key=entry_key,
        entry=Entry("i", "l", "t"), feed_url="u", feed_title="f", first_seen=NOW, story=story,
    )  # fmt: skip


def earlier_alert(id_: str, level: Level, entry_key: str = "other", story: str = "s") -> EarlierAlert:
    return EarlierAlert(id_, level, entry_key, story, NOW)


@pytest.mark.parametrize(
    ("level", "earlier", "expected"),
    [
        (Level.MENTION, [], AlertDecision(Verdict.NOTIFY)),
        (Level.MENTION, [earlier_alert("1", Level.MENTION)], AlertDecision(Verdict.FOLD, "1")),
        (
            Level.MENTION,
            [earlier_alert("1", Level.MENTION), earlier_alert("2", Level.FOCUS)],
            AlertDecision(Verdict.FOLD, "2"),
        ),
        (Level.FOCUS, [earlier_alert("1", Level.MENTION)], AlertDecision(Verdict.NOTIFY)),
        (Level.FOCUS, [earlier_alert("1", Level.MENTION, "mine")], AlertDecision(Verdict.NOTIFY)),
        (Level.FOCUS, [earlier_alert("1", Level.FOCUS, "mine")], AlertDecision(Verdict.REPEAT)),
        (Level.MENTION, [earlier_alert("1", Level.FOCUS, "mine")], AlertDecision(Verdict.REPEAT)),
        (Level.MENTION, [earlier_alert("1", Level.FOCUS, "mine", "earlier text")], AlertDecision(Verdict.REPEAT)),
        (Level.MENTION, [earlier_alert("1", Level.FOCUS, story="unrelated")], AlertDecision(Verdict.NOTIFY)),
    ],
)
def test_verdicts(level: Level, earlier: list[EarlierAlert], expected: AlertDecision) -> None:
    assert decide_alert(alert(level), earlier) == expected
