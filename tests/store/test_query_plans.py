"""No question that is asked all the time reads a whole table or sorts one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from tests.harness.store_samples import (
    ASSIGNER,
    CHAT,
    DAY,
    DIGEST,
    FEED,
    HOUR,
    MINUTE,
    NOW,
    PROMPT,
    acquire_one,
    alert,
    frozen,
    identified,
    kept,
    notify_all,
    poll,
    route_to,
    save_alerts,
)
from watcher.errors import NotifyReason
from watcher.model.alert import stable_hash
from watcher.model.entry import EntryDecision, SeenProbe
from watcher.model.feed import AcquiredFeed, PollState
from watcher.model.notification import Delivered
from watcher.store.columns import metadata
from watcher.store.store import Store

SOME = frozenset({stable_hash("1"), stable_hash("2")})
PROBE = SeenProbe(SOME, SOME, SOME)
LEASED = poll(
    AcquiredFeed(PollState(FEED, NOW), 4, NOW + 7 * HOUR),
    decision=EntryDecision(new=(identified("new"),), known=(identified("1").key,)),
    alerts=(alert("new"),),
)
"""A poll under the last lease of `lived_in`."""

QUESTIONS: dict[str, Callable[[Store], object]] = {
    "acquire_due_feeds": lambda store: store.polls.acquire_due("me", NOW + DAY, NOW + 2 * DAY, 100),
    "seen": lambda store: store.polls.seen(FEED, PROBE),
    "save_polls": lambda store: store.polls.save("me", [LEASED], NOW + 6 * HOUR, notify_all, ASSIGNER),
    "entry": lambda store: store.entries.find("0123456789abcdef"),
    "entries": lambda store: store.entries.since(NOW, 10),
    "unrouted_alerts": lambda store: store.routing.unrouted(10),
    "save_routing": lambda store: store.routing.save(route_to(DIGEST, alerts=[alert("2")]), NOW),
    "waiting_groups": lambda store: store.groups.waiting(),
    "waiting_alerts": lambda store: store.groups.waiting_alerts(DIGEST, 10),
    "freeze": lambda store: store.groups.freeze(DIGEST, NotifyReason.DIGEST, NOW, 10),
    "alerts": lambda store: store.alerts.newest(),
    "alert": lambda store: store.alerts.find("0123456789"),
    "dropped": lambda store: store.outbox.dropped(["0" * 32]),
    "copies_of": lambda store: store.alerts.copies_of(alert("1").id),
    "alert_life": lambda store: store.alerts.deliveries(alert("1").id),
    "acquire_notifications": lambda store: store.outbox.acquire("me", NOW, NOW + MINUTE, 10, channels=[CHAT]),
    "begin_attempt": lambda store: store.outbox.begin_attempt("me", stable_hash("1"), 1, NOW),
    "record_outcome": lambda store: store.outbox.record("me", stable_hash("1"), 1, Delivered(), NOW, None),
    "notifications": lambda store: store.outbox.newest(),
    "purge": lambda store: store.purge(NOW + 9_999 * DAY, kept(DAY, seen=DAY), 100),
}

MAY_SORT = {
    "waiting_groups", "waiting_alerts", "freeze", "alert_life", "alerts", "unrouted_alerts", "save_polls", "dropped",
    "acquire_due_feeds",
}  # fmt: skip
"""What sorts a handful that an index found: the groups that wait, the alerts of one group or story, what was folded
into the alerts of one page, the deliveries of one alert, the attempts of one message, the due feeds of some hosts."""

MAY_WALK_AN_INDEX = {"waiting_groups"}
"""What counts all that waits, from an index that holds nothing else. With a limit, walking an index is no reading of
all: it begins where it must and stops."""

SMALL = {"feed_reports", "nodes"}
"""Tables with a row for each process: an index would be as large."""


@contextmanager
def statements() -> Iterator[list[tuple[str, tuple[object, ...]]]]:
    """Every statement that is executed, with its parameters (of the first row where there are many)."""
    heard: list[tuple[str, tuple[object, ...]]] = []

    def hear(_connection, _cursor, statement, parameters, _context, many) -> None:  # type: ignore[no-untyped-def]
        heard.append((statement, parameters[0] if many else parameters))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


def plan(file: Path, statement: str, parameters: tuple[object, ...]) -> list[str]:
    if not statement.startswith(("SELECT", "UPDATE", "DELETE")):
        return []
    with closing(sqlite3.connect(file)) as connection:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]


@pytest.fixture
def lived_in(sqlite_store: Store) -> Store:
    """A store with something in every table."""
    sqlite_store.feeds.sync([FEED], NOW)
    frozen(sqlite_store, alert("1"), group=PROMPT)
    decision = EntryDecision(new=(identified("0"),))
    later = NOW + 2 * HOUR
    sqlite_store.polls.save(
        "me", [poll(acquire_one(sqlite_store, now=later), later, decision=decision)], later, notify_all, ASSIGNER
    )
    save_alerts(sqlite_store, alert("2"), alert("3"), now=NOW + 4 * HOUR)
    sqlite_store.routing.save(route_to(DIGEST, alerts=[alert("3")]), NOW)
    assert acquire_one(sqlite_store, now=NOW + 6 * HOUR).epoch == LEASED.epoch
    return sqlite_store


@pytest.mark.parametrize("question", QUESTIONS)
def test_indexes_answer(tmp_path: Path, lived_in: Store, question: str) -> None:
    with statements() as heard:
        QUESTIONS[question](lived_in)
    assert heard
    for statement, parameters in heard:
        for step in plan(tmp_path / "watcher.db", statement, parameters):
            assert "TEMP B-TREE" not in step or question in MAY_SORT, f"{step}\n{statement}"
            assert not reads_a_table(step) or may_walk(step, statement, question), f"{step}\n{statement}"


def test_the_due_feeds_of_a_host_are_found_in_order(tmp_path: Path, lived_in: Store) -> None:
    """A host may have very many: only the first ones are read."""
    with statements() as heard:
        QUESTIONS["acquire_due_feeds"](lived_in)
    (found,) = [one for one in heard if "ORDER BY feeds.next_poll_at" in one[0] and one[0].startswith("SELECT")]
    steps = plan(tmp_path / "watcher.db", *found)
    due = next(number for number, step in enumerate(steps) if "ix_feeds_due (host_id=? AND next_poll_at<?)" in step)
    assert not any("ORDER BY" in step for step in steps[: due + 1])
    assert sum("USE TEMP B-TREE FOR ORDER BY" in step for step in steps) == 1


def reads_a_table(step: str) -> bool:
    tables = metadata.tables.keys() - SMALL
    return any(step == f"SCAN {table}" or step.startswith(f"SCAN {table} ") for table in tables)


def may_walk(step: str, statement: str, question: str) -> bool:
    return "USING" in step and ("LIMIT" in statement or question in MAY_WALK_AN_INDEX)
