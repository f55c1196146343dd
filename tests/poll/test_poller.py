"""A defect in one step of a poll is a failed poll of that feed, with a reason, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.harness.harness import Harness, Item
from watcher.errors import PollReason
from watcher.match.percolator import Percolator
from watcher.poll import poller

MINUTE = timedelta(minutes=1)
STEPS: dict[str, tuple[Any, str]] = {
    "parse": (poller.ParserPool, "parse"),
    "decide": (poller, "decide"),
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
    assert harness.told() == ["Ceasefire agreed, says the agency"]
    states = {state.url: state for state in harness.store().feeds.states()}
    odd = states[harness.feeds.url("/odd")]
    assert (odd.reason, odd.failures) == (PollReason.DEFECT, 1)
    assert odd.next_poll_at > harness.clock.now()


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
    assert harness.told() == ["Ceasefire agreed"]
