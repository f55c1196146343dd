"""This process as a node of the store: its id, its heartbeat, and for how long it may trust its leases.

Other nodes declare a node dead that has not beaten for `node_lives`, and take over what it holds. A node that cannot
reach the store stops working a little before that (`node_margin`), so that no two nodes ever do the same work. A node
that was declared dead, because it was frozen or cut off, drops what it holds and goes on under a new id.

Several nodes may have different configurations. Those with the newest one lead: they keep the set of feeds, route, and
freeze notifications. A node with an older one goes on polling and sending for `old_configuration`, then only waits.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Collection, Mapping
from datetime import datetime

import structlog

from watcher import __version__
from watcher.clock import Clock, DatabaseClock, SystemClock, stopwatch
from watcher.errors import SchemaMismatch
from watcher.store.records import Role
from watcher.store.store import Store
from watcher.threads import ThreadPool
from watcher.timings import Timings

log = structlog.get_logger()

CLOCKS_DIFFER_FROM = 2.0
"""Seconds between this machine's clock and the server's that are worth a warning."""


class Node:
    """This process as a holder of leases. Belongs to the event loop.

    Its heartbeat has a thread of its own, so that other work of the store cannot delay it.
    """

    def __init__(
        self, store: Store, clock: Clock, timings: Timings, name: str = "", roles: Collection[Role] = tuple(Role)
    ) -> None:
        """`name` is shown to people; the default is the name of the machine."""
        self._name = name or socket.gethostname()
        self.roles = frozenset(roles)
        self._store = store
        self._clock = clock
        self._timings = timings
        self._pool = ThreadPool("heartbeat", 1)
        self._trusted_until = stopwatch()
        self._newest = 0
        self._known_dead: frozenset[str] = frozenset()
        self._has_warned = False
        self._behind_since: float | None = None
        self.generation: int | None = None
        """That of the configuration in force; set when it is announced."""
        self.refusal: SchemaMismatch | None = None
        """Set when another version of the program has changed the schema: this one must end."""
        self.id = secrets.token_hex(8)
        """Names the holder of leases. An id never comes back."""

    @property
    def is_trusted(self) -> bool:
        """Whether no other node can have taken over what this one holds."""
        return stopwatch() < self._trusted_until

    @property
    def leads(self) -> bool:
        """Whether no living node has a newer configuration."""
        return self.generation is not None and self.generation >= self._newest

    @property
    def may_work(self) -> bool:
        """Whether it may take up polls and sends: trusted, and not for long behind another node's configuration."""
        if self._behind_since is None:
            return self.is_trusted
        behind = stopwatch() - self._behind_since
        return self.is_trusted and behind < self._timings.old_configuration.total_seconds()

    async def register(self) -> None:
        """Adds this process to the nodes, under a new id. Raises `StoreError`."""
        started = stopwatch()
        node = secrets.token_hex(8)
        await self._set_clock()
        lives = self._timings.node_lives
        roles = ",".join(role.value for role in Role if role in self.roles)
        now = self._clock.now()
        await self._pool(self._store.nodes.register, node, self._name, now, lives, __version__, roles)
        self.id = node
        self._trust_from(started)

    async def beat(self) -> bool:
        """Keeps this node alive; False when it was declared dead. Raises `StoreError`."""
        started = stopwatch()
        await self._set_clock()
        now, lives = self._clock.now(), self._timings.node_lives
        try:
            beat = await self._pool(self._store.nodes.beat, self.id, now, lives, self.generation)
        except SchemaMismatch as error:
            self._trusted_until, self.refusal = started, error
            raise
        if beat.alive:
            self._trust_from(started)
        else:
            self._trusted_until = started
        self._newest = beat.newest
        self._report_dead(beat.dead)
        if self.leads:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = started
        return beat.alive

    async def announce(self, fingerprint: str, *, again: bool = False) -> int:
        """The generation of a configuration that is about to be in force here. Raises `StoreError`."""
        now = self._clock.now()
        return await self._pool(self._store.nodes.announce, self.id, fingerprint, now, again=again)

    async def leave(self) -> None:
        """Gives back everything this node holds, and ends the heartbeat's thread. Raises `StoreError`."""
        try:
            await self.give_back()
        finally:
            self._pool.close()

    async def give_back(self) -> None:
        """Gives back everything this node holds: it is no node until it registers again. Raises `StoreError`."""
        self._trusted_until = stopwatch()
        await self._pool(self._store.nodes.leave, self.id, self._clock.now())

    def _report_dead(self, dead: Mapping[str, str]) -> None:
        for node in dead.keys() - self._known_dead - {self.id}:
            log.warning("node.lost", node=node, name=dead[node], remedy="living nodes take over its work; see to it")
        self._known_dead = frozenset(dead)

    def _trust_from(self, started: float) -> None:
        """A beat counts from before it was sent: nobody knows when the store received it."""
        self._trusted_until = started + (self._timings.node_lives - self._timings.node_margin).total_seconds()

    async def _set_clock(self) -> None:
        if isinstance(self._clock, DatabaseClock):
            read_at = stopwatch()
            if (time := await self._pool(self._store.nodes.time)) is not None:
                answered_at = stopwatch()
                self._clock.set(time, read_at, answered_at)
                self._compare(time, answered_at - read_at)

    def _compare(self, time: datetime, answered_after: float) -> None:
        """Nothing here depends on this machine's clock, but logs and certificates do.

        The time was read at some moment of the seconds before the answer: on a busy machine that is a while ago.
        """
        ahead = (SystemClock().now() - time).total_seconds()
        differs = not -CLOCKS_DIFFER_FROM <= ahead <= answered_after + CLOCKS_DIFFER_FROM
        if differs and not self._has_warned:
            self._has_warned = True
            remedy = "set this machine's clock (NTP); leases and schedules follow the server's"
            log.warning("clock.differs", seconds_ahead=round(ahead, 1), remedy=remedy)


def clock_of(store: Store) -> Clock:
    """The clock that all nodes on a store agree on."""
    time = store.nodes.time()
    return SystemClock() if time is None else DatabaseClock(time)
