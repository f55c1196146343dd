"""Notifies the operator, through another receiver, that a channel cannot deliver.

The alarm is in our own words: the channel and the reason. What the failing receiver answered is only logged, since a
hostile receiver could otherwise send its text to everybody else. A channel causes one alarm in `ALARM_INTERVAL`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta

import structlog

from watcher.clock import Clock
from watcher.deliver.channel import Channel
from watcher.errors import AttemptReason, StoreError
from watcher.lazy_dataclass import dataclass
from watcher.model.notification import Delivered, Outcome
from watcher.model.route import ChannelRef
from watcher.notify.breakers import CircuitBreakers
from watcher.render.user_templates import UserTemplates
from watcher.store.store import Store
from watcher.threads import ThreadPool

log = structlog.get_logger()

ALARM_INTERVAL = timedelta(hours=6)
RETRY_INTERVAL = timedelta(minutes=10)
OUR_FAULT = frozenset({AttemptReason.RENDER, AttemptReason.DEFECT})
MAX_TARGETS = 3
"""Channels that are tried for one alarm; each may take as long as any message."""

REMEDY = (
    "Fix the channel's address or credentials and reload. Waiting messages are then sent; "
    "retry dead letters with `watcher outbox retry KEY`."
)
REMEDY_FOR_DEFECT = (
    "This is a defect of watcher: please report it with the log. `watcher outbox list` shows the messages, "
    "`watcher alerts list` their alerts."
)


@dataclass(frozen=True, slots=True)
class PendingAlarm:
    """What to send, and when to try it next."""

    subject: str
    remedy: str
    due_at: datetime


@dataclass(slots=True)
class Alarms:
    """Sends alarms, and remembers which were sent when. `pending` could not be sent to anybody yet."""

    store: Store
    store_pool: ThreadPool
    render_pool: ThreadPool
    clock: Clock
    within: timedelta
    pending: dict[ChannelRef, PendingAlarm] = field(default_factory=dict)

    async def notify(
        self,
        failing: ChannelRef,
        outcome: Outcome,
        channels: Mapping[ChannelRef, Channel],
        breakers: CircuitBreakers,
        templates: UserTemplates | None,
    ) -> None:
        """Logs that a channel fails and sends the alarm, unless one was sent within `ALARM_INTERVAL`."""
        if isinstance(outcome, Delivered):
            return
        reason = outcome.reason.value
        remedy = REMEDY_FOR_DEFECT if outcome.reason in OUR_FAULT else REMEDY
        log.error("channel.failed", channel=str(failing), reason=reason, detail=outcome.detail, remedy=remedy)
        if failing in self.pending or await self._was_sent_recently(failing):
            return
        subject = f"{failing} cannot deliver ({reason.replace('_', ' ')})"
        self.pending[failing] = PendingAlarm(subject, remedy, self.clock.now())
        await self.send_pending(channels, breakers, templates)

    async def send_pending(
        self, channels: Mapping[ChannelRef, Channel], breakers: CircuitBreakers, templates: UserTemplates | None
    ) -> None:
        """Sends each pending alarm through the first channel that takes it; without one, it stays pending."""
        now = self.clock.now()
        for failing, alarm in list(self.pending.items()):
            if alarm.due_at > now:
                continue
            self.pending[failing] = replace(alarm, due_at=now + RETRY_INTERVAL)
            for target in breakers.alternatives(channels.keys(), failing)[:MAX_TARGETS]:
                if await self._send(channels[target], target, alarm, templates):
                    self.pending.pop(failing, None)
                    await self.store_pool(_remember_alarm, self.store, failing, now)
                    break

    async def _send(
        self, channel: Channel, target: ChannelRef, alarm: PendingAlarm, templates: UserTemplates | None
    ) -> bool:
        from watcher.render.channel_failure import trouble_message, trouble_notification

        now = self.clock.now()
        try:
            message = await self.render_pool(trouble_message, target, alarm.subject, alarm.remedy, now, templates)
            for problem in message.problems:
                log.warning("template.failed", channel=str(target), problem=problem)
            outcome = await channel.send(trouble_notification(target, alarm.subject, now), message, self.within)
        except Exception:
            log.exception("channel.crashed", channel=str(target))
            return False
        if not isinstance(outcome, Delivered):
            log.error("channel.alarm_failed", channel=str(target), reason=outcome.reason.value, detail=outcome.detail)
        return isinstance(outcome, Delivered)

    async def _was_sent_recently(self, failing: ChannelRef) -> bool:
        try:
            sent_at = await self.store_pool(self.store.facts.recall, _alarm_fact(failing))
        except StoreError as error:
            log.warning("channel.alarm_not_recalled", channel=str(failing), error=str(error))
            return False
        return bool(sent_at) and abs(self.clock.now() - datetime.fromisoformat(sent_at or "")) < ALARM_INTERVAL


def _remember_alarm(store: Store, failing: ChannelRef, now: datetime) -> None:
    """A store that fails costs at most a second alarm."""
    try:
        store.facts.remember(_alarm_fact(failing), now.isoformat())
    except StoreError as error:
        log.warning("channel.alarm_not_saved", channel=str(failing), error=str(error))


def _alarm_fact(failing: ChannelRef) -> str:
    return f"alarm of {failing}"
