"""What becomes of an alert in view of earlier ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from watcher.model.alert import Alert, AlertOrigin, EarlierAlert, Match, make_alert
from watcher.model.entry import Entry, Identified
from watcher.model.story import AlertDecision, Verdict
from watcher.model.topic import Level, Topic
from watcher.model.trust import Trust
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


def test_a_topic_that_does_not_fold_gets_every_copy_once() -> None:
    unfolded = replace(alert(Level.FOCUS), folds=False)
    assert decide_alert(unfolded, [earlier_alert("1", Level.FOCUS)]).verdict is Verdict.NOTIFY
    assert decide_alert(unfolded, [earlier_alert("1", Level.FOCUS, "mine")]).verdict is Verdict.REPEAT


def test_a_new_title_is_sent_again_where_the_topic_wants_updates() -> None:
    retitled = replace(alert(Level.FOCUS), revision="0" * 32)
    assert decide_alert(retitled, [earlier_alert("1", Level.FOCUS, "mine")]).verdict is Verdict.NOTIFY


def test_a_copy_is_not_folded_behind_a_feed_trusted_less() -> None:
    earlier = [replace(earlier_alert("1", Level.FOCUS), trust=Trust.LOW)]
    assert decide_alert(alert(Level.FOCUS), earlier).verdict is Verdict.NOTIFY
    assert decide_alert(replace(alert(Level.FOCUS), trust=Trust.LOW), earlier).verdict is Verdict.FOLD


@pytest.mark.parametrize("updates", [True, False])
def test_only_topics_that_want_updates_make_alerts_of_new_titles(updates: bool) -> None:
    topic = Topic("t", "T", (), updates=updates)
    match = Match("t", 500, Level.FOCUS, 500, ())
    origin = AlertOrigin("u", "u", "f", {}, None)
    known = Identified("k", Entry("i", "l", "t"), None, "fingerprint", "")
    first = make_alert(match, topic, known, origin, NOW)
    again = make_alert(match, topic, replace(known, is_retitled=True), origin, NOW)
    assert (again.id != first.id, again.revision) == ((True, "fingerprint") if updates else (False, ""))
