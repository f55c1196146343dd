"""The store seen from outside: plain SQL on connections of the bench's own, nothing of the program under test."""

from __future__ import annotations

import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg.errors import DeadlockDetected

from tests.crash.ledger import Line
from tests.harness.postgres import PrivateServer, private_folder

MICROSECONDS = 1_000_000
HOUR = 3_600 * MICROSECONDS
DAY = 24 * HOUR
PATIENCE = 20
POSTGRES = "postgresql+psycopg://"


class Closing(Protocol):
    """A lock that is held until it is closed."""

    def close(self) -> None: ...


class Store:
    """Reads, and the few things that the world does to a store: holding its lock, letting its rows grow old.

    Queries are written for both engines, with `?` for values.
    """

    url: str
    errors: tuple[type[Exception], ...]
    CLOCKS = 0.05
    """Seconds by which two processes may write the same moment differently."""

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    def rows_now(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """As `rows`; fails at once when the server is away."""
        return self.rows(query, *values)

    def change(self, *statements: tuple[str, Sequence[Sequence[Any]]]) -> None:
        """Runs each statement for each of its rows of values, all in one transaction."""
        raise NotImplementedError

    def lock(self) -> Closing:
        """Keeps every writer out until whoever is given the lock closes it."""
        raise NotImplementedError

    def damage(self) -> list[str]:
        """What the engine itself finds wrong."""
        raise NotImplementedError

    def restart(self, after: float) -> None:
        """Stops the server, and starts it again `after` seconds."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends what was started for this store."""

    def number(self, query: str, *values: Any) -> int:
        return int(self.rows(query, *values)[0][0] or 0)

    def lease_of(self, key: str) -> Line:
        """Who holds a notification's lease now, for the log of a sink."""
        if not re.fullmatch("[0-9a-f]{32}", key):
            return {"owner": None, "until": None}
        try:
            found = self.rows_now(
                "SELECT lease_owner, lease_until FROM notifications WHERE key = ?", bytes.fromhex(key)
            )
        except self.errors as error:
            return {"owner": None, "until": None, "unknown": str(error)}
        owner, until = found[0] if found else (None, None)
        return {"owner": owner, "until": until / MICROSECONDS if until else None}

    def unfinished(self) -> dict[str, int]:
        """What has not come to its end yet."""
        queries = {
            "unrouted": "SELECT count(*) FROM alerts WHERE state = 'unrouted'",
            "deliveries": "SELECT count(*) FROM deliveries WHERE state IN ('waiting', 'held', 'sending')",
            "notifications": "SELECT count(*) FROM notifications WHERE finished_at IS NULL",
        }
        return {name: self.number(query) for name, query in queries.items()}

    def let_time_pass(self) -> None:
        """What is held has been held for long enough."""
        self.change(("UPDATE deliveries SET held_until = held_until - ? WHERE state = 'held'", [(HOUR,)]))

    def make_report_due(self) -> None:
        """The last daily report on feeds was made two days ago."""
        before = datetime.now(UTC) - timedelta(days=2)
        self.change(("UPDATE facts SET value = ? WHERE name = 'feed report'", [(before.isoformat(),)]))

    def age(self, share: int, days: int = 500) -> list[str]:
        """Makes one alert in `share`, with its entry and deliveries, look `days` older; returns the alerts' ids.

        Seen keys keep their time: their entries still stand in the feeds.
        """
        back, recent = days * DAY, int(time.time() * MICROSECONDS) - days * DAY // 2
        query = "SELECT seq, id, entry_key FROM alerts WHERE seq % ? = 0 AND created_at > ?"
        chosen = self.rows(query, share, recent)
        sequences = [(back, seq) for seq, _, _ in chosen]
        self.change(
            ("UPDATE alerts SET created_at = created_at - ? WHERE seq = ?", sequences),
            ("UPDATE deliveries SET since = since - ? WHERE alert_seq = ?", sequences),
            ("UPDATE entries SET first_seen = first_seen - ? WHERE key = ?", [(back, key) for _, _, key in chosen]),
        )
        return [bytes(alert_id).hex() for _, alert_id, _ in chosen]


class SqliteStore(Store):
    """A file."""

    errors = (sqlite3.OperationalError,)

    def __init__(self, file: Path) -> None:
        self.url = f"sqlite:///{file}"
        self.file = file

    @contextmanager
    def connect(self, *, write: bool = False) -> Iterator[sqlite3.Connection]:
        address = f"file:{self.file}?mode={'rw' if write else 'ro'}"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=PATIENCE)) as db:
            yield db

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.connect() as db:
            return db.execute(query, values).fetchall()

    def change(self, *statements: tuple[str, Sequence[Sequence[Any]]]) -> None:
        with self.connect(write=True) as db:
            db.execute("BEGIN IMMEDIATE")
            for statement, values in statements:
                db.executemany(statement, values)
            db.execute("COMMIT")

    def lock(self) -> Closing:
        db = sqlite3.connect(self.file, isolation_level=None, timeout=PATIENCE, check_same_thread=False)
        db.execute("BEGIN IMMEDIATE")
        return db

    def damage(self) -> list[str]:
        found = [str(row[0]) for row in self.rows("PRAGMA integrity_check") if row[0] != "ok"]
        return found + [f"foreign key of {row[0]}" for row in self.rows("PRAGMA foreign_key_check")]


class PostgresStore(Store):
    """A schema of a database, emptied at first. Only a `server` of its own can be restarted."""

    errors = (psycopg.Error,)
    CLOCKS = 0.2
    """Nodes ask the server for the time, and its answer is late on a busy machine: 0.14 s was seen."""

    def __init__(self, url: str, schema: str, server: PrivateServer | None = None) -> None:
        self._server, self._restarting = server, threading.Lock()
        self._reading: psycopg.Connection | None = None
        """Kept open: a sink asks for each try, and a new connection takes longer than its question."""
        self.url = f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{schema}"
        self._address = self.url.replace(POSTGRES, "postgresql://")
        with psycopg.connect(self._address, autocommit=True) as db:
            db.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
            db.execute(f"CREATE SCHEMA {schema}")

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._restarting:
            return self.rows_now(query, *values)

    def rows_now(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        if self._reading is None or self._reading.closed:
            self._reading = psycopg.connect(self._address, autocommit=True)
        return self._reading.execute(_spelled(query), values).fetchall()

    def change(self, *statements: tuple[str, Sequence[Sequence[Any]]]) -> None:
        with self._restarting, psycopg.connect(self._address) as db, db.cursor() as cursor:
            for statement, values in statements:
                cursor.executemany(_spelled(statement), values)

    def lock(self) -> Closing:
        """Takes one lock after another, so that a transaction of the program may wait for one while it has the next."""
        with self._restarting:
            while True:
                db = psycopg.connect(self._address)
                try:
                    db.execute("LOCK TABLE feeds, alerts, deliveries, notifications IN EXCLUSIVE MODE")
                    return db
                except DeadlockDetected:
                    db.close()

    def damage(self) -> list[str]:
        return []

    def restart(self, after: float) -> None:
        assert self._server is not None
        with self._restarting:
            self._server.halt()
            time.sleep(after)
            self._server.resume()
            self._reading = None

    def close(self) -> None:
        if self._server is not None:
            self._server.stop()


def _spelled(query: str) -> Any:
    """The query with psycopg's placeholders."""
    return query.replace("%", "%%").replace("?", "%s")


def store_at(url: str | None, folder: Path, schema: str, *, on_server: bool) -> Store:
    """The store at a URL as the configuration has it; `schema` keeps the seeds of one server apart.

    Without a URL it is a file in `folder`, or, `on_server`, on a PostgreSQL server of its own.
    """
    if url is None and on_server:
        server = PrivateServer(private_folder(f"{os.getpid()}-{schema}"))
        return PostgresStore(server.url(), schema, server)
    if url is None:
        return SqliteStore(folder / "watcher.db")
    return PostgresStore(url, schema) if url.startswith(POSTGRES) else SqliteStore(Path(url.removeprefix("sqlite:///")))
