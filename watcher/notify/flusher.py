"""From waiting deliveries to frozen notifications: the middle of the second trip.

    release what was held ─▶ ripe? ─▶ silenced? ─▶ quiet hours, budget (route.flush decides) ─▶ freeze, or hold
                                                                   └─▶ a digest's slot, and nothing for it ─▶ freeze

What is held goes first, so that in a flood the message that tells of the overflow is not starved by what is new.

Every step is a transaction of its own, and each is repeated until it is done: a crash between two leaves deliveries
waiting or held, which the next round finds again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

from watcher.errors import NotifyReason
from watcher.model.notification import BudgetUse, EmptySlot, HeldGroup, HoldReason, Notification, WaitingGroup
from watcher.model.route import ChannelRef, DigestTiming, GroupTiming, Receiver, Route, Timing
from watcher.route import budget, due
from watcher.route.empty import empty_slots
from watcher.route.release_policy import Aside, Release, plan_alerts, plan_groups, plan_release
from watcher.route.silence import active_silences, silenced
from watcher.store.interface import Store

SHOWN = 2_000
"""Alerts that a notification carries; those beyond belong to it and are counted in it."""

ALL = 1_000_000
"""Of a group that must be looked through alert by alert."""


class Early(StrEnum):
    """What may leave before its time: nothing; groups that only wait for company; digests as well."""

    NOTHING = "nothing"
    GROUP_WAIT = "group_wait"
    DIGESTS = "digests"


@dataclass(frozen=True, slots=True)
class Flusher:
    """Flushes the groups of the routes in force, at one moment. Only channels of the `receivers` hear of empty digests."""

    routes: Mapping[str, Route]
    store: Store
    now: datetime
    receivers: Mapping[str, Receiver] = field(default_factory=dict)

    def flush(self, early: Early) -> list[Notification]:
        """Makes a notification of everything whose time has come and that nothing holds back."""
        frozen: list[Notification | None] = [
            self._release(held) for held in self.store.held_groups() if held.until <= self.now
        ]
        ripe = [group for group in self.store.waiting_groups() if self._is_ripe(group, early)]
        if ripe:
            ripe = self._without_silenced(ripe)
        for (path, channel), groups in groupby(sorted(ripe, key=_place), key=_place):
            frozen += self._tell(self.routes[path], ChannelRef.parse(channel), list(groups))
        frozen += [self._say_nothing(slot) for slot in self._empty_slots(early)]
        return [notification for notification in frozen if notification is not None]

    def _is_ripe(self, group: WaitingGroup, early: Early) -> bool:
        route = self.routes.get(group.key.route)
        if route is None or group.has_unfinished:
            return False
        if early is Early.DIGESTS and isinstance(route.timing, DigestTiming):
            return True
        timing = _without_wait(route.timing) if early is not Early.NOTHING else route.timing
        return due.is_ripe(timing, group, self.now, enough_at=self._enough_at(timing, group))

    def _enough_at(self, timing: Timing, group: WaitingGroup) -> datetime | None:
        """When a digest that wants several alerts had them; it leaves at the first slot after that."""
        if not isinstance(timing, DigestTiming) or timing.min <= 1 or group.count < timing.min:
            return None
        return self.store.nth_waiting_at(group.key, timing.min)

    def _without_silenced(self, ripe: Sequence[WaitingGroup]) -> list[WaitingGroup]:
        """Takes out what a person has silenced; groups of which nothing is left are gone afterwards.

        Only here: a digest that leaves when the silence is over tells of it.
        """
        in_force = active_silences(self.store.silences(self.now), self.now)
        if not in_force:
            return list(ripe)
        names = {group.key.id for group in ripe}
        alerts = [alert for group in ripe for alert in self.store.waiting_alerts(group.key, ALL)]
        self.store.silence_waiting([group.key for group in ripe], silenced(alerts, in_force, self.now), self.now)
        return [group for group in self.store.waiting_groups() if group.key.id in names]

    def _tell(self, route: Route, channel: ChannelRef, groups: list[WaitingGroup]) -> list[Notification | None]:
        decided = plan_groups(route, groups, self._use(route, channel), self.now)
        for aside in decided.aside:
            self._hold(aside)
        return [self._freeze(route, group) for group in decided.tell]

    def _hold(self, aside: Aside) -> None:
        keys = [group.key for group in aside.groups]
        self.store.hold_waiting(keys, aside.reason, aside.until, self.now)

    def _freeze(self, route: Route, group: WaitingGroup) -> Notification | None:
        if route.hold is not None:
            behind = plan_alerts(route, self.store.waiting_alerts(group.key, ALL), self.now)
            if behind is not None:
                self.store.hold_waiting(
                    [group.key], HoldReason.QUIET_HOURS, behind.until, self.now, only=behind.alert_ids
                )
        return self.store.freeze(group.key, _reason(route.timing, group), self.now, SHOWN)

    def _release(self, held: HeldGroup) -> Notification | None:
        route = self.routes.get(held.route)
        if route is None:
            return None
        decided = plan_release(route, held, self._use(route, held.channel), self.now)
        if isinstance(decided, Release):
            return self.store.release(held, decided.reason, self.now, SHOWN)
        self.store.hold_longer(held, decided.reason, decided.until, self.now)
        return None

    def _empty_slots(self, early: Early) -> list[EmptySlot]:
        return empty_slots(self.routes, self.receivers, self.now, at_once=early is Early.DIGESTS)

    def _say_nothing(self, slot: EmptySlot) -> Notification | None:
        route = self.routes[slot.routes[0]]
        if route.budget is not None and not budget.left(route.budget, self._use(route, slot.channel), self.now):
            return None
        return self.store.freeze_empty(slot, self.now)

    def _use(self, route: Route, channel: ChannelRef) -> BudgetUse:
        if route.budget is None:
            return BudgetUse()
        return self.store.budget_use(route.path, channel, self.now - route.budget.per)


def _place(group: WaitingGroup) -> tuple[str, str]:
    return group.key.route, str(group.key.channel)


def _without_wait(timing: Timing) -> Timing:
    return replace(timing, wait=timedelta(0)) if isinstance(timing, GroupTiming) else timing


def _reason(timing: Timing, group: WaitingGroup) -> NotifyReason:
    if isinstance(timing, DigestTiming):
        return NotifyReason.DIGEST
    return NotifyReason.FIRST if group.last_flush_at is None else NotifyReason.MORE
