"""A defect in one step of a poll is a failed poll of that feed, with a reason, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

import pytest

from tests.harness.harness import Harness, Item
from watcher.errors import PollReason
from watcher.match.percolator import Percolator
from watcher.poll import poller
from watcher.store.polls import Polls

MINUTE = timedelta(minutes=1)
STEPS: dict[str, tuple[Any, str]] = {
    "parse": (poller.ParserPool, "parse"),
    "decide": (poller, "decide_first"),
    "quota": (poller, "within_quota"),
    "schedule": (poller.cadence, "after_document"),
    "name": (poller.NamedDocument, "of"),
}


def publish(harness: Harness) -> None:
    for name in ("odd", "agency"):
        harness.publish(f"/{name}", [Item(name, f"Ceasefire agreed, says the {name}", harness.clock.now() - MINUTE)])


def raise_for_odd(original: Callable[..., Any]) -> Callable[..., Any]:
    def step(*given: Any, **named: Any) -> Any:
        if "/odd" in repr((given, named)):
            raise RecursionError("a defect")
        return original(*given, **named)

    return step


@pytest.mark.parametrize("step", STEPS)
def test_a_defect_backs_one_feed_off_with_a_reason(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    owner, name = STEPS[step]
    monkeypatch.setattr(owner, name, raise_for_odd(getattr(owner, name)))
    publish(harness)
    report = harness.once()
    assert (report.fetched, report.failed) == (1, 1)
    assert harness.alerted_titles() == ["Ceasefire agreed, says the agency"]
    states = {state.url: state for state in harness.store().feeds.states()}
    odd = states[harness.feeds.url("/odd")]
    assert (odd.reason, odd.failures) == (PollReason.DEFECT, 1)
    assert odd.next_poll_at > harness.clock.now()


class _Jobs:
    """What the parser is asked for, and what it gives."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.known: list[int] = []
        self.with_texts: list[int] = []
        parse = poller.ParserPool.parse

        async def counted(
            pool: poller.ParserPool, body: bytes, *, known_hashes: Collection[str] = (), **given: Any
        ) -> Any:
            parsed = await parse(pool, body, known_hashes=known_hashes, **given)
            self.known.append(len(known_hashes))
            self.with_texts.append(sum(bool(entry.summary) for entry in parsed.entries))
            return parsed

        monkeypatch.setattr(poller.ParserPool, "parse", counted)


def test_of_a_changed_document_only_the_changed_entry_is_read_looked_up_and_matched(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [
        Item(str(number), f"Bread price {number}", harness.clock.now() - MINUTE, f"text {number}")
        for number in range(30)
    ]
    jobs, probes = _Jobs(monkeypatch), []
    seen = Polls.seen

    def counted(polls: Polls, url: str, probe: Any) -> Any:
        probes.append(len(probe.keys) // 2)
        return seen(polls, url, probe)

    monkeypatch.setattr(Polls, "seen", counted)
    harness.publish("/wire", items)
    harness.once()
    harness.clock.advance(MINUTE * 60)
    harness.publish("/wire", [Item("new", "Ceasefire agreed", harness.clock.now() - MINUTE, "news"), *items[:-1]])
    assert harness.once().entries_new == 1
    harness.clock.advance(MINUTE * 60)
    harness.publish("/wire", items)
    assert harness.once().entries_new == 0
    assert (jobs.known, jobs.with_texts) == ([0, 30, 30], [30, 1, 1])
    assert probes == [1, 1]
    assert harness.alerted_titles() == ["Ceasefire agreed"]


def test_a_document_whose_changes_do_not_decide_is_read_again_in_full(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [Item(str(number), f"Bread price {number}", harness.clock.now() - MINUTE, "text") for number in range(3)]
    jobs = _Jobs(monkeypatch)
    harness.publish("/wire", items)
    harness.once()
    harness.clock.advance(MINUTE * 60)
    harness.publish("/wire", [Item("new", "Bread price 1", harness.clock.now() - MINUTE, "other"), *items])
    assert harness.once().entries_new == 1
    assert (jobs.known, jobs.with_texts) == ([0, 3, 0], [3, 1, 4])


def test_a_body_that_is_the_last_one_is_not_read_again(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a day the whole document is asked for, whatever the validators say."""
    jobs = _Jobs(monkeypatch)
    harness.publish("/wire", [Item("a", "Bread price", harness.clock.now() - MINUTE, "text")])
    rounds = []
    for _ in range(2):
        rounds.append(harness.once().fetched)
        harness.clock.advance(MINUTE * 60 * 25)
    assert (rounds, jobs.known) == ([1, 1], [0])


def test_an_entry_that_cannot_be_matched_costs_only_itself(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    percolate = Percolator.percolate

    def odd(self: Percolator, entry: Any, *rest: Any) -> Any:
        if "poison" in entry.title:
            raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")
        return percolate(self, entry, *rest)

    monkeypatch.setattr(Percolator, "percolate", odd)
    at = harness.clock.now() - MINUTE
    harness.publish("/wire", [Item(title, title, at) for title in ("Ceasefire poison", "Ceasefire agreed")])
    report = harness.once()
    assert (report.fetched, report.failed, report.entries_new) == (1, 0, 2)
    assert harness.alerted_titles() == ["Ceasefire agreed"]
