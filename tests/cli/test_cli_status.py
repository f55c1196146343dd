"""`watcher status`: one screen, the same as JSON, and 1 when the operator must act."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.harness import DIGEST_AT_SEVEN, Harness, Item
from watcher.store.records import Role
from watcher.store.store import open_store


def status(harness: Harness) -> tuple[int, dict[str, object]]:
    done = harness.command("status", "--json")
    found: dict[str, object] = json.loads(done.stdout)
    assert found["ok"] is (done.returncode == 0)
    return done.returncode, found


def test_all_is_well_after_a_round(harness: Harness) -> None:
    harness.clock.set(datetime.now(UTC))
    harness.route = DIGEST_AT_SEVEN
    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now() - timedelta(minutes=1))])
    harness.once()
    code, found = status(harness)
    assert (code, found["attention"], found["last_digest_at"]) == (0, [], None)
    counts = {"polls_last_day": 1, "failed_last_day": 0}
    assert found["feeds"] == {"polled": 1, "due": 0, "failing": 0, "with_issues": 0, "lag_seconds": 0, **counts}
    assert found["deliveries"] == {"waiting": 1}
    assert datetime.fromisoformat(str(found["waiting_since"])).tzinfo is not None
    lines = harness.command("status").stdout.splitlines()
    assert {line.split()[0] for line in lines} >= {"daemon", "feeds", "entries", "waiting", "messages", "store"}


def test_a_dead_letter_needs_the_operator_until_it_is_dropped(harness: Harness) -> None:
    harness.clock.set(datetime.now(UTC))
    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now() - timedelta(minutes=1))])
    harness.chat.script = [410]
    harness.once()
    code, found = status(harness)
    assert (code, found["messages"]) == (1, {"ready": 0, "dead": 1})
    (dead,) = json.loads(harness.command("outbox", "list", "--state", "dead", "--json").stdout)
    harness.command("outbox", "drop", dead["key"])
    assert status(harness)[1]["messages"] == {"ready": 0, "dead": 0}


def test_every_feed_failing_needs_the_operator(harness: Harness) -> None:
    harness.clock.set(datetime.now(UTC))
    harness.feed_urls = ["http://127.0.0.1:9/none"]
    harness.once()
    code, found = status(harness)
    assert (code, len(list(found["attention"]))) == (1, 1)  # type: ignore[call-overload]


def test_a_store_that_nothing_polls_any_more_is_noticed(harness: Harness) -> None:
    harness.clock.set(datetime.now(UTC) - timedelta(days=10))
    harness.publish("/wire", [Item("a", "Bread", harness.clock.now() - timedelta(minutes=1))])
    harness.once()
    assert status(harness)[0] == 1


def test_nodes_are_listed_also_after_their_end(harness: Harness) -> None:
    harness.clock.set(datetime.now(UTC))
    harness.publish("/wire", [])
    harness.once()
    (node,) = json.loads(harness.command("nodes", "--json").stdout)
    assert (node["state"], node["roles"], node["generation"], node["leads"]) == ("left", ["poll", "notify"], 1, False)
    assert harness.command("nodes").stdout.splitlines()[1].split("\t")[0] == node["id"][:8]


@pytest.mark.parametrize("roles", ["poll", "notify", "poll,notify"])
def test_work_that_no_living_node_does_is_noticed(harness: Harness, roles: str) -> None:
    now = datetime.now(UTC)
    harness.clock.set(now)
    harness.publish("/wire", [])
    harness.once()
    with closing(open_store("sqlite:///watcher.db", base=harness.folder)) as store:
        store.nodes.register("node", "machine", now, timedelta(hours=1), roles=roles)
    missing = [f"--role {role.value}" for role in Role if role.value not in roles]
    code, found = status(harness)
    attention = " ".join(list(found["attention"]))  # type: ignore[call-overload]
    assert (code, [role for role in ("--role poll", "--role notify") if role in attention]) == (len(missing), missing)


def test_an_unknown_role_is_refused(harness: Harness) -> None:
    harness.publish("/wire", [])
    assert harness.command("run", "--role", "poll,cook").returncode == 2
