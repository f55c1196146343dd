"""What was sent, what was folded, and why the rest was not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from watcher.demo.result import sent_alerts, why_unsent
from watcher.demo.samples import SampleEntry
from watcher.match.explain import Explanation
from watcher.model.alert import Alert, AlertState
from watcher.model.entry import Entry
from watcher.model.topic import Level

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(hours=24)
FRESH = SampleEntry("1", "Title", "Text", timedelta(hours=1))
OLD = SampleEntry("2", "Title", "Text", timedelta(days=5))
UNDATED = SampleEntry("3", "Title", "Text", None)


def alert(
    id: str,
    level: Level,
    score: int,
    *,
    feed: str = "Feed",
    state: AlertState = AlertState.ROUTED,
    into: str | None = None,
) -> Alert:
    entry = Entry("", "", "Title")
    return Alert(
        id, "t", "T", level, score, 500, (), "e" + id, entry, "u", feed, NOW, "s", state=state, folded_into=into
    )


def judged(
    score: int, *, level: Level = Level.NONE, excluded_by: str | None = None, missing: str | None = None
) -> Explanation:
    return Explanation("ceasefires", level, score, 500, (), (), None, excluded_by, missing, 0, 375 - score)


def test_the_best_comes_first_with_the_feeds_folded_into_it() -> None:
    mention = alert("m", Level.MENTION, 900)
    focus = alert("f", Level.FOCUS, 600)
    copies = [
        alert(str(number), Level.FOCUS, 600, feed=feed, state=AlertState.FOLDED, into="f")
        for number, feed in enumerate(["Zeta", "Alpha"])
    ]
    sent = sent_alerts([mention, *copies, focus])
    assert [(one.alert.id, one.folded) for one in sent] == [("f", ("Alpha", "Zeta")), ("m", ())]


@pytest.mark.parametrize(
    ("judgements", "reason"),
    [
        ([judged(0), judged(0)], "no term of any topic, as a whole word"),
        ([judged(0), judged(1350, excluded_by="@football")], "13.5 points, but excluded by @football"),
        ([judged(900, missing="@region"), judged(100)], "9 points, but without @region"),
        ([judged(300)], "3 points: 0.75 too few for a mention"),
    ],
)
def test_the_nearest_topic_says_why_not(judgements: list[Explanation], reason: str) -> None:
    assert why_unsent(FRESH, judgements, DAY) == reason


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (OLD, "5 days old at the first poll (backfill 24h)"),
        (UNDATED, "no date, and there at the first poll"),
        (FRESH, "should have alerted"),
    ],
)
def test_an_entry_that_would_have_alerted_was_there_before_we_watched(entry: SampleEntry, reason: str) -> None:
    assert why_unsent(entry, [judged(1350, level=Level.FOCUS)], DAY) == reason
    assert why_unsent(entry, None, DAY) == reason
