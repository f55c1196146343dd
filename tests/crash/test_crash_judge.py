"""The judge: each thing it counts, on logs and a store written by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.crash.invariants import broken_invariants
from tests.crash.judge import Judge, Verdict
from tests.crash.stores import MICROSECONDS, PostgresStore, SqliteStore
from watcher.store.store import open_store

TOKEN = "n0000001"
ALERT, ENTRY, KEY = bytes(15) + b"\1", bytes(15) + b"\2", bytes(15) + b"\3"
DESK = "desk/email/0"


@dataclass
class Case:
    """One entry of topic beta, which goes to the desk by mail; delivered once by the run `a` unless a test says otherwise."""

    folder: Path
    store: SqliteStore
    truth: list[dict[str, Any]] = field(
        default_factory=lambda: [{"t": 1.0, "token": TOKEN, "feed": 0, "topic": "beta", "story": TOKEN}]
    )
    tries: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=lambda: [{"t": 0.0, "what": "start", "run": "a"}])

    def tried(self, at: float, run: str = "a", **changed: Any) -> None:
        line = {"t": at, "opened": at, "run": run, "channel": DESK, "id": KEY.hex(), "tokens": [TOKEN]}
        answer = {"accepted": True, "told": True, "fault": "", "retry_after": None, "owner": None, "until": None}
        self.tries.append({**line, **answer, **changed})

    def attempted(self, started: float, finished: float | None, reason: str = "") -> None:
        end = None if finished is None else int(finished * MICROSECONDS)
        begun = int(started * MICROSECONDS)
        self.insert("attempts", notification_id=1, number=1, started_at=begun, finished_at=end, reason=reason)

    def insert(self, table: str, **values: Any) -> None:
        """A row; columns that must have a value and are not named here are empty."""
        columns = self.store.rows(f"SELECT name, type, \"notnull\", pk FROM pragma_table_info('{table}')")
        empty = {name: 0 if kind != "TEXT" else "" for name, kind, must, key in columns if must and not key}
        row = {**empty, **values}
        self.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", *row.values())

    def execute(self, statement: str, *values: Any) -> None:
        with self.store.connect(write=True) as db:
            db.execute(statement, values)

    def judged(self) -> Verdict:
        for name, lines in (("truth", self.truth), ("tries", self.tries), ("events", self.events)):
            (self.folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        for run in ("a", "b"):
            ready = {"event": "daemon.started", "node": f"owner of {run}"}
            (self.folder / f"{run}.log").write_text(json.dumps(ready) + "\n")
        return Judge(self.folder, self.store, 1).judge()


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    product = open_store("sqlite:///watcher.db", base=tmp_path)
    product.upgrade()
    product.close()
    made = Case(tmp_path, SqliteStore(tmp_path / "watcher.db"))
    document = json.dumps({"v": 1, "value": {"entry": {"title": f"{TOKEN} words"}}})
    made.insert("feeds", id=1, url="https://example.org/feed")
    made.insert("seen", feed_id=1, key=ENTRY)
    made.insert("entries", id=1, key=ENTRY, feed_id=1)
    made.insert(
        "alerts", seq=1, id=ALERT, topic="beta", entry_key=ENTRY, state="routed", created_at=1, document=document
    )
    made.insert("delivery_groups", id=1, key=KEY, channel=DESK)
    made.insert("notifications", id=1, key=KEY, group_id=1, channel=DESK, state="sent", finished_at=2)
    made.insert("deliveries", alert_seq=1, channel=DESK, group_id=1, notification_id=1, state="delivered")
    return made


def test_one_delivery_is_in_order(case: Case) -> None:
    case.attempted(9.9, 10.1)
    case.tried(10.0)
    verdict = case.judged()
    assert verdict.broken == []
    assert (verdict.deliveries, verdict.accepted, verdict.copies) == (1, 1, 0)


def test_what_no_sink_has_is_lost_whatever_the_store_says(case: Case) -> None:
    verdict = case.judged()
    assert verdict.broken == ["lost", "false_claims"]


def test_an_entry_that_was_never_read_is_lost_even_if_no_topic_wants_it(case: Case) -> None:
    case.attempted(9.9, 10.1)
    case.tried(10.0)
    case.truth.append({"t": 2.0, "token": "n0000002", "feed": 0, "topic": None, "story": "n0000002"})
    verdict = case.judged()
    assert verdict.broken == ["lost"]
    assert verdict.lost == ["1 entries were never read"]


def test_what_nobody_wrote_is_unexpected(case: Case) -> None:
    case.tried(10.0)
    case.tried(11.0, id="other", tokens=["n0000099"])
    assert case.judged().broken == ["unexpected"]


def test_a_copy_without_a_reason(case: Case) -> None:
    case.attempted(9.9, 10.1)
    case.attempted(10.9, 11.1)
    case.tried(10.0)
    case.tried(11.0)
    verdict = case.judged()
    assert verdict.broken == ["unreasoned", "too_many"]
    assert verdict.copies == 1


def test_a_sink_that_hid_its_answer_is_a_reason(case: Case) -> None:
    case.tried(10.0, told=False, fault="reset after")
    case.tried(11.0)
    verdict = case.judged()
    assert verdict.broken == []
    assert verdict.reasons == {"the sink hid its answer": 1}


@pytest.mark.parametrize(("waited", "broken"), [(2.2, []), (0.2, ["unreasoned", "too_many"])])
def test_a_sender_that_waited_in_vain_is_a_reason_if_it_did_wait(case: Case, waited: float, broken: list[str]) -> None:
    case.attempted(9.9, 9.9 + waited, "timeout")
    case.attempted(19.9, 20.1)
    case.tried(10.0)
    case.tried(20.0)
    assert case.judged().broken == broken


@pytest.mark.parametrize(("clocks", "started"), [(SqliteStore.CLOCKS, 9.9), (PostgresStore.CLOCKS, 10.14)])
def test_a_kill_between_send_and_result_is_a_reason(
    case: Case, monkeypatch: pytest.MonkeyPatch, clocks: float, started: float
) -> None:
    monkeypatch.setattr(case.store, "CLOCKS", clocks)
    case.attempted(started, None)
    case.attempted(11.9, 12.1)
    case.events.append({"t": 10.05, "what": "kill", "run": "a"})
    case.events.append({"t": 11.0, "what": "start", "run": "b"})
    case.tried(10.0)
    case.tried(12.0, "b")
    verdict = case.judged()
    assert verdict.broken == []
    assert verdict.reasons == {"a kill between send and result": 1}


def test_a_kill_after_the_result_is_none(case: Case) -> None:
    case.attempted(9.9, 10.1)
    case.attempted(11.9, 12.1)
    case.events.append({"t": 10.5, "what": "kill", "run": "a"})
    case.events.append({"t": 11.0, "what": "start", "run": "b"})
    case.tried(10.0)
    case.tried(12.0, "b")
    assert case.judged().broken == ["unreasoned", "too_many"]


def test_a_freeze_during_the_send_is_a_reason(case: Case) -> None:
    case.attempted(9.9, None)
    case.attempted(20.9, 21.1)
    case.events.append({"t": 9.95, "what": "freeze", "run": "a", "until": 30.0})
    case.events.append({"t": 12.0, "what": "start", "run": "b"})
    case.tried(21.0, "b", owner="owner of b", until=25.0)
    case.tried(30.1, "a", owner="owner of b", until=40.0)
    verdict = case.judged()
    assert verdict.broken == []
    assert verdict.reasons == {"a freeze across the lease": 1}


def test_a_freeze_before_the_lease_was_checked_is_none(case: Case) -> None:
    case.attempted(20.9, None)
    case.events.append({"t": 9.95, "what": "freeze", "run": "a", "until": 30.0})
    case.events.append({"t": 12.0, "what": "start", "run": "b"})
    case.tried(21.0, "b", owner="owner of b", until=35.0)
    case.tried(30.1, "a", owner="owner of b", until=35.0)
    assert case.judged().broken == ["unreasoned", "too_many", "foreign_leases"]


def test_two_ids_of_one_delivery(case: Case) -> None:
    case.tried(10.0, accepted=False, id="another")
    case.tried(11.0)
    assert case.judged().broken == ["more_than_one_id"]


def test_a_try_before_the_time_that_was_asked_for(case: Case) -> None:
    case.tried(10.0, accepted=False, fault="429", retry_after=3)
    case.tried(12.0)
    assert case.judged().broken == ["early"]


@pytest.mark.parametrize(("arrived", "broken"), [(True, []), (False, ["lost", "unaccounted"])])
def test_a_copy_needs_no_delivery_where_its_story_arrived(case: Case, arrived: bool, broken: list[str]) -> None:
    """As where the first alert waits longer on one of two channels: there the copy is sent, on the other it is not."""
    case.truth.append({"t": 2.0, "token": "n0000002", "feed": 1, "topic": "beta", "story": TOKEN})
    document = json.dumps({"v": 1, "value": {"entry": {"title": "n0000002 words"}}})
    case.insert(
        "alerts", seq=2, id=KEY, entry_key=KEY, state="routed", folded_into=ALERT, created_at=2, document=document
    )
    case.insert("seen", feed_id=1, key=KEY)
    case.insert("entries", id=2, key=KEY, feed_id=1)
    case.attempted(9.9, 10.1)
    case.tried(10.0, accepted=arrived)
    verdict = case.judged()
    assert [name for name in verdict.broken if name != "false_claims"] == broken


def test_an_alert_that_is_nowhere(case: Case) -> None:
    case.tried(10.0)
    case.execute("DELETE FROM deliveries")
    case.execute("DELETE FROM alerts")
    assert case.judged().broken == ["unaccounted"]


@pytest.mark.parametrize(
    ("change", "invariant"),
    [
        ("UPDATE deliveries SET state = 'sending'", "I5"),
        ("UPDATE notifications SET state = 'dead'", "I4"),
        ("UPDATE deliveries SET state = 'waiting'", "I2"),
        ("UPDATE alerts SET state = 'unrouted'; UPDATE deliveries SET state = 'held'", "I1"),
        ("DELETE FROM seen", "I1"),
    ],
)
def test_invariants_of_a_store(case: Case, change: str, invariant: str) -> None:
    assert broken_invariants(case.store) == []
    for statement in change.split("; "):
        case.execute(statement)
    assert any(problem.startswith(invariant) for problem in broken_invariants(case.store))
