"""Intervals of the daemon that no configuration sets, in one value, so that tests can shorten all of them together.

Production uses the defaults below. `WATCHER_TIMINGS=tick=0.1,notification_lease=6,backoff=0.02` (seconds; `backoff` is
a factor) is for tests and benches only: a lease that is too short causes copies, a backoff that is too short is
impolite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import timedelta

from watcher.lazy_dataclass import dataclass

VARIABLE = "WATCHER_TIMINGS"

SHORTEST_PAUSE = timedelta(seconds=0.5)
"""A process that lives may be kept from the processor for as long."""


@dataclass(frozen=True, slots=True)
class Timings:
    """`send_within` bounds a send; it must be over `send_margin` before its lease is (I3).

    `poll_margin` is added to the fetch's deadline for the lease of a feed: waiting for the host, parsing, matching, a
    busy store. A node beats every `node_beat` and is alive for `node_lives` after a beat; it trusts that for
    `node_margin` less, and works for `old_configuration` after another node has a newer configuration. `backoff` scales
    the waits after failures, never what a server asks for.
    """

    tick: timedelta = timedelta(seconds=1)
    upkeep: timedelta = timedelta(hours=1)
    notification_lease: timedelta = timedelta(seconds=120)
    send_within: timedelta = timedelta(seconds=60)
    send_margin: timedelta = timedelta(seconds=10)
    poll_margin: timedelta = timedelta(minutes=4)
    node_beat: timedelta = timedelta(seconds=3)
    node_lives: timedelta = timedelta(seconds=15)
    node_margin: timedelta = timedelta(seconds=3)
    old_configuration: timedelta = timedelta(minutes=15)
    backoff: float = 1.0

    @property
    def pause_in_transaction(self) -> timedelta:
        """How long a session may pause inside a writing transaction before the server of the store ends it.

        A process that is frozen or cut off there keeps its locks for that long, and other nodes wait for them. They
        must still be in time: to write the outcome of a send before its lease ends, to save a poll before its lease
        ends, and to beat before they cannot trust their leases any more. So it is half of the shortest of these.
        """
        waits = (self.send_margin, self.poll_margin, self.node_lives - self.node_margin - self.node_beat)
        return max(min(waits) / 2, SHORTEST_PAUSE)

    @classmethod
    def of(cls, env: Mapping[str, str]) -> Timings:
        """The defaults, changed by what the variable names. Raises `ValueError` for unknown names and non-numbers."""
        given = dict(part.split("=", 1) for part in env.get(VARIABLE, "").split(",") if part)
        names = {field.name for field in fields(cls)}
        if unknown := given.keys() - names:
            raise ValueError(f"{VARIABLE}: {', '.join(sorted(unknown))} is not one of {', '.join(sorted(names))}")
        seconds = {name: timedelta(seconds=float(text)) for name, text in given.items() if name != "backoff"}
        return replace(cls(), **seconds, backoff=float(given.get("backoff", 1)))


PRODUCTION = Timings()
