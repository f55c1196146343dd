"""The schema: made directly, made by migration, refused when it is somebody else's."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from watcher.errors import SchemaMismatch
from watcher.store import schema
from watcher.store.sqlite import SqliteDatabase
from watcher.store.store import open_store

HALF_A_MIGRATION = """
import os, signal, sys
from datetime import timedelta
from pathlib import Path
from sqlalchemy import event
from watcher.store import schema
from watcher.store.sqlite import SqliteDatabase

database = SqliteDatabase(Path(sys.argv[1]), timedelta(seconds=5))
with database.write("test") as connection:
    tables = iter(range(5))

    @event.listens_for(connection, "after_cursor_execute")
    def die_half_way(_connection, _cursor, statement, *_rest):
        if "CREATE TABLE" in statement and next(tables, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    schema.migrate(connection)
"""


def shape(file: Path) -> set[str]:
    """Every statement of the schema, without its white space and quotes."""
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {re.sub(r'[\s"]', "", sql) for (sql,) in rows}


def migrated(file: Path) -> None:
    database = SqliteDatabase(file, timedelta(seconds=5))
    with database.write("test") as connection:
        schema.migrate(connection)
    database.close()


def stamp(file: Path, version: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?, oldest_program = ?", (version, version))


def test_a_fresh_store_has_the_schema_that_migrations_lead_to(tmp_path: Path) -> None:
    migrated(tmp_path / "migrated.db")
    fresh = open_store("sqlite:///fresh.db", base=tmp_path)
    assert fresh.upgrade() == schema.CURRENT
    fresh.close()
    assert shape(tmp_path / "fresh.db") == shape(tmp_path / "migrated.db")


def test_every_version_has_its_migration() -> None:
    folder = Path(schema.__file__).parent / "migrations" / "versions"
    assert sorted(file.name[1:5] for file in folder.glob("m*.py")) == list(schema.VERSIONS)


def test_a_store_without_tables_names_the_command_that_helps(tmp_path: Path) -> None:
    store = open_store("sqlite:///watcher.db", base=tmp_path)
    with pytest.raises(SchemaMismatch, match="db upgrade"):
        store.check_schema()
    store.upgrade()
    store.check_schema()
    store.close()


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    store = open_store("sqlite:///watcher.db", base=tmp_path)
    store.upgrade()
    stamp(tmp_path / "watcher.db", "9999")
    for refused in (store.check_schema, store.upgrade):
        with pytest.raises(SchemaMismatch, match="9999"):
            refused()
    assert store.stats().schema == "9999"
    store.close()


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE contacts (name TEXT)")
    store = open_store("sqlite:///other.db", base=tmp_path)
    with pytest.raises(SchemaMismatch, match="contacts"):
        store.upgrade()
    store.close()
    assert shape(tmp_path / "other.db") == {"CREATETABLEcontacts(nameTEXT)"}


def test_a_migration_killed_half_way_is_begun_again(tmp_path: Path) -> None:
    file = tmp_path / "watcher.db"
    child = subprocess.run([sys.executable, "-c", HALF_A_MIGRATION, str(file)], env=os.environ, check=False)
    assert child.returncode == -signal.SIGKILL
    assert shape(file) == set()
    migrated(file)
    store = open_store("sqlite:///watcher.db", base=tmp_path)
    store.check_schema()
    store.close()


def test_alembic_is_not_imported_by_opening_creating_and_checking(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from watcher.store.store import open_store;"
        "store = open_store('sqlite:///watcher.db', base=Path(sys.argv[1]));"
        "store.upgrade(); store.check_schema(); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False).returncode == 0


def test_copies_of_before_count_as_shown_where_their_story_went(tmp_path: Path) -> None:
    """A digest after the update does not list every copy that there ever was."""
    database = SqliteDatabase(tmp_path / "watcher.db", timedelta(seconds=5))
    with database.write("test") as connection:
        schema.migrate(connection, "0007")
    database.close()
    with closing(sqlite3.connect(tmp_path / "watcher.db")) as connection, connection:
        connection.execute(
            "INSERT INTO delivery_groups (id, key, route, channel, labels) VALUES (1, x'01', '/', 'c', '{}')"
        )
        for seq, into in ((1, None), (2, b"first"), (3, b"other")):
            connection.execute(
                "INSERT INTO alerts (seq, id, topic, entry_key, story, feed_title, level, score, state, folded_into, "
                "created_at, document, reason) VALUES (?, ?, 't', x'01', ?, '', 'focus', 1, 'folded', ?, 1, '{}', '')",
                (seq, str(seq).encode(), "s" if seq < 3 else "other", into),
            )
        connection.execute(
            "INSERT INTO deliveries (alert_seq, channel, group_id, score, waiting_since, state, reason, since) "
            "VALUES (1, 'c', 1, 1, 1, 'delivered', '', 1)"
        )
    migrated(tmp_path / "watcher.db")
    with closing(sqlite3.connect(tmp_path / "watcher.db")) as connection:
        assert connection.execute("SELECT alert_seq, channel FROM shown_copies").fetchall() == [(2, "c")]
