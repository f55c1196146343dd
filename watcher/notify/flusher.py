"""From waiting deliveries to frozen notifications: the second stage of the notify pipeline.

    release what was held ─▶ ripe? ─▶ silenced? ─▶ quiet hours, budget (route.release_policy) ─▶ freeze, or hold
                                                              └─▶ a digest's slot with nothing to send ─▶ freeze

What is held goes first: otherwise, in a flood, new alerts would use up the budget of the overflow message.

Every step is one transaction. A crash between two steps leaves deliveries waiting or held; the next flush finds them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

import structlog

from watcher.errors import NotifyReason, StoreError
from watcher.lazy_dataclass import dataclass
from watcher.model.notification import (
    BudgetUse,
    EmptySlot,
    GroupKey,
    HeldGroup,
    HoldReason,
    Notification,
    WaitingAlert,
    WaitingGroup,
)
from watcher.model.route import ChannelRef, DigestTiming, GroupTiming, Receiver, Route, Timing
from watcher.model.settings import Limits
from watcher.route import due, limits
from watcher.route.empty import empty_slots
from watcher.route.limits import active_silences, silenced
from watcher.route.release_policy import GroupsDecision, Release, decide_alerts, decide_groups, decide_release
from watcher.store.store import Store
from watcher.threads import ThreadPool

log = structlog.get_logger()

SHOWN = 2_000
"""Alerts that a notification contains whole; those beyond belong to it and are counted."""

ALL = 1_000_000
"""The limit for groups of which every alert must be looked at."""


class Early(StrEnum):
    """What may leave before it is due: nothing; groups in their `group_wait`; digests as well."""

    NOTHING = "nothing"
    GROUP_WAIT = "group_wait"
    DIGESTS = "digests"


@dataclass(frozen=True, slots=True)
class Flusher:
    """Flushes the groups of the routes in force, at one moment. Only channels of `receivers` get empty digests.

    A group that raises is logged and left waiting; the others are flushed. One channel of a route after the other is
    finished: nodes that lived for half a minute each once looked at what waits for silences, and froze nothing.
    """

    routes: Mapping[str, Route]
    store: Store
    store_pool: ThreadPool
    now: datetime
    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    alerts_per_feed: int = Limits().alerts_per_feed

    async def flush(self, early: Early) -> list[Notification]:
        """Freezes every group that is due and that nothing holds back. Raises `StoreError`."""
        frozen: list[Notification | None] = []
        for held in await self.store_pool(self.store.holds.held):
            if held.until <= self.now:
                frozen += await self._one_by_itself(held.key, self._release(held))
        waiting = await self.store_pool(self.store.groups.waiting)
        ripe = [group for group in waiting if await self._may_leave(group, early)]
        for (path, channel), groups in groupby(sorted(ripe, key=_place), key=_place):
            if left := await self._without_silenced(list(groups)):
                frozen += await self._flush_groups(self.routes[path], ChannelRef.parse(channel), left)
        for slot in empty_slots(self.routes, self.receivers, self.now, at_once=early is Early.DIGESTS):
            frozen += await self._one_by_itself(slot.group, self._freeze_empty(slot))
        return [notification for notification in frozen if notification is not None]

    async def next_at(self) -> datetime:
        """When there may be something to flush, as far as that depends on the clock alone; never later than it is."""
        moments = [held.until for held in await self.store_pool(self.store.holds.held)]
        for group in await self.store_pool(self.store.groups.waiting):
            route = self.routes.get(group.key.route)
            if route is not None and not group.has_unfinished:
                first, last = group.first_waiting_at, group.last_flush_at
                moments.append(due.due_at(route.timing, first, last, count=group.count))
        timings = [route.timing for route in self.routes.values()]
        empty = [one for one in timings if isinstance(one, DigestTiming) and one.empty]
        return min((*moments, *(due.next_slot(one, self.now) for one in empty)), default=due.NEVER)

    async def _one_by_itself(self, group: GroupKey, work: Awaitable[Notification | None]) -> list[Notification | None]:
        try:
            return [await work]
        except StoreError:
            raise
        except Exception:
            log.exception("group.flush_failed", group=group.id, route=group.route, channel=str(group.channel))
            return []

    async def _may_leave(self, group: WaitingGroup, early: Early) -> bool:
        """Whether it is ripe; if that cannot be decided, it leaves: in doubt, notify."""
        try:
            return await self._is_ripe(group, early)
        except StoreError:
            raise
        except Exception:
            log.exception("group.due_time_failed", group=group.key.id, route=group.key.route, remedy="it is sent now")
            return True

    async def _is_ripe(self, group: WaitingGroup, early: Early) -> bool:
        route = self.routes.get(group.key.route)
        if route is None or group.has_unfinished:
            return False
        if early is Early.DIGESTS and isinstance(route.timing, DigestTiming):
            return True
        timing = _without_wait(route.timing) if early is not Early.NOTHING else route.timing
        return due.is_ripe(timing, group, self.now, enough_at=await self._enough_at(timing, group))

    async def _enough_at(self, timing: Timing, group: WaitingGroup) -> datetime | None:
        """When a digest with `min` had enough alerts; it leaves at the first slot after that."""
        if not isinstance(timing, DigestTiming) or timing.min <= 1 or group.count < timing.min:
            return None
        return await self.store_pool(self.store.groups.nth_waiting_at, group.key, timing.min)

    async def _without_silenced(self, ripe: Sequence[WaitingGroup]) -> list[WaitingGroup]:
        """Takes silenced alerts out of the groups; groups without any other alert are left out.

        Decided at the flush, not earlier: a digest that leaves after the end of a silence contains its alerts.
        """
        in_force = active_silences(await self.store_pool(self.store.silences.ending_after, self.now), self.now)
        if not in_force:
            return list(ripe)
        ids = {group.key.id for group in ripe}
        alerts = [
            alert for group in ripe for alert in await self.store_pool(self.store.groups.waiting_alerts, group.key, ALL)
        ]
        keys, ended_by = [group.key for group in ripe], silenced(alerts, in_force, self.now)
        await self.store_pool(self.store.silences.apply, keys, ended_by, self.now)
        return [group for group in await self.store_pool(self.store.groups.waiting) if group.key.id in ids]

    async def _flush_groups(
        self, route: Route, channel: ChannelRef, groups: list[WaitingGroup]
    ) -> list[Notification | None]:
        groups = await self._within_share(route, channel, groups)
        use = await self._budget_use(route, channel)
        try:
            decision = decide_groups(route, groups, use, self.now)
        except Exception:
            log.exception("group.decision_failed", route=route.path, channel=str(channel), remedy="all are sent now")
            decision = GroupsDecision(tuple(groups))
        for held in decision.hold:
            keys = [group.key for group in held.groups]
            await self.store_pool(self.store.holds.hold, keys, held.reason, held.until, self.now)
        frozen: list[Notification | None] = []
        for group in decision.send:
            frozen += await self._one_by_itself(group.key, self._freeze(route, group))
        return frozen

    async def _within_share(self, route: Route, channel: ChannelRef, groups: list[WaitingGroup]) -> list[WaitingGroup]:
        """Holds what is beyond the share of its feed; returns the groups with what is left of them.

        What is held leaves as one message, at most an hour after the first of it.
        """
        if isinstance(route.timing, DigestTiming):
            return groups
        since = self.now - limits.SHARE_PERIOD
        sent = await self.store_pool(self.store.holds.sent_by_feed, route.path, channel, since)
        if sum(group.count for group in groups) + max(sent.values(), default=0) <= self.alerts_per_feed:
            return groups
        ids = {group.key.id for group in groups}
        waiting = await self.store_pool(self.store.holds.waiting_alerts, route.path, channel)
        alerts = [alert for alert in waiting if alert.group_id in ids]
        beyond = limits.beyond_share(alerts, sent, self.alerts_per_feed)
        if not beyond:
            return groups
        held = [one for one in await self.store_pool(self.store.holds.held) if _is_share(one, route, channel)]
        until = min((one.until for one in held), default=self.now + limits.SHARE_PERIOD)
        keys = [group.key for group in groups]
        await self.store_pool(self.store.holds.hold, keys, HoldReason.FEED_SHARE, until, self.now, only=beyond)
        log.warning("feed.share_used_up", route=route.path, channel=str(channel), held=len(beyond), until=until)
        return list(_without(groups, alerts, beyond))

    async def _freeze(self, route: Route, group: WaitingGroup) -> Notification | None:
        if route.hold is not None:
            alerts = await self.store_pool(self.store.groups.waiting_alerts, group.key, ALL)
            if (behind := decide_alerts(route, alerts, self.now)) is not None:
                await self.store_pool(
                    self.store.holds.hold,
                    [group.key],
                    HoldReason.QUIET_HOURS,
                    behind.until,
                    self.now,
                    only=behind.alert_ids,
                )
        reason = _reason(route.timing, group)
        late = await self._late(group.key.channel) if reason is NotifyReason.DIGEST else []
        return await self.store_pool(self.store.groups.freeze, group.key, reason, self.now, SHOWN, late)

    async def _release(self, held: HeldGroup) -> Notification | None:
        route = self.routes.get(held.route)
        if route is None:
            return None
        decision = decide_release(route, held, await self._budget_use(route, held.channel), self.now)
        if isinstance(decision, Release):
            return await self.store_pool(self.store.holds.release, held, decision.reason, self.now, SHOWN)
        await self.store_pool(self.store.holds.extend, held, decision.reason, decision.until, self.now)
        return None

    async def _freeze_empty(self, slot: EmptySlot) -> Notification | None:
        route = self.routes[slot.routes[0]]
        use = await self._budget_use(route, slot.channel)
        if route.budget is not None and not limits.messages_left(route.budget, use, self.now):
            return None
        if not await self.store_pool(self.store.empty_digests.is_wanted, slot):
            return None
        late = await self._late(slot.channel)
        return await self.store_pool(self.store.empty_digests.freeze, slot, self.now, late)

    async def _late(self, channel: ChannelRef) -> list[str]:
        """Copies (ids) that no message to the channel shows yet and no silence meets, for a digest to list."""
        copies = await self.store_pool(self.store.shown_copies.late, channel, self.now)
        in_force = active_silences(await self.store_pool(self.store.silences.ending_after, self.now), self.now)
        met = silenced(copies, in_force, self.now) if copies else {}
        return [copy.id for copy in copies if copy.id not in met]

    async def _budget_use(self, route: Route, channel: ChannelRef) -> BudgetUse:
        if route.budget is None:
            return BudgetUse()
        return await self.store_pool(self.store.holds.budget_use, route.path, channel, self.now - route.budget.per)


def _is_share(held: HeldGroup, route: Route, channel: ChannelRef) -> bool:
    return held.reason is HoldReason.FEED_SHARE and (held.route, held.channel) == (route.path, channel)


def _without(
    groups: Iterable[WaitingGroup], alerts: Iterable[WaitingAlert], beyond: Collection[str]
) -> Iterator[WaitingGroup]:
    """The groups with the alerts that are not beyond; groups without any are left out."""
    scores: dict[str, list[int]] = {}
    for alert in alerts:
        if alert.alert_id not in beyond:
            scores.setdefault(alert.group_id, []).append(alert.score)
    for group in groups:
        if left := scores.get(group.key.id):
            yield replace(group, count=len(left), best_score=max(left))


def _place(group: WaitingGroup) -> tuple[str, str]:
    return group.key.route, str(group.key.channel)


def _without_wait(timing: Timing) -> Timing:
    return replace(timing, wait=timedelta(0)) if isinstance(timing, GroupTiming) else timing


def _reason(timing: Timing, group: WaitingGroup) -> NotifyReason:
    if isinstance(timing, DigestTiming):
        return NotifyReason.DIGEST
    return NotifyReason.FIRST if group.last_flush_at is None else NotifyReason.MORE
