"""How many polls there were, and how many failed: a fact of each node and hour, written with the node's heartbeat.

A row of a node's own is written by nobody else, so that nodes never wait for each other, and a poll costs no statement
more. A crash loses the counts of the few seconds since the last heartbeat.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from watcher.store.columns import EPOCH
from watcher.store.database import Database
from watcher.store.facts import keep_fact
from watcher.store.records import PollCounts, PollRecord
from watcher.store.tables import facts

KEPT = timedelta(days=2)
_PREFIX = "polls."
_HOUR = timedelta(hours=1)
_IS_COUNT = facts.c.name.startswith(_PREFIX, autoescape=True)


class PollTally:
    """What the nodes of this process have polled, by fact; thread-safe. Hours that are over are forgotten once kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, PollCounts] = {}
        self._kept: dict[str, PollCounts] = {}

    def add(self, node: str, polls: Sequence[PollRecord], now: datetime) -> None:
        """Counts polls that are committed."""
        failed = sum(poll.state.failures > 0 for poll in polls)
        name = f"{_of_hour(now)}.{node}"
        with self._lock:
            known = self._counts.get(name, PollCounts(0, 0))
            self._counts[name] = PollCounts(known.polls + len(polls), known.failed + failed)

    def write(self, database: Database, connection: Connection, node: str) -> Mapping[str, PollCounts]:
        """Writes what was counted for a node since the last time, in the transaction of its heartbeat; returns it."""
        with self._lock:
            own = {name: counts for name, counts in self._counts.items() if name.endswith(f".{node}")}
        changed = {name: counts for name, counts in own.items() if counts != self._kept.get(name)}
        for name, counts in changed.items():
            keep_fact(database, connection, name, f"{counts.polls} {counts.failed}")
        return changed

    def is_written(self, written: Mapping[str, PollCounts], now: datetime) -> None:
        """To be called after the commit, with what `write` returned; forgets the hours that are over."""
        with self._lock:
            self._kept.update(written)
            for name in [name for name in self._kept if name < _of_hour(now - _HOUR)]:
                if self._counts[name] == self._kept[name]:
                    del self._counts[name], self._kept[name]


def polls_since(connection: Connection, since: datetime) -> PollCounts:
    """The polls of all nodes since the beginning of the hour of a moment."""
    rows = connection.scalars(select(facts.c.value).where(_IS_COUNT, facts.c.name >= _of_hour(since)))
    pairs = [row.split(" ") for row in rows]
    return PollCounts(sum(int(polls) for polls, _ in pairs), sum(int(failed) for _, failed in pairs))


def forget_counts(connection: Connection, now: datetime) -> None:
    """Deletes counts that nobody asks for any more."""
    connection.execute(delete(facts).where(_IS_COUNT, facts.c.name < _of_hour(now - KEPT)))


def _of_hour(moment: datetime) -> str:
    """The beginning of the names of an hour's counts; they are in order of time."""
    return f"{_PREFIX}{(moment - EPOCH) // _HOUR:010}"
