"""What a monitoring system may ask a running daemon: is it alive, is it ready, and its metrics."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from watcher.errors import StoreError
from watcher.model.notification import DeliveryState
from watcher.schedule.health import feed_issues
from watcher.service import metrics
from watcher.service.http_listener import Answer, Handler, HttpListener
from watcher.service.reconcile import Fact
from watcher.service.watchdog import Heartbeats

if TYPE_CHECKING:
    from watcher.service.app import Application

STORE_ANSWERS_WITHIN = 3.0
"""Seconds, less than a connection may last."""


class Monitoring:
    """Belongs to the event loop."""

    def __init__(self, app: Application, progress: Heartbeats) -> None:
        self._app = app
        self._progress = progress

    async def listen(self, host: str, port: int) -> HttpListener:
        """Serves /metrics, /livez and /readyz. Raises `OSError` when the address is not available."""
        handlers: dict[str, Handler] = {"/metrics": self.metrics, "/livez": self.live, "/readyz": self.ready}
        listener = HttpListener(handlers)
        await listener.start(host, port)
        return listener

    async def live(self) -> Answer:
        """200 while every job makes progress; a daemon that is not alive should be restarted."""
        if stalled := self._progress.stalled():
            return Answer(f"stalled: {', '.join(stalled)}\n".encode(), 503)
        return Answer(b"ok\n")

    async def ready(self) -> Answer:
        """200 while this node polls and sends: it can reach the store, and holds its leases."""
        if not self._app.node.is_trusted:
            return Answer(b"the store was not reached in time; no work is started\n", 503)
        try:
            async with asyncio.timeout(STORE_ANSWERS_WITHIN):
                await self._app.pools.store(self._app.store.facts.recall, Fact.ROUTES)
        except TimeoutError:
            return Answer(b"the store does not answer in time\n", 503)
        except StoreError as error:
            return Answer(f"the store fails: {type(error).__name__}\n".encode(), 503)
        return Answer(b"ok\n")

    async def metrics(self) -> Answer:
        """The metrics in Prometheus' text format."""
        return Answer(await self._app.pools.cpu(generate_latest), content_type=CONTENT_TYPE_LATEST)

    async def update(self) -> None:
        """Updates the gauges from the store. Raises `StoreError`."""
        store, now = self._app.store, self._app.clock.now()
        stats = await self._app.pools.store(store.stats)
        states = await self._app.pools.store(store.feeds.with_issues, now)
        metrics.show_state(dict.fromkeys(DeliveryState, 0) | dict(stats.deliveries), stats.bytes)
        polled = await self._app.pools.store(store.feeds.counts, now)
        metrics.show_feeds(polled.feeds, feed_issues(states, now))
        metrics.show_lag(await self._app.pools.store(store.lag), now)
