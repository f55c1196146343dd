"""The notify pipeline: from stored alerts to receivers.

    route ─▶ flush (due? silenced? held? ─▶ freeze, I2) ─▶ acquire ─▶ compose ─▶ check lease ─▶ send ─▶ record
                                                                                        failed for good ─▶ alarm

`daemon.py` and `once.py` call `route_new`, `freeze_ripe`, `acquire` and `attempt` in this order; each stage is a file
of this package. The pipeline shares nothing with polling but the store, so that a dead mail server never stops a
poll. A crash at any point leaves either a waiting delivery, or a frozen notification whose lease runs out and which
is sent again under the same key (I4).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from enum import StrEnum

import structlog

from watcher.clock import Clock
from watcher.deliver import backoff
from watcher.deliver.channel import Channel
from watcher.deliver.http_clients import HttpClients
from watcher.deliver.registry import build_channels
from watcher.errors import AttemptReason
from watcher.failpoints import pass_by
from watcher.lazy_dataclass import dataclass
from watcher.model.alert_link import AlertLinks, links_of
from watcher.model.notification import (
    AcquiredNotification,
    Delivered,
    GiveUp,
    Message,
    Notification,
    Outcome,
    TryAgain,
)
from watcher.model.route import ChannelRef, Receiver, Route
from watcher.model.settings import Limits, Settings
from watcher.notify.alarm import OUR_FAULT, Alarms
from watcher.notify.breakers import CircuitBreakers
from watcher.notify.flusher import Early, Flusher
from watcher.notify.retry_store import retry_while_busy
from watcher.notify.router import route_copies, route_stored
from watcher.render.user_templates import UserTemplates, user_templates
from watcher.route.tree import routes_by_path
from watcher.store.store import Store
from watcher.threads import ThreadPool
from watcher.timings import Timings

log = structlog.get_logger()


class SendResult(StrEnum):
    """How one attempt ended."""

    DELIVERED = "delivered"
    POSTPONED = "postponed"
    DEAD = "dead"
    LEASE_LOST = "lease_lost"


@dataclass(frozen=True, slots=True)
class SendReport:
    """One attempt: how it ended, and why. `reason` is None when delivered; `shown` counts the alerts that it showed."""

    result: SendResult
    reason: AttemptReason | None = None
    shown: int = 0


@dataclass(frozen=True, slots=True)
class NotifyConfig:
    """What notifying needs of a configuration; swapped whole on reload. `routes` is keyed by path."""

    root: Route
    routes: Mapping[str, Route]
    receivers: Mapping[str, Receiver]
    channels: Mapping[ChannelRef, Channel]
    templates: UserTemplates | None = None
    alerts_per_feed: int = Limits().alerts_per_feed
    links: AlertLinks | None = None


def notify_config_of(settings: Settings, client: HttpClients) -> NotifyConfig:
    """What notifying needs of a configuration with a route; reveals the secrets of its channels."""
    if settings.route is None:
        raise LookupError("a configuration without a route cannot notify")
    channels = build_channels(settings.receivers, settings.smtp, client)
    routes = routes_by_path(settings.route)
    templates, share = user_templates(settings), settings.limits.alerts_per_feed
    return NotifyConfig(settings.route, routes, settings.receivers, channels, templates, share, links_of(settings))


@dataclass(frozen=True, slots=True)
class Notifier:
    """Routes, freezes and delivers. `jitter` returns uniform numbers in [0, 1)."""

    config: NotifyConfig
    owner: str
    store: Store
    store_pool: ThreadPool
    render_pool: ThreadPool
    clock: Clock
    jitter: Callable[[], float]
    timings: Timings
    breakers: CircuitBreakers
    alarms: Alarms

    async def route_new(self) -> int:
        """Routes every alert that is not routed yet, under the configuration now in force (I1); returns how many."""
        config = self.config
        return await route_stored(config.routes, config.receivers, self.store, self.store_pool, self.clock)

    async def freeze_ripe(self, early: Early = Early.NOTHING) -> list[Notification]:
        """Makes notifications of what is due; holds or silences what the routes and silences say.

        When that leaves copies of held or silenced alerts without cover, these are routed and flushed as well.
        """
        config, flusher = self.config, self._flusher()
        frozen = await flusher.flush(early)
        if await route_copies(config.routes, config.receivers, self.store, self.store_pool, self.clock):
            frozen += await flusher.flush(early)
        return frozen

    async def next_ripe_at(self) -> datetime:
        """When `freeze_ripe` may find something, unless something is written to the store before."""
        return await self._flusher().next_at()

    def _flusher(self) -> Flusher:
        config, now = self.config, self.clock.now()
        return Flusher(config.routes, self.store, self.store_pool, now, config.receivers, config.alerts_per_feed)

    async def acquire(self, limit: int, busy: Collection[ChannelRef] = ()) -> list[AcquiredNotification]:
        """Leases what is due: nothing of `busy` and open channels, one of each half-open channel.

        Nor of channels that this configuration does not have: another node may have a newer one that does.
        """
        closed = {*busy, *self.breakers.open()}
        probes = self.breakers.half_open() - closed
        acquired = await self._acquire(limit, self.config.channels.keys() - closed - probes)
        for channel in probes:
            acquired += await self._acquire(1, {channel})
        for one in acquired:
            self.breakers.acquired(one.notification.group.channel)
        return acquired

    async def _acquire(self, limit: int, channels: Collection[ChannelRef]) -> list[AcquiredNotification]:
        now = self.clock.now()
        until = now + self.timings.notification_lease
        return await self.store_pool(self.store.outbox.acquire, self.owner, now, until, limit, channels=channels)

    async def attempt(self, acquired: AcquiredNotification) -> SendReport:
        """Tries to deliver one notification and records the outcome. Raises `StoreError` when that is not possible."""
        channel = acquired.notification.group.channel
        pass_by("attempt.before")
        message = await self._compose(acquired.notification)
        async with self.breakers.attempt(channel) as attempt:
            if not await self._begin(acquired):
                return SendReport(SendResult.LEASE_LOST)
            if isinstance(message, Message):
                outcome = await self._send(acquired.notification, message, acquired.until)
            else:
                outcome = message
            result = await self._record(acquired, outcome)
            attempt.outcome = outcome
        if attempt.needs_alarm or _is_our_fault(outcome):
            await self.alarms.notify(channel, outcome, self.config.channels, self.breakers, self.config.templates)
        if isinstance(outcome, Delivered):
            shown = len(acquired.notification.alerts) if outcome.shown is None else len(outcome.shown)
            return SendReport(result, shown=shown)
        return SendReport(result, outcome.reason)

    async def send_pending_alarms(self) -> None:
        """Sends the alarms that no channel has taken so far."""
        await self.alarms.send_pending(self.config.channels, self.breakers, self.config.templates)

    async def _compose(self, notification: Notification) -> Message | TryAgain:
        """The message; what cannot be rendered is a failed attempt, so that it neither blocks its group nor repeats
        without end. What renders is imported with the first message: it is a tenth of a start, and few runs send.
        """
        from watcher.notify.compose import compose_message, digest_context

        routes, templates, links = self.config.routes, self.config.templates, self.config.links
        try:
            context = await self.store_pool(digest_context, notification, routes, self.store)
            return await self.render_pool(compose_message, notification, routes, templates, context, links)
        except Exception as error:
            log.exception("notification.not_rendered", notification=notification.key)
            detail = f"the message could not be rendered ({type(error).__name__}); see the log"
            return TryAgain(AttemptReason.RENDER, detail)

    async def _begin(self, acquired: AcquiredNotification) -> bool:
        key, now = acquired.notification.key, self.clock.now()
        return await self.store_pool(self.store.outbox.begin_attempt, self.owner, key, acquired.epoch, now)

    async def _send(self, notification: Notification, message: Message, until: datetime) -> Outcome:
        name = notification.group.channel
        channel = self.config.channels.get(name)
        if channel is None:
            return GiveUp(AttemptReason.RECEIVER_REMOVED, "the configuration no longer has this channel")
        deadline = min(self.timings.send_within, until - self.clock.now() - self.timings.send_margin)
        if deadline < self.timings.send_within / 2:
            # A receiver often accepts a send that we cut short; it would then be sent twice.
            return TryAgain(AttemptReason.TIMEOUT, "the lease left too little time for the send")
        pass_by("send.before")
        try:
            outcome = await channel.send(notification, message, deadline)
        except Exception as error:  # a defect of one channel may neither stop others nor repeat without end
            log.exception("channel.crashed", channel=str(name))
            detail = f"the channel failed unexpectedly ({type(error).__name__}); see the log"
            outcome = TryAgain(AttemptReason.DEFECT, detail)
        pass_by("send.after")
        return outcome

    async def _record(self, acquired: AcquiredNotification, outcome: Outcome) -> SendResult:
        """Writes the outcome, repeating while the store is busy: an outcome that is lost is a message sent twice."""
        notification, now = acquired.notification, self.clock.now()
        again_at = self._next_attempt_at(notification, outcome, now)

        async def write() -> bool:
            return await self.store_pool(
                self.store.outbox.record, self.owner, notification.key, acquired.epoch, outcome, now, again_at
            )

        kept = await retry_while_busy(write, acquired.until, self.clock)
        _log_outcome(notification, outcome, again_at)
        if not kept:
            return SendResult.LEASE_LOST
        if isinstance(outcome, Delivered):
            return SendResult.DELIVERED
        return SendResult.POSTPONED if again_at else SendResult.DEAD

    def _next_attempt_at(self, notification: Notification, outcome: Outcome, now: datetime) -> datetime | None:
        if not isinstance(outcome, TryAgain):
            return None
        return backoff.next_attempt_at(
            notification.group.channel.kind,
            notification.attempts + 1,
            outcome,
            notification.retried_at or notification.created_at,
            now,
            self.jitter(),
            self.timings.backoff,
        )


def _is_our_fault(outcome: Outcome) -> bool:
    """Whether this program, not the channel, failed: no breaker reacts to that, but the operator must know."""
    return isinstance(outcome, TryAgain) and outcome.reason in OUR_FAULT


def _log_outcome(notification: Notification, outcome: Outcome, again_at: datetime | None) -> None:
    facts = {"notification": notification.key, "channel": str(notification.group.channel)}
    match outcome:
        case Delivered():
            log.info("notification.delivered", **facts, alerts=len(notification.alerts))
        case TryAgain() if again_at is not None:
            facts |= {"reason": outcome.reason.value, "detail": outcome.detail, "until": again_at.isoformat()}
            log.warning("notification.postponed", **facts)
        case TryAgain() | GiveUp():
            remedy = f"fix the cause, then run: watcher outbox retry {notification.key[:8]}"
            log.error("notification.died", **facts, reason=outcome.reason.value, detail=outcome.detail, remedy=remedy)
