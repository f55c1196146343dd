"""Copies of SQLite databases, for backup and restore: whole or not at all, readable by their owner only."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path

from watcher.errors import StoreError


def copy_database(source: Path, target: Path) -> None:
    """Writes a consistent copy of a live database to a new file with mode 0600.

    An existing `target`, even a symbolic link, is neither overwritten nor followed. Raises `StoreError` when the target
    cannot be written, `sqlite3.Error` when the source cannot be read.
    """
    if os.path.lexists(target):
        raise StoreError(f"{target} exists already: name a new file")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error.strerror}; name a file elsewhere") from error
    os.close(handle)
    partial = Path(name)
    try:
        with closing(_open(source)) as original:
            _copy(original, partial)
        os.link(partial, target)
    except FileExistsError as error:
        raise StoreError(f"{target} exists already: name a new file") from error
    finally:
        for file in (partial, *(partial.with_name(partial.name + end) for end in ("-journal", "-wal", "-shm"))):
            with suppress(FileNotFoundError):
                file.unlink()


def problems_of_file(file: Path) -> list[str]:
    """What SQLite finds wrong with a database file: its integrity and its references; at most 100 lines each."""
    with closing(_open(file)) as connection:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(100)")]
        references = connection.execute("PRAGMA foreign_key_check").fetchmany(100)
        tables = {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "alerts" not in tables:
        return ["it has no tables of watcher"]
    missing = [f"row {row[1]} of {row[0]} refers to a row of {row[2]} that is missing" for row in references]
    return [*(line for line in found if line != "ok"), *missing]


def may_only_read(file: Path) -> bool:
    """Whether this user may read a database, but not write it and the files beside it."""
    ways = [(file, os.W_OK), (file.parent, os.W_OK | os.X_OK)]
    return file.exists() and not all(os.access(path, mode, effective_ids=True) for path, mode in ways)


def connect_to_read(file: Path, timeout: float = 5) -> sqlite3.Connection:
    """A connection for whoever `may_only_read`.

    While a process has the database open, its log is read too. Without a log nobody writes, and SQLite must believe
    so (`immutable`), since it could not make the log's index; what a writer that starts now writes is not seen.
    """
    is_open = file.with_name(f"{file.name}-wal").exists()
    address = f"{file.resolve().as_uri()}?mode=ro{'' if is_open else '&immutable=1'}"
    return sqlite3.connect(address, timeout, uri=True, isolation_level=None, check_same_thread=False)


def _open(file: Path) -> sqlite3.Connection:
    """Not read-only where that can be helped: a log that a process left can be read by whoever may write its index.

    Creates no file.
    """
    if may_only_read(file):
        return connect_to_read(file)
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=rw", uri=True)


def _copy(source: sqlite3.Connection, target: Path) -> None:
    """A copy in one step, so that writers in between cannot restart it; one plain file without a WAL beside it."""
    with closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE").close()
