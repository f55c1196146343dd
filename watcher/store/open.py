"""From the `store` line of the configuration to a store."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy.exc import ArgumentError

from watcher.errors import UsageError
from watcher.store.alerts import SqlAlerts
from watcher.store.empty import SqlEmptyDigests
from watcher.store.entries import SqlEntries
from watcher.store.feedback import SqlMarks
from watcher.store.feeds import SqlFeeds
from watcher.store.groups import SqlGroups
from watcher.store.holds import SqlHolding
from watcher.store.interface import Store
from watcher.store.maintenance import SqlUpkeep
from watcher.store.notifications import SqlOutbox
from watcher.store.polls import SqlPolls
from watcher.store.postgres import PostgresDatabase
from watcher.store.seen import SqlSeen
from watcher.store.silences import SqlSilences
from watcher.store.sqlite import SqliteDatabase

SQLITE = "sqlite:///"
POSTGRES = "postgresql+psycopg://"
PATIENCE = timedelta(seconds=5)
"""How long a transaction waits for another process before it is `StoreBusy`."""


class SqlStore(
    SqlFeeds,
    SqlSeen,
    SqlPolls,
    SqlEntries,
    SqlAlerts,
    SqlMarks,
    SqlGroups,
    SqlEmptyDigests,
    SqlHolding,
    SqlSilences,
    SqlOutbox,
    SqlUpkeep,
):
    """The whole cellar, over any engine that is a `Database`."""


def open_store(url: str, *, base: Path, patience: timedelta = PATIENCE) -> Store:
    """A store at `url`; a relative path of SQLite's is beside `base`. Nothing is read or created yet.

    Raises `UsageError` for a URL that names no engine of ours.
    """
    if url.startswith(POSTGRES):
        return SqlStore(_postgres(url, patience))
    if url.startswith(SQLITE):
        return SqlStore(SqliteDatabase(base / _path(url), patience))
    raise UsageError(f"`store: {_scheme(url)}:…` names no store of watcher's: write {SQLITE}PATH or {POSTGRES}…")


def _path(url: str) -> str:
    path = url.removeprefix(SQLITE)
    if path in ("", ":memory:") or "?" in path:
        raise UsageError(
            f"`store` needs the path of a file, as in {SQLITE}watcher.db: "
            "a store in memory would lose alerts, and options after ? are not known"
        )
    return path


def _postgres(url: str, patience: timedelta) -> PostgresDatabase:
    try:
        return PostgresDatabase(url, patience)
    except ModuleNotFoundError as error:
        raise UsageError("`store` on PostgreSQL needs its driver: install watcher[postgres]") from error
    except (ArgumentError, ValueError) as error:
        raise UsageError(f"`store: {POSTGRES}…` cannot be read: write {POSTGRES}USER@HOST/DATABASE") from error


def _scheme(url: str) -> str:
    """What stands before the first colon: the rest may carry a password (I12)."""
    return url.partition(":")[0]
