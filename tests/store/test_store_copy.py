"""A whole store copied into another one: all of it or nothing, between any two engines."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.harness.store_samples import (
    ASSIGNER,
    DAY,
    HOUR,
    NOW,
    acquire_one,
    alert,
    frozen,
    notify_all,
    poll,
    save_alerts,
)
from watcher.errors import UsageError
from watcher.failpoints import VARIABLE
from watcher.model.notification import NotificationState
from watcher.store.store import Store, open_store

LIVES = timedelta(seconds=15)


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Store]:
    """A SQLite store with a feed under lease, alerts, a message that waits, and a mark."""
    with closing(open_store("sqlite:///old.db", base=tmp_path)) as store:
        store.upgrade()
        first = alert("a")
        save_alerts(store, first, alert("b"), alert("c"))
        frozen(store, alert("d"), now=NOW + HOUR)
        store.marks.mark(first.id, True, NOW)
        store.facts.remember("routes", "x")
        acquire_one(store, now=NOW + DAY)
        yield store


def states(store: Store) -> list[object]:
    return [replace(state) for state in store.feeds.states()]


def test_everything_arrives_and_work_goes_on(filled: Store, store: Store) -> None:
    copied = filled.copy_into(store, NOW)
    assert copied["alerts"] == 4
    assert copied["feeds"] == 1
    assert states(store) == states(filled)
    assert store.stats().deliveries == filled.stats().deliveries
    assert [one.key for one in store.outbox.newest()] == [one.key for one in filled.outbox.newest()]
    assert store.facts.recall("routes") == "x"
    assert store.problems() == []
    assert save_alerts(store, alert("e"), now=NOW + 2 * DAY).alerts_new


def test_leases_of_the_old_store_are_void(filled: Store, store: Store) -> None:
    held = acquire_one(filled, now=NOW + 2 * DAY, owner="me")
    filled.copy_into(store, NOW)
    (saved,) = store.polls.save("me", [poll(held)], NOW, notify_all, ASSIGNER)
    assert not saved.saved
    assert acquire_one(store, now=NOW + 2 * DAY).epoch > held.epoch


def test_a_store_that_is_not_empty_is_left_alone(filled: Store, store: Store) -> None:
    store.feeds.sync(["https://other.example/feed"], NOW)
    with pytest.raises(UsageError):
        filled.copy_into(store, NOW)
    assert [state.url for state in store.feeds.states()] == ["https://other.example/feed"]


def test_a_store_that_a_process_works_on_is_not_copied(filled: Store, store: Store) -> None:
    filled.nodes.register("one", "first", NOW, LIVES)
    with pytest.raises(UsageError):
        filled.copy_into(store, NOW)
    assert filled.copy_into(store, NOW + DAY)["alerts"] == 4


@pytest.mark.slow
@pytest.mark.parametrize(("side", "kept"), [("before", False), ("after", True)])
def test_a_copy_that_is_killed_is_whole_or_nothing(filled: Store, tmp_path: Path, side: str, kept: bool) -> None:
    command = [
        sys.executable,
        "-m",
        "watcher",
        "db",
        "copy",
        f"sqlite:///{tmp_path}/old.db",
        f"sqlite:///{tmp_path}/new.db",
    ]
    environment = {**os.environ, VARIABLE: f"copy_store.{side}_commit:1"}
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    with closing(open_store("sqlite:///new.db", base=tmp_path)) as copy:
        assert bool(copy.outbox.newest(state=NotificationState.READY)) is kept
        assert copy.stats().alerts == (filled.stats().alerts if kept else {})
