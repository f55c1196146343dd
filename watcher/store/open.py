"""From the `store` line of the configuration to a store."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from watcher.errors import UsageError
from watcher.store.alerts import SqlAlerts
from watcher.store.entries import SqlEntries
from watcher.store.feeds import SqlFeeds
from watcher.store.groups import SqlGroups
from watcher.store.interface import Store
from watcher.store.notifications import SqlOutbox
from watcher.store.polls import SqlPolls
from watcher.store.seen import SqlSeen
from watcher.store.sqlite import SqliteDatabase
from watcher.store.upkeep import SqlUpkeep

SQLITE = "sqlite:///"
PATIENCE = timedelta(seconds=5)
"""How long a transaction waits for another process before it is `StoreBusy`."""


class SqlStore(SqlFeeds, SqlSeen, SqlPolls, SqlEntries, SqlAlerts, SqlGroups, SqlOutbox, SqlUpkeep):
    """The whole cellar, over any engine that is a `Database`."""


def open_store(url: str, *, base: Path, patience: timedelta = PATIENCE) -> Store:
    """A store at `url`; a relative path of SQLite's is beside `base`. Nothing is read or created yet.

    Raises `UsageError` for a URL that names no engine of ours.
    """
    if not url.startswith(SQLITE):
        raise UsageError(f"`store: {_scheme(url)}…` names no store of watcher's: write sqlite:///PATH")
    path = url.removeprefix(SQLITE)
    if path in ("", ":memory:") or "?" in path:
        raise UsageError(
            "`store` needs the path of a file, as in sqlite:///watcher.db: "
            "a store in memory would lose alerts, and options after ? are not known"
        )
    return SqlStore(SqliteDatabase(base / path, patience))


def _scheme(url: str) -> str:
    """What stands before the first colon: the rest may carry a password (I12)."""
    return url.partition(":")[0]
