"""The store seen from outside: plain SQL on a connection of the bench's own, nothing of the program under test."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from crashing.ledger import Line

MICROSECONDS = 1_000_000
HOUR = 3_600 * MICROSECONDS


class Store:
    """Reads, and the few things that the world does to a store: holding its lock, ageing its rows."""

    def __init__(self, url: str) -> None:
        if not url.startswith("sqlite:///"):
            raise SystemExit("--store: only sqlite:///PATH so far; PostgreSQL follows with the scaling work")
        self.file = Path(url.removeprefix("sqlite:///"))

    @contextmanager
    def connect(self, *, write: bool = False) -> Iterator[sqlite3.Connection]:
        mode = "rw" if write else "ro"
        with closing(
            sqlite3.connect(f"file:{self.file}?mode={mode}", uri=True, isolation_level=None, timeout=20)
        ) as db:
            yield db

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.connect() as db:
            return db.execute(query, values).fetchall()

    def number(self, query: str, *values: Any) -> int:
        return int(self.rows(query, *values)[0][0] or 0)

    def lease_of(self, key: str) -> Line:
        """Who holds a notification's lease now, for the log of a sink."""
        if not re.fullmatch("[0-9a-f]{32}", key) or not self.file.exists():
            return {"owner": None, "until": None}
        try:
            found = self.rows("SELECT lease_owner, lease_until FROM notifications WHERE key = ?", bytes.fromhex(key))
        except sqlite3.OperationalError as error:
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

    def lock(self) -> sqlite3.Connection:
        """Takes the writer's lock; whoever is given the connection ends it."""
        db = sqlite3.connect(self.file, isolation_level=None, timeout=20, check_same_thread=False)
        db.execute("BEGIN IMMEDIATE")
        return db

    def let_time_pass(self) -> None:
        """What is held has been held for long enough."""
        with self.connect(write=True) as db:
            db.execute("UPDATE deliveries SET held_until = held_until - ? WHERE state = 'held'", (HOUR,))

    def age(self, share: int, days: int = 500) -> list[str]:
        """Makes one alert in `share`, with its entry and deliveries, look `days` older; returns the alerts' ids.

        Seen keys keep their time: their entries still stand in the feeds.
        """
        back = days * 86400 * MICROSECONDS
        with self.connect(write=True) as db:
            db.execute("BEGIN IMMEDIATE")
            chosen = db.execute(
                "SELECT seq, id, entry_key FROM alerts WHERE seq % ? = 0 AND created_at > ?",
                (share, int(time.time() * MICROSECONDS) - back // 2),
            ).fetchall()
            sequences = [(back, seq) for seq, _, _ in chosen]
            db.executemany("UPDATE alerts SET created_at = created_at - ? WHERE seq = ?", sequences)
            db.executemany("UPDATE deliveries SET since = since - ? WHERE alert_seq = ?", sequences)
            db.executemany(
                "UPDATE entries SET first_seen = first_seen - ? WHERE key = ?", [(back, key) for _, _, key in chosen]
            )
            db.execute("COMMIT")
        return [bytes(alert_id).hex() for _, alert_id, _ in chosen]
