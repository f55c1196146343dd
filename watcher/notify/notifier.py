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
from datetime import datetime
from enum import StrEnum
from functools import partial

import structlog

from watcher.clock import Clock
from watcher.deliver import backoff
from watcher.deliver.channel import Channel
from watcher.errors import AttemptReason
from watcher.failpoints import pass_by
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
from watcher.notify.breakers import CircuitBreakers, show_pause, tell_trouble
from watcher.notify.compose import compose_message
from watcher.notify.flusher import Early, Flusher
from watcher.notify.retry_store import retry_while_busy
from watcher.render.user_templates import UserTemplates
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
class NotifyConfig:
    """What notifying needs of a configuration; swapped whole on reload. `routes` is keyed by path."""

    root: Route
    routes: Mapping[str, Route]
    receivers: Mapping[str, Receiver]
    channels: Mapping[ChannelRef, Channel]
    templates: UserTemplates | None = None


@dataclass(frozen=True, slots=True)
class Notifier:
    """Routes, freezes and delivers. `jitter` gives uniform numbers in [0, 1)."""

    plan: NotifyConfig
    owner: str
    store: Store
    clock: Clock
    jitter: Callable[[], float]
    timings: Timings
    circuits: CircuitBreakers

    def route_new(self) -> int:
        """Routes every alert that no route has seen, under the configuration now in force (I1)."""
        count = 0
        while alerts := self.store.unrouted_alerts(ROUTE_BATCH):
            routed = [route_alert(self.plan.root, self.plan.receivers, alert) for alert in alerts]
            self.store.save_routing(routed, self.clock.now())
            count += len(alerts)
        while copies := self.store.unexamined_copies(ROUTE_BATCH):
            routed = [route_alert(self.plan.root, self.plan.receivers, alert) for alert in copies]
            self.store.save_corroboration(routed, self.clock.now())
        return count

    def freeze_ripe(self, early: Early = Early.NOTHING) -> list[Notification]:
        """Makes notifications of what is due, and holds or silences what must be."""
        return Flusher(self.plan.routes, self.store, self.clock.now(), self.plan.receivers).flush(early)

    def acquire(self, limit: int, busy: Collection[ChannelRef] = ()) -> list[AcquiredNotification]:
        """Leases what is due; nothing of busy channels and broken ones, one of each channel that is on trial."""
        shut = {*busy, *self.circuits.shut()}
        trials = self.circuits.on_trial() - shut
        taken = self._acquire(limit, shut | trials)
        for channel in trials:
            taken += self._acquire(1, self.plan.channels.keys() - {channel})
        for one in taken:
            self.circuits.leaving(one.notification.group.channel)
        return taken

    def _acquire(self, limit: int, paused: Collection[ChannelRef]) -> list[AcquiredNotification]:
        now, lease = self.clock.now(), self.timings.notification_lease
        return self.store.acquire_notifications(self.owner, now, now + lease, limit, paused=paused)

    async def attempt(self, acquired: AcquiredNotification) -> SendResult:
        """One try to deliver one notification, and the record of what came of it."""
        try:
            return await self._attempt(acquired)
        except BaseException:
            self.circuits.abandoned(acquired.notification.group.channel)
            raise

    async def _attempt(self, acquired: AcquiredNotification) -> SendResult:
        notification = acquired.notification
        name = notification.group.channel
        pass_by("attempt.before")
        message = await asyncio.to_thread(
            compose_message, notification, self.plan.routes, self.plan.templates, self.store
        )
        if not await asyncio.to_thread(
            self.store.begin_attempt, self.owner, notification.key, acquired.epoch, self.clock.now()
        ):
            self.circuits.abandoned(name)
            return SendResult.LEASE_LOST
        outcome = await self._send(self.plan.channels.get(name), notification, message, acquired.until)
        result = await retry_while_busy(partial(self._record, acquired, outcome), acquired.until, self.clock)
        is_trouble = self.circuits.ended(name, outcome)
        if self.circuits.takes_another_pause(name):
            await asyncio.to_thread(show_pause, self.store, name, self.circuits.pauses().get(name))
        if is_trouble:
            await self._tell_trouble(name, outcome)
        return result

    async def _tell_trouble(self, name: ChannelRef, outcome: Outcome) -> None:
        plan, within = self.plan, self.timings.send_within
        await tell_trouble(name, outcome, plan.channels, self.circuits, self.clock, within, plan.templates)

    async def _send(
        self, channel: Channel | None, notification: Notification, message: Message, until: datetime
    ) -> Outcome:
        if channel is None:
            return GiveUp(AttemptReason.RECEIVER_REMOVED, "the configuration no longer has this channel")
        deadline = min(self.timings.send_within, until - self.clock.now() - self.timings.send_margin)
        if deadline < self.timings.send_within / 2:
            # A send cut short is often accepted all the same, and then repeated.
            return TryAgain(AttemptReason.TIMEOUT, "the lease left too little time for the send")
        pass_by("send.before")
        try:
            outcome = await channel.send(notification, message, deadline)
        except Exception as error:  # a defect of one channel may neither stop others nor repeat for ever
            log.exception("channel.defect", channel=str(notification.group.channel))
            outcome = TryAgain(
                AttemptReason.DEFECT, f"the channel failed unexpectedly ({type(error).__name__}); see the log"
            )
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
                notification.retried_at or notification.created_at,
                now,
                self.jitter(),
                self.timings.backoff,
            )
        kept = self.store.record_outcome(self.owner, notification.key, acquired.epoch, outcome, now, again_at)
        _log_outcome(notification, outcome, again_at)
        if not kept:
            return SendResult.LEASE_LOST
        if isinstance(outcome, Delivered):
            return SendResult.DELIVERED
        return SendResult.POSTPONED if again_at else SendResult.DEAD


def _log_outcome(notification: Notification, outcome: Outcome, again_at: datetime | None) -> None:
    facts = {"notification": notification.key, "channel": str(notification.group.channel)}
    match outcome:
        case Delivered():
            log.info("notify.delivered", **facts, alerts=len(notification.alerts))
        case TryAgain() if again_at is not None:
            facts |= {"reason": outcome.reason.value, "detail": outcome.detail, "until": again_at.isoformat()}
            log.warning("notify.postponed", **facts)
        case TryAgain() | GiveUp():
            remedy = f"mend the cause, then: watcher outbox retry {notification.key[:8]}"
            log.error("notify.dead", **facts, reason=outcome.reason.value, detail=outcome.detail, remedy=remedy)
