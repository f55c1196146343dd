"""How much work a poll is: counted, not timed, so that a busy machine says the same.

Each count is taken for few and for many feeds. What counts is the difference: what a round costs in itself is in both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.harness.harness import Harness, Item
from watcher.parse.pool import ParserPool
from watcher.text import fold
from watcher.threads import ThreadPool

MINUTE = timedelta(minutes=1)
FEW, MANY = 4, 36
ENTRIES = 30
WORDS = "The harbour of the town was closed after the dockers had walked out over their pay, officials said. "


@dataclass(frozen=True, slots=True)
class Work:
    """What one poll costs more, on average."""

    statements: float
    transactions: float
    jobs: float
    characters: float
    """Folded in the daemon for the fingerprints of entries."""
    handovers: float
    """Work that the event loop gives to a thread."""


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    counts: Counter[str] = Counter()
    parse, folded, hand_over = ParserPool.parse, fold.fold, ThreadPool.__call__

    def executed(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        counts["statements"] += not statement.startswith("BEGIN")

    async def parsed(pool: ParserPool, body: bytes, **given: Any) -> Any:
        counts["jobs"] += 1
        return await parse(pool, body, **given)

    def fold_counted(text: str) -> str:
        counts["characters"] += len(text)
        return folded(text)

    async def handed_over(pool: ThreadPool, *work: Any, **given: Any) -> Any:
        counts["handovers"] += 1
        return await hand_over(pool, *work, **given)

    # However slow the machine is, polls wait for one another: how many share a transaction is not left to chance.
    monkeypatch.setattr("watcher.poll.group_commit.GATHER_WITHIN", MINUTE)
    monkeypatch.setattr(ParserPool, "parse", parsed)
    monkeypatch.setattr(ThreadPool, "__call__", handed_over)
    monkeypatch.setattr("watcher.model.fingerprint.fold", fold_counted)

    def committed(_connection: Any) -> None:
        counts["transactions"] += 1

    event.listen(Engine, "before_cursor_execute", executed)
    event.listen(Engine, "commit", committed)
    try:
        yield counts
    finally:
        event.remove(Engine, "before_cursor_execute", executed)
        event.remove(Engine, "commit", committed)
        monkeypatch.undo()


def publish(harness: Harness, feeds: int, first: int, at: datetime) -> None:
    """Each feed has `ENTRIES` entries behind this number."""
    for feed in range(feeds):
        numbers = range(first + ENTRIES, first, -1)
        items = [
            Item(f"{feeds}-{feed}-{number}", f"Bread price {feed} {number}", at, f"{WORDS}{feed} {number}")
            for number in numbers
        ]
        harness.publish(f"/{feeds}/{feed}", items)


def rounds(harness: Harness, monkeypatch: pytest.MonkeyPatch, feeds: int) -> dict[str, Counter[str]]:
    found, at = {}, harness.clock.now() - MINUTE * 60
    for name, first in (("cold", 0), ("warm", 0), ("changed", 1)):
        publish(harness, feeds, first, at)
        with counted(monkeypatch) as found[name]:
            report = harness.once()
        assert (report.feeds, report.failed) == (feeds, 0)
        assert report.entries_new == (0 if name == "warm" else feeds * (ENTRIES if name == "cold" else 1))
        harness.clock.advance(MINUTE * 60)
    return found


@pytest.fixture
def work(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Work]:
    rounds(harness, monkeypatch, 1)  # what only the first start does
    harness.feed_urls = []
    few = rounds(harness, monkeypatch, FEW)
    harness.feed_urls = []
    many = rounds(harness, monkeypatch, MANY)
    names = ("statements", "transactions", "jobs", "characters", "handovers")
    return {
        name: Work(*((many[name][what] - few[name][what]) / (MANY - FEW) for what in names))
        for name in ("cold", "warm", "changed")
    }


def test_a_poll_costs_no_more_than_it_must(work: dict[str, Work]) -> None:
    """All polls of a round share one transaction: another poll adds rows to it, not statements.

    The feeds of one host are acquired some at a time: that, too, is shared.
    """
    assert work["warm"].statements <= 0.2
    assert work["cold"].statements <= 0.2
    assert work["changed"].statements <= 1.2, "one to look up"
    assert work["warm"].transactions <= 0.1
    assert work["cold"].transactions <= 0.1
    assert work["changed"].transactions <= 1.1
    assert work["warm"].handovers <= 0.5
    assert work["cold"].handovers <= 1.5, "one to score the entries"
    assert work["changed"].handovers <= 2.5, "one to look up, one to score"
    assert [work[name].jobs for name in ("cold", "warm", "changed")] == [1, 0, 1]
    assert [work[name].characters for name in work] == [0, 0, 0], "the parser child folds the texts"
