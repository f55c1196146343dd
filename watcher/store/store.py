"""The store: its parts by who needs them, and how it is opened.

Rules for all methods of all parts:

* Each method is one transaction: all of it or nothing. It takes `now`, returns model values, keeps no connection, and
  does no network beyond the database itself.
* Methods are synchronous, called from worker threads, and thread-safe. They raise only `StoreError` and its children.
* Leases: `acquire…` gives each row to at most one owner, a node (`Nodes`), until `until`, and adds one to its epoch. A
  lease ends at `until`, or when its node is declared dead; then anybody may acquire the row. The holder may save or
  record only while its node is alive, its epoch is the stored one *and* the row is still leased to it; a method that
  finds otherwise changes nothing and says so in its result. Nothing clears leases at start.
* Times are aware UTC in, aware UTC out. Order is by the due time, then by name, so that it is the same in every engine.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import ArgumentError

from watcher.errors import UsageError
from watcher.model.settings import Retention
from watcher.model.store_address import POSTGRES, SQLITE
from watcher.store import integrity, maintenance, schema, store_copy, upgrades
from watcher.store.acts import Acts
from watcher.store.alerts import Alerts
from watcher.store.database import Database
from watcher.store.digest_facts import DigestFacts
from watcher.store.empty_digests import EmptyDigests
from watcher.store.entries import Entries
from watcher.store.facts import Facts
from watcher.store.feed_reports import FeedReports
from watcher.store.feeds import Feeds
from watcher.store.groups import Groups
from watcher.store.holds import Holds
from watcher.store.late_copies import ShownCopies
from watcher.store.marks import Marks
from watcher.store.nodes import Nodes
from watcher.store.opinions import Opinions
from watcher.store.outbox import Outbox
from watcher.store.page_questions import PageQuestions
from watcher.store.poll_counts import PollTally
from watcher.store.polls import Polls
from watcher.store.records import StoreCounts, StoreLag, StoreStats
from watcher.store.routing import Routing
from watcher.store.silences import Silences
from watcher.store.sqlite import CACHE_KIB, SqliteDatabase
from watcher.timings import PRODUCTION, Timings

if TYPE_CHECKING:
    from watcher.store.postgres import PostgresDatabase

PATIENCE = timedelta(seconds=5)
"""How long a transaction waits for another process before it is `StoreBusy`."""


class Store:
    """Everything that must survive a crash, over any engine that is a `Database`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._purge = maintenance.Purge(database)
        tally = PollTally()
        self.polls = Polls(database, tally)
        self.feeds = Feeds(database)
        self.feed_reports = FeedReports(database)
        self.entries = Entries(database)
        self.alerts = Alerts(database)
        self.marks = Marks(database)
        self.acts = Acts(database)
        self.routing = Routing(database)
        self.groups = Groups(database)
        self.empty_digests = EmptyDigests(database)
        self.digest_facts = DigestFacts(database)
        self.holds = Holds(database)
        self.shown_copies = ShownCopies(database)
        self.silences = Silences(database)
        self.outbox = Outbox(database)
        self.facts = Facts(database)
        self.nodes = Nodes(database, tally)
        self.opinions = Opinions(database)
        self.pages = PageQuestions(database)

    def upgrade(self) -> str:
        """Brings the schema to this version (creates it when new); returns the version. Can be repeated when killed.

        Raises `SchemaInUse` while processes work on the store that could not go on.
        """
        return upgrades.upgrade(self._database)

    def check_schema(self) -> None:
        """Raises `SchemaMismatch` unless this program can work on the schema. Cheap."""
        schema.check(self._database)

    def check_known_schema(self) -> None:
        """Raises `SchemaMismatch` unless the schema is this version's or an earlier one: enough for a copy."""
        schema.check_known(self._database)

    def purge(self, now: datetime, kept: Retention, chunk: int) -> int:
        """Deletes at most `chunk` rows of each kind that are past their time; returns how many.

        While there are too many entries, or rows take too many bytes, the oldest entries without an alert go before
        their time.

        Never an entry or alert that an unfinished delivery or notification still needs, never a seen key within its
        time (I6), and never one that the last documents of its feed still carried, however long ago that was.
        """
        gone = self._purge(now, kept, chunk)
        if gone:
            self._database.tidy()
        return gone

    def bytes_used(self) -> int:
        """What the rows take, as `Retention.max_bytes` means it: without the space that deleted ones left in a file."""
        with self._database.read() as connection:
            return self._database.used(connection)

    def mark(self) -> object | None:
        """Another value once anything but a heartbeat of this process was written; None where that is not known."""
        return self._database.mark()

    def lag(self) -> StoreLag:
        """Since when the oldest work waits."""
        return maintenance.lag(self._database)

    def counts(self) -> StoreCounts:
        """Counts and sizes that cost little however large the store is."""
        return maintenance.counts(self._database)

    def stats(self) -> StoreStats:
        """All counts and sizes; reads whole indexes."""
        return maintenance.stats(self._database)

    def problems(self) -> list[str]:
        """What is wrong with the database: its file, and invariants that do not hold. Reads everything once."""
        broken = integrity.violations(self._database)
        return [*self._database.problems(), *(f"{count:,} {what}" for what, count in broken.items())]

    def backup(self, target: Path) -> None:
        """A consistent copy of the live database in a new file; an existing one is not overwritten.

        On a server this is a `StoreError` that names the server's own command.
        """
        self._database.backup(target)

    def copy_into(self, target: Store, now: datetime) -> dict[str, int]:
        """Copies everything into another, empty store and compares both; returns the rows of each table.

        Raises `UsageError` when a process works on this store or the target is not empty.
        """
        return store_copy.copy_store(self._database, target._database, now)

    def close(self) -> None:
        """Gives every connection back; the store cannot be used afterwards."""
        self._database.close()


def open_store(
    url: str,
    *,
    base: Path,
    patience: timedelta = PATIENCE,
    timings: Timings = PRODUCTION,
    cache_kib: int = CACHE_KIB,
) -> Store:
    """A store at `url`; a relative path of SQLite's is beside `base`. Nothing is read or created yet.

    `timings` are those of the nodes: no session on a server may keep locks until the leases of others end. `cache_kib`
    bounds what SQLite keeps of a file for the writer; for a reader it is an eighth. Raises `UsageError` for a URL that
    names no engine of ours.
    """
    if url.startswith(POSTGRES):
        return Store(_postgres(url, patience, timings.pause_in_transaction))
    if url.startswith(SQLITE):
        return Store(SqliteDatabase(base / _path(url), patience, cache_kib))
    raise UsageError(f"`store: {_scheme(url)}:…` names no store of watcher's: write {SQLITE}PATH or {POSTGRES}…")


def _path(url: str) -> str:
    path = url.removeprefix(SQLITE)
    if path in ("", ":memory:") or "?" in path:
        raise UsageError(
            f"`store` needs the path of a file, as in {SQLITE}watcher.db: "
            "a store in memory would lose alerts, and options after ? are not known"
        )
    return path


def _postgres(url: str, patience: timedelta, pause: timedelta) -> PostgresDatabase:
    from watcher.store.postgres import PostgresDatabase

    try:
        return PostgresDatabase(url, patience, pause)
    except ModuleNotFoundError as error:
        raise UsageError("`store` on PostgreSQL needs its driver: install watcher-news[postgres]") from error
    except (ArgumentError, ValueError) as error:
        raise UsageError(f"`store: {POSTGRES}…` cannot be read: write {POSTGRES}USER@HOST/DATABASE") from error


def _scheme(url: str) -> str:
    """What stands before the first colon: the rest may carry a password (I12)."""
    return url.partition(":")[0]
