"""The second trip: from alerts on the shelf to people.

    route ─▶ flush (due? held? silenced? ─▶ freeze, I2) ─▶ lease ─▶ render ─▶ check lease ─▶ send ─▶ record

Only this file knows that order. It shares nothing with polling but the store, so that a dead mail
server never stops a poll. A crash at any point leaves either a waiting delivery, or a frozen
notification whose lease runs out and which is sent again under the same key (I4).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from watcher.clock import Clock
from watcher.deliver import backoff
from watcher.deliver.channel import Channel
from watcher.errors import AttemptReason
from watcher.failpoints import pass_by
from watcher.flush import Early, Flusher
from watcher.model.notification import (
    AcquiredNotification,
    Delivered,
    GiveUp,
    Message,
    Notification,
    Outcome,
    TryAgain,
)
from watcher.model.route import ChannelRef, DigestPlan, Receiver, Route
from watcher.render.message import render_message
from watcher.route.tree import route_alert
from watcher.store.interface import Store
from watcher.timings import Timings

log = structlog.get_logger()

ROUTE_BATCH = 500


class SendResult(StrEnum):
    """What one attempt came to."""

    DELIVERED = "delivered"
    POSTPONED = "postponed"
    DEAD = "dead"
    LEASE_LOST = "lease_lost"


@dataclass(frozen=True, slots=True)
class NotifyPlan:
    """What notifying needs of a configuration; swapped whole on reload. `routes` is keyed by path."""

    root: Route
    routes: Mapping[str, Route]
    receivers: Mapping[str, Receiver]
    channels: Mapping[ChannelRef, Channel]


@dataclass(frozen=True, slots=True)
class Notifier:
    """Routes, freezes and delivers. `jitter` gives uniform numbers in [0, 1)."""

    plan: NotifyPlan
    owner: str
    store: Store
    clock: Clock
    jitter: Callable[[], float]
    timings: Timings

    def route_new(self) -> int:
        """Routes every alert that no route has seen, under the configuration now in force (I1)."""
        count = 0
        while alerts := self.store.unrouted_alerts(ROUTE_BATCH):
            routed = [route_alert(self.plan.root, self.plan.receivers, alert) for alert in alerts]
            self.store.save_routing(routed, self.clock.now())
            count += len(alerts)
        return count

    def freeze_ripe(self, early: Early = Early.NOTHING) -> list[Notification]:
        """Makes notifications of what is due, and holds or silences what must be."""
        return Flusher(self.plan.routes, self.store, self.clock.now()).flush(early)

    def acquire(self, limit: int, paused: Collection[ChannelRef] = ()) -> list[AcquiredNotification]:
        """Leases what is due, except for channels that are busy or paused."""
        now = self.clock.now()
        return self.store.acquire_notifications(
            self.owner, now, now + self.timings.notification_lease, limit, paused=paused
        )

    async def attempt(self, acquired: AcquiredNotification) -> SendResult:
        """One try to deliver one notification, and the record of what came of it."""
        notification = acquired.notification
        channel = self.plan.channels.get(notification.group.channel)
        message = await asyncio.to_thread(self.render, notification)
        if not await asyncio.to_thread(
            self.store.begin_attempt, self.owner, notification.key, acquired.epoch, self.clock.now()
        ):
            return SendResult.LEASE_LOST
        outcome = await self._send(channel, notification, message, acquired.until)
        return await asyncio.to_thread(self._record, acquired, outcome)

    async def _send(
        self, channel: Channel | None, notification: Notification, message: Message, until: datetime
    ) -> Outcome:
        if channel is None:
            return GiveUp(AttemptReason.RECEIVER_REMOVED, "the configuration no longer has this channel")
        deadline = min(self.timings.send_within, until - self.clock.now() - self.timings.send_margin)
        if deadline <= timedelta(0):
            return TryAgain(AttemptReason.TIMEOUT, "the lease left no time for the send")
        pass_by("send.before")
        outcome = await channel.send(notification, message, deadline)
        pass_by("send.after")
        return outcome

    def _record(self, acquired: AcquiredNotification, outcome: Outcome) -> SendResult:
        notification, now = acquired.notification, self.clock.now()
        again_at = None
        if isinstance(outcome, TryAgain):
            again_at = backoff.next_attempt_at(
                notification.group.channel.kind,
                notification.attempts + 1,
                outcome,
                notification.created_at,
                now,
                self.jitter(),
                self.timings.backoff,
            )
        _log_outcome(notification, outcome, again_at)
        kept = self.store.record_outcome(self.owner, notification.key, acquired.epoch, outcome, now, again_at)
        if not kept:
            return SendResult.LEASE_LOST
        if isinstance(outcome, Delivered):
            return SendResult.DELIVERED
        return SendResult.POSTPONED if again_at else SendResult.DEAD

    def render(self, notification: Notification) -> Message:
        """The notification as a message: the same on every attempt, so that copies are alike."""
        zone = zone_of(self.plan.routes, notification.group.route)
        return render_message(notification, zone=zone, now=notification.created_at)


def zone_of(routes: Mapping[str, Route], path: str) -> str:
    """The zone in which times are told on a route: its digest's, else the root's, else UTC."""
    timings = [routes[name].timing for name in (path, "/") if name in routes]
    return next((timing.zone for timing in timings if isinstance(timing, DigestPlan)), "UTC")


def _log_outcome(notification: Notification, outcome: Outcome, again_at: datetime | None) -> None:
    facts = {"notification": notification.key, "channel": str(notification.group.channel)}
    match outcome:
        case Delivered():
            log.info("notify.delivered", **facts, alerts=len(notification.alerts))
        case TryAgain() if again_at is not None:
            log.warning("notify.postponed", **facts, reason=outcome.reason.value, detail=outcome.detail, until=again_at)
        case TryAgain() | GiveUp():
            remedy = f"mend the cause, then: watcher outbox retry {notification.key[:8]}"
            log.error("notify.dead", **facts, reason=outcome.reason.value, detail=outcome.detail, remedy=remedy)
