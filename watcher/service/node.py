"""This process as a node of the store: its id, its heartbeat, and for how long it may trust its leases.

Other nodes declare a node dead that has not beaten for `node_lives`, and take over what it holds. A node that cannot
reach the store stops working a little before that (`node_margin`), so that no two nodes ever do the same work. A node
that was declared dead, because it was frozen or cut off, drops what it holds and goes on under a new id.
"""

from __future__ import annotations

import secrets
import socket

import structlog

from watcher.clock import Clock, DatabaseClock, stopwatch
from watcher.store.store import Store
from watcher.threads import ThreadPool
from watcher.timings import Timings

log = structlog.get_logger()


class Node:
    """This process as a holder of leases. Belongs to the event loop.

    Its heartbeat has a thread of its own, so that other work of the store cannot delay it.
    """

    def __init__(self, store: Store, clock: Clock, timings: Timings) -> None:
        self._store = store
        self._clock = clock
        self._timings = timings
        self._pool = ThreadPool("heartbeat", 1)
        self._trusted_until = stopwatch()
        self.id = secrets.token_hex(8)
        """Names the holder of leases. An id never comes back."""

    @property
    def is_trusted(self) -> bool:
        """Whether no other node can have taken over what this one holds."""
        return stopwatch() < self._trusted_until

    async def register(self) -> None:
        """Adds this process to the nodes, under a new id. Raises `StoreError`."""
        started = stopwatch()
        node = secrets.token_hex(8)
        await self._set_clock()
        lives = self._timings.node_lives
        await self._pool(self._store.nodes.register, node, socket.gethostname(), self._clock.now(), lives)
        self.id = node
        self._trust_from(started)

    async def beat(self) -> bool:
        """Keeps this node alive; False when it was declared dead. Raises `StoreError`."""
        started = stopwatch()
        await self._set_clock()
        alive = await self._pool(self._store.nodes.beat, self.id, self._clock.now(), self._timings.node_lives)
        if alive:
            self._trust_from(started)
        else:
            self._trusted_until = started
        return alive

    async def leave(self) -> None:
        """Gives back everything this node holds, and ends the heartbeat's thread. Raises `StoreError`."""
        self._trusted_until = stopwatch()
        try:
            await self._pool(self._store.nodes.leave, self.id, self._clock.now())
        finally:
            self._pool.close()

    def _trust_from(self, started: float) -> None:
        """A beat counts from before it was sent: nobody knows when the store received it."""
        self._trusted_until = started + (self._timings.node_lives - self._timings.node_margin).total_seconds()

    async def _set_clock(self) -> None:
        if isinstance(self._clock, DatabaseClock):
            read_at = stopwatch()
            if (time := await self._pool(self._store.nodes.time)) is not None:
                self._clock.set(time, read_at)
