"""Stores of every released schema are copied, upgraded, interrupted on the way, and restored, with nothing lost."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from watcher.cli.main import app
from watcher.store import schema
from watcher.store.sqlite import SqliteDatabase

FIXTURE = Path(__file__).parent.parent / "fixtures" / "schema-0002"
ENTRIES = int(os.environ.get("WATCHER_UPGRADE_ENTRIES", "1000"))
"""100000 for a run by hand."""
MORE = """
INSERT INTO {table} ({columns})
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})
SELECT {values} FROM numbers, (SELECT * FROM {table} LIMIT 1)
"""
COUNTED = ("feeds", "seen", "entries", "alerts", "deliveries", "notifications", "attempts")
KILLED = {"0001": 2, "0006": 1}
"""Versions whose upgrade is killed, and how often: each takes a process."""


def migrate(file: Path, target: str) -> None:
    database = SqliteDatabase(file, timedelta(seconds=5))
    with database.write("upgrade") as connection:
        schema.migrate(connection, target)
    database.close()


def columns(connection: sqlite3.Connection, table: str, database: str = "main") -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA {database}.table_info({table})")]


def multiply(connection: sqlite3.Connection, table: str, count: int) -> None:
    """Adds rows like the first, each with a key of its own."""
    names = [name for name in columns(connection, table) if name != "id"]
    values = ", ".join("randomblob(16)" if name == "key" else name for name in names)
    connection.execute(MORE.format(table=table, columns=", ".join(names), values=values, count=count))


@pytest.fixture
def folder(tmp_path: Path, version: str) -> Path:
    """A working folder whose store has this schema, and many entries."""
    shutil.copy(FIXTURE / "config.yaml", tmp_path)
    old, file = tmp_path / "old.db", tmp_path / "demo.db"
    with closing(sqlite3.connect(old)) as connection:
        connection.executescript((FIXTURE / "store.sql").read_text("utf-8"))
    if version == "0001":
        migrate(file, version)
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("ATTACH ? AS old", (str(old),))
            for table in (*COUNTED, "delivery_groups"):
                names = ", ".join(set(columns(connection, table)) & set(columns(connection, table, "old")))
                connection.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM old.{table}")
    else:
        shutil.move(old, file)
    with closing(sqlite3.connect(file)) as connection, connection:
        for table in ("entries", "seen"):
            multiply(connection, table, ENTRIES)
    migrate(file, version)
    return tmp_path


def counts(file: Path) -> dict[str, int]:
    with closing(sqlite3.connect(file)) as connection:
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in COUNTED}


def schema_of(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def command(folder: Path, *words: str) -> None:
    done = CliRunner().invoke(app, [*words, "-c", str(folder / "config.yaml")])
    assert done.exit_code == 0, done.output


def killed_upgrades(folder: Path, version: str) -> Iterator[int]:
    """Upgrades that die after a migration chosen by chance; yields their exit codes."""
    steps = len(schema.VERSIONS) - schema.VERSIONS.index(version) - 1
    chance = random.Random(version)
    for _ in range(KILLED.get(version, 0)):
        failpoint = chance.choice([f"migration.step:{chance.randint(1, steps)}", "upgrade.before_commit:1"])
        words = [sys.executable, "-m", "watcher", "db", "upgrade", "-c", str(folder / "config.yaml")]
        environment = {**os.environ, "WATCHER_FAILPOINT": failpoint}
        yield subprocess.run(words, env=environment, check=False, stderr=subprocess.DEVNULL).returncode


@pytest.mark.slow
@pytest.mark.parametrize("version", schema.VERSIONS[:-1])
def test_a_store_of_every_released_schema_is_upgraded(folder: Path, version: str) -> None:
    file, copy = folder / "demo.db", folder / "copy.db"
    assert schema_of(file) == version
    before = counts(file)
    assert before["entries"] > ENTRIES
    command(folder, "db", "backup", str(copy))
    assert (schema_of(copy), counts(copy)) == (version, before)

    for code in killed_upgrades(folder, version):
        assert code == -signal.SIGKILL
        assert (schema_of(file), counts(file)) == (version, before), "an interrupted upgrade has changed nothing"
    command(folder, "db", "upgrade")
    assert (schema_of(file), counts(file)) == (schema.CURRENT, before)
    command(folder, "db", "check")

    for part in folder.glob("demo.db*"):
        part.rename(folder / f"before-{part.name}")
    command(folder, "db", "restore", str(copy))
    assert (schema_of(file), counts(file)) == (schema.CURRENT, before)
