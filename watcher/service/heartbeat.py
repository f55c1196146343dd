"""A dead man's switch: a monitor that is asked regularly while watcher does its work, and raises the alarm else."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import structlog

from watcher.model.secret import reveal
from watcher.model.settings import Heartbeat
from watcher.service import metrics
from watcher.store.records import StoreLag

if TYPE_CHECKING:
    from watcher.service.app import Application

log = structlog.get_logger()

WITHIN = timedelta(seconds=10)


class HeartbeatResult(StrEnum):
    """`withheld`: something waits too long, so the monitor must not be asked. `failed`: it did not answer with 2xx."""

    SENT = "sent"
    FAILED = "failed"
    WITHHELD = "withheld"


def why_withheld(limits: Heartbeat, lag: StoreLag, now: datetime) -> str | None:
    """What waits longer than it may; None when nothing does. Pure."""
    for since, limit, what in (
        (lag.due_since, limits.max_poll_lag, "a feed has been due"),
        (lag.unsent_since, limits.max_message_age, "a message has waited"),
    ):
        if since is not None and now - since > limit:
            return f"{what} since {since:%Y-%m-%d %H:%M:%S} UTC"
    return None


class HeartbeatSender:
    """Belongs to the event loop. `tick` may be called more often than `every` says."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._last: datetime | None = None

    async def tick(self) -> HeartbeatResult | None:
        """Asks the monitor if that is due; None when it is not, or none is configured. Raises `StoreError`."""
        heartbeat, now = self._app.config.settings.heartbeat, self._app.clock.now()
        if heartbeat is None or not self._is_due(heartbeat, now):
            return None
        self._last = now
        reason = why_withheld(heartbeat, await self._app.pools.store(self._app.store.lag), now)
        if reason is None:
            result = await self._ask(heartbeat)
        else:
            result = HeartbeatResult.WITHHELD
            log.error("heartbeat.withheld", reason=reason, remedy="`watcher status` says what needs attention")
        metrics.HEARTBEATS.labels(result.value).inc()
        return result

    def _is_due(self, heartbeat: Heartbeat, now: datetime) -> bool:
        return self._last is None or not timedelta(0) <= now - self._last < heartbeat.every

    async def _ask(self, heartbeat: Heartbeat) -> HeartbeatResult:
        """The address is a secret, so neither it nor the text of an error is logged."""
        import httpx2

        client = self._app.built.client.default
        try:
            async with asyncio.timeout(WITHIN.total_seconds()):
                async with client.stream("GET", str(reveal(heartbeat.url))) as answer:
                    status = answer.status_code
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, UnicodeError) as error:
            log.warning("heartbeat.failed", error=type(error).__name__, remedy="check heartbeat.url and the network")
            return HeartbeatResult.FAILED
        if not 200 <= status < 300:
            log.warning("heartbeat.failed", status=status, remedy="check heartbeat.url: the monitor refused it")
            return HeartbeatResult.FAILED
        return HeartbeatResult.SENT
