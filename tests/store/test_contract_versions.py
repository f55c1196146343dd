"""What every engine must do: programs of several versions on one store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from watcher.errors import SchemaInUse, SchemaMismatch
from watcher.store import schema, upgrades
from watcher.store.store import Store, open_store

BEFORE = "0015"
"""The last version whose nodes did not say which schema they were made for."""

NOW = datetime.now(UTC)
LIVES = timedelta(seconds=15)
BEGIN = "INSERT INTO nodes (id, name, started_at, alive_until) VALUES ('old', 'machine', :now, :until)"


@pytest.fixture(params=["sqlite", "postgres"])
def old_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store of the version `BEFORE`, on which a node works whose last beat was just now."""
    is_server = request.param == "postgres"
    url = request.getfixturevalue("postgres_empty_url") if is_server else "sqlite:///watcher.db"
    store = open_store(url, base=tmp_path)
    now = int(NOW.timestamp() * 1_000_000)
    with store._database.write("test") as connection:
        schema.migrate(connection, BEFORE)
        connection.execute(text(BEGIN), {"now": now, "until": now + 3_600_000_000})
    yield store
    store.close()


@pytest.fixture
def newer(store: Store) -> Iterator[Store]:
    """A store of a version that this program does not know, on which `node` works; set back at the end."""
    store.nodes.register("node", "machine", NOW, LIVES)
    yield store
    set_version(store, schema.CURRENT, schema.CURRENT)  # a PostgreSQL store serves several tests


def set_version(store: Store, version: str, oldest_program: str) -> None:
    values = {"version_num": version, "oldest_program": oldest_program}
    with store._database.write("test") as connection:
        connection.execute(update(schema.version_table).values(values))


class TestUpgrade:
    def test_waits_for_nodes_that_could_not_go_on(self, old_store: Store) -> None:
        with pytest.raises(SchemaInUse, match=r"machine \(old\)"):
            old_store.upgrade()
        assert old_store.stats().schema == BEFORE
        old_store.nodes.leave("old", NOW)
        assert old_store.upgrade() == schema.CURRENT
        old_store.check_schema()
        assert [(node.id, node.schema) for node in old_store.nodes.all()] == [("old", None)]

    def test_a_node_says_which_schema_it_was_made_for(self, store: Store) -> None:
        store.nodes.register("node", "machine", NOW, LIVES)
        assert [node.schema for node in store.nodes.all()] == [schema.CURRENT]


def test_a_silent_node_is_dead_after_an_upgrade_and_can_write_nothing(tmp_path: Path) -> None:
    """On SQLite: a server that has just started spares the silent."""
    store = open_store("sqlite:///watcher.db", base=tmp_path)
    with store._database.write("test") as connection:
        schema.migrate(connection, BEFORE)
        connection.execute(text(BEGIN), {"now": 1, "until": 2})
    assert store.upgrade() == schema.CURRENT
    assert not store.nodes.beat("old", NOW, LIVES).alive
    store.close()


class TestNewerSchema:
    def test_a_program_goes_on_with_a_schema_that_allows_it(self, newer: Store) -> None:
        set_version(newer, "9999", schema.CURRENT)
        newer.check_schema()
        assert newer.nodes.beat("node", NOW, LIVES).alive
        assert newer.upgrade() == "9999"

    def test_a_program_ends_with_a_schema_that_does_not(self, newer: Store) -> None:
        set_version(newer, "9999", "9998")
        for refused in (newer.check_schema, newer.upgrade, lambda: newer.nodes.beat("node", NOW, LIVES)):
            with pytest.raises(SchemaMismatch, match="9999"):
                refused()


@pytest.mark.parametrize(
    ("living", "oldest_program", "target"),
    [
        ([], {}, "4"),
        (["1"], {}, "1"),
        (["3"], {}, "3"),
        (["1"], {"2": "1"}, "2"),
        (["1"], {"2": "1", "3": "1", "4": "1"}, "4"),
        (["2", "1"], {"2": "1", "3": "2"}, "2"),
        (["2"], {"2": "1", "3": "2"}, "3"),
        ([""], {"2": "1"}, "1"),
    ],
)
def test_migrations_run_as_far_as_all_living_nodes_can_go_on(
    living: list[str], oldest_program: Mapping[str, str], target: str
) -> None:
    assert upgrades.reachable("1", living, ["1", "2", "3", "4"], oldest_program) == target


def test_no_version_lets_older_programs_go_on_than_the_version_before() -> None:
    oldest = [schema.OLDEST_PROGRAM.get(version, version) for version in schema.VERSIONS]
    assert oldest == sorted(oldest)
    assert schema.OLDEST_PROGRAM.keys() <= set(schema.VERSIONS)
    assert all(version >= schema.KNOWS_OLDEST_PROGRAM for version in schema.OLDEST_PROGRAM.values())
