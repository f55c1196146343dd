"""What was sent and what was folded."""

from __future__ import annotations

from datetime import UTC, datetime

from watcher.demo.result import sent_alerts
from watcher.model.alert import Alert, AlertState
from watcher.model.entry import Entry
from watcher.model.topic import Level

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


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


def test_the_best_comes_first_with_the_feeds_folded_into_it() -> None:
    mention = alert("m", Level.MENTION, 900)
    focus = alert("f", Level.FOCUS, 600)
    copies = [
        alert(str(number), Level.FOCUS, 600, feed=feed, state=AlertState.FOLDED, into="f")
        for number, feed in enumerate(["Zeta", "Alpha"])
    ]
    sent = sent_alerts([mention, *copies, focus])
    assert [(one.alert.id, one.folded) for one in sent] == [("f", ("Alpha", "Zeta")), ("m", ())]
