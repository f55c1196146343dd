"""A configuration and a store of an earlier version open as they are, and nothing in them is lost."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from watcher.cli.main import app
from watcher.model.entry import IdentityScheme
from watcher.model.notification import NotificationState
from watcher.service.load import load_config
from watcher.store.store import Store, open_store

FIXTURES = Path(__file__).parent.parent / "fixtures"
LATER = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder of the version with schema 0002, which polled seven feeds and sent two messages."""
    old = FIXTURES / "schema-0002"
    shutil.copy(old / "config.yaml", tmp_path)
    with closing(sqlite3.connect(tmp_path / "demo.db")) as connection:
        connection.executescript((old / "store.sql").read_text("utf-8"))
    return tmp_path


@pytest.fixture
def before(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """What the old store holds, as its own columns say."""
    questions = {
        "feeds": "SELECT url, next_poll_at, not_before, last_polled_at, failures FROM feeds ORDER BY url",
        "entries": "SELECT lower(hex(key)) FROM entries ORDER BY 1",
        "seen": "SELECT count(*) FROM seen",
        "alerts": "SELECT lower(hex(id)), state FROM alerts ORDER BY 1",
        "deliveries": "SELECT state, count(*) FROM deliveries GROUP BY state ORDER BY state",
        "notifications": "SELECT lower(hex(key)) FROM notifications WHERE state = 'sent' ORDER BY 1",
    }
    with closing(sqlite3.connect(folder / "demo.db")) as connection:
        return {name: connection.execute(question).fetchall() for name, question in questions.items()}


@pytest.fixture
def store(folder: Path, before: dict[str, list[tuple[object, ...]]]) -> Iterator[Store]:
    opened = open_store("sqlite:///demo.db", base=folder)
    opened.upgrade()
    opened.check_schema()
    yield opened
    opened.close()


def microseconds(moment: datetime | None) -> int | None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return None if moment is None else (moment - epoch) // timedelta(microseconds=1)


def test_the_configuration_is_accepted(folder: Path) -> None:
    config = load_config(folder / "config.yaml", {}, secrets="require", must_run=True)
    assert len(config.settings.feeds) == 7
    assert {topic.name for topic in config.settings.topics} == {"detention-facilities", "ceasefires"}


def test_every_alert_entry_and_message_is_still_there(
    store: Store, before: dict[str, list[tuple[object, ...]]]
) -> None:
    alerts = store.alerts.newest(limit=1_000)
    assert sorted((alert.id, alert.state.value) for alert in alerts) == before["alerts"]
    assert sorted((entry.key,) for entry in store.entries.since(datetime.min.replace(tzinfo=UTC))) == before["entries"]
    assert [(store.stats().seen,)] == before["seen"]
    assert sorted(store.stats().deliveries.items()) == before["deliveries"]
    sent = store.outbox.newest(state=NotificationState.SENT)
    assert sorted((one.key,) for one in sent) == before["notifications"]
    assert all(store.outbox.attempts(one.key) for one in sent)


def test_every_feed_keeps_its_state(store: Store, before: dict[str, list[tuple[object, ...]]]) -> None:
    states = store.feeds.states()
    times = [
        (
            state.url,
            microseconds(state.next_poll_at),
            microseconds(state.not_before),
            microseconds(state.last_polled_at),
            state.failures,
        )
        for state in states
    ]
    assert times == before["feeds"]
    assert {state.identity for state in states} == {IdentityScheme.ID}
    assert sum(bool(state.validators) for state in states) == 6
    acquired = store.polls.acquire_due("me", LATER, LATER + timedelta(minutes=1), 100)
    assert len(acquired) == len(states)


def test_the_commands_list_the_old_alerts(folder: Path, before: dict[str, list[tuple[object, ...]]]) -> None:
    config = str(folder / "config.yaml")
    upgraded = CliRunner().invoke(app, ["db", "upgrade", "-c", config])
    assert upgraded.exit_code == 0, upgraded.output
    listed = CliRunner().invoke(app, ["alerts", "list", "-c", config])
    assert listed.exit_code == 0, listed.output
    assert all(str(alert_id)[:8] in listed.output for alert_id, _ in before["alerts"])
