"""`db backup`, `db restore` and `db check`: copies that are whole, private, and overwrite nothing."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.harness.harness import Harness, Item


@pytest.fixture
def filled(harness: Harness) -> Harness:
    harness.clock.set(datetime.now(UTC))
    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now() - timedelta(minutes=1))])
    harness.once()
    return harness


def count(file: Path, table: str = "alerts") -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_a_copy_is_private_and_whole_and_leaves_nothing_beside_it(filled: Harness) -> None:
    folder = filled.folder / "copies"
    folder.mkdir()
    assert filled.command("db", "backup", "copies").returncode == 0
    (copy,) = folder.iterdir()
    assert (copy.stat().st_mode & 0o777, count(copy)) == (0o600, 1)


def test_only_the_newest_copies_are_kept_and_nothing_else_is_touched(filled: Harness) -> None:
    folder = filled.folder / "copies"
    folder.mkdir()
    for name in ("watcher-20260101T000000Z.db", "watcher-20260102T000000Z.db", "watcher-notes.db", "other.db"):
        (folder / name).touch()
    assert filled.command("db", "backup", "copies", "--keep", "2").returncode == 0
    left = {file.name for file in folder.iterdir()}
    assert {"watcher-20260102T000000Z.db", "watcher-notes.db", "other.db"} <= left
    assert (len(left), "watcher-20260101T000000Z.db" in left) == (4, False)
    assert filled.command("db", "backup", "new.db", "--keep", "2").returncode == 2


def test_a_planted_link_is_not_followed(filled: Harness) -> None:
    victim = filled.folder / "victim"
    (filled.folder / "copy.db").symlink_to(victim)
    assert filled.command("db", "backup", "copy.db").returncode == 2
    assert not victim.exists()


def test_a_restored_store_goes_on_where_the_copy_was_made(filled: Harness) -> None:
    assert filled.command("db", "backup", "copy.db").returncode == 0
    refused = filled.command("db", "restore", "copy.db")
    assert (refused.returncode, "mv " in refused.stderr) == (2, True)
    for file in filled.folder.glob("watcher.db*"):
        file.rename(file.with_name(f"{file.name}.before"))
    done = filled.command("db", "restore", "copy.db")
    assert done.returncode == 0, done.stderr
    store = filled.folder / "watcher.db"
    assert store.stat().st_mode & 0o777 == 0o600
    assert filled.once().alerts == 0  # what was seen is known
    assert len(json.loads(filled.command("alerts", "list", "--json").stdout)) == 1


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_what_is_no_copy_is_refused_and_nothing_is_put_in_place(harness: Harness, content: bytes) -> None:
    harness.publish("/wire", [])
    harness.write()
    (harness.folder / "copy.db").write_bytes(content)
    done = harness.command("db", "restore", "copy.db")
    assert done.returncode == 2, done.stderr
    assert not (harness.folder / "watcher.db").exists()
    assert harness.command("db", "restore", "nothing.db").returncode == 2


def test_a_damaged_copy_is_refused(filled: Harness) -> None:
    assert filled.command("db", "backup", "copy.db").returncode == 0
    copy = filled.folder / "copy.db"
    data = bytearray(copy.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 8192] = b"\xff" * 8192
    copy.write_bytes(bytes(data))
    for file in filled.folder.glob("watcher.db*"):
        file.unlink()
    done = filled.command("db", "restore", "copy.db")
    assert done.returncode == 2, done.stdout
    assert not (filled.folder / "watcher.db").exists()


def test_a_sound_store_passes(filled: Harness) -> None:
    filled.chat.script = [410]
    filled.publish("/wire", [Item("b", "Truce broken", filled.clock.now() - timedelta(minutes=1))])
    filled.clock.advance(timedelta(hours=1))
    filled.once()
    done = filled.command("db", "check", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"ok": True, "problems": []})


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("DELETE FROM notifications", "message that is missing"),
        ("DELETE FROM alerts", "alert that is missing"),
        ("UPDATE deliveries SET state = 'sending'", "(I5)"),
        ("UPDATE notifications SET state = 'dead'", "(I4)"),
        ("DELETE FROM feeds", "feed that is missing"),
    ],
)
def test_what_breaks_an_invariant_is_named(filled: Harness, damage: str, said: str) -> None:
    with closing(sqlite3.connect(filled.folder / "watcher.db")) as connection, connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute(damage)
    done = filled.command("db", "check")
    assert (done.returncode, said in done.stdout) == (1, True), done.stdout
