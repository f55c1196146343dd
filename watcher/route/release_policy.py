"""What happens to ripe groups: they are sent, held for quiet hours, or held over the budget.

Three decisions, in this order, each over values that the store gives and takes:

    silenced(alerts)  ─▶  decide_groups(ripe groups of one route and channel)  ─▶  decide_alerts(one group to send)

and `decide_release` for what is held already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from watcher.errors import NotifyReason
from watcher.lazy_dataclass import dataclass
from watcher.model.alert import Alert
from watcher.model.notification import BudgetUse, HeldGroup, HoldReason, WaitingGroup
from watcher.model.route import Route
from watcher.route import limits
from watcher.route.quiet_hours import breaks_through, quiet_until


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Whole groups to be held, why, and when to decide about them again."""

    groups: tuple[WaitingGroup, ...]
    reason: HoldReason
    until: datetime


@dataclass(frozen=True, slots=True)
class GroupsDecision:
    """`send`: may be frozen now, best first; `hold`: to be held."""

    send: tuple[WaitingGroup, ...]
    hold: tuple[HeldBack, ...] = ()


def decide_groups(route: Route, groups: Sequence[WaitingGroup], use: BudgetUse, now: datetime) -> GroupsDecision:
    """Decides over the ripe groups of one route and one channel.

    In quiet hours only groups with an alert that breaks through are sent. If the budget is too small,
    the groups with the best scores are sent and the others gathered in one later message.
    """
    candidates, held = _outside_quiet_hours(route, groups, now)
    ranked = sorted(candidates, key=lambda group: (-group.best_score, group.first_waiting_at, group.key.id))
    if route.budget is None:
        return GroupsDecision(tuple(ranked), held)
    allowed = limits.messages_left(route.budget, use, now)
    sent, over = ranked[:allowed], ranked[allowed:]
    if over:
        then = BudgetUse(use.unfinished, (*use.sent_at, *(now for _ in sent)))
        held = (*held, HeldBack(tuple(over), HoldReason.BUDGET, limits.free_at(route.budget, then, now)))
    return GroupsDecision(tuple(sent), held)


def _outside_quiet_hours(
    route: Route, groups: Sequence[WaitingGroup], now: datetime
) -> tuple[list[WaitingGroup], tuple[HeldBack, ...]]:
    until = quiet_until(route.hold, now) if route.hold else None
    if route.hold is None or until is None:
        return list(groups), ()
    loud = [group for group in groups if breaks_through(route.hold, group.best_score)]
    quiet = tuple(group for group in groups if not breaks_through(route.hold, group.best_score))
    return loud, (HeldBack(quiet, HoldReason.QUIET_HOURS, until),) if quiet else ()


@dataclass(frozen=True, slots=True)
class AlertsHeld:
    """Alerts of a group that is sent that stay behind until the quiet hours end."""

    alert_ids: tuple[str, ...]
    until: datetime


def decide_alerts(route: Route, alerts: Iterable[Alert], now: datetime) -> AlertsHeld | None:
    """The alerts of a group sent in quiet hours that do not break through; None when there are none."""
    until = quiet_until(route.hold, now) if route.hold else None
    if route.hold is None or until is None:
        return None
    behind = tuple(alert.id for alert in alerts if not breaks_through(route.hold, alert.rank))
    return AlertsHeld(behind, until) if behind else None


@dataclass(frozen=True, slots=True)
class Release:
    """What is held leaves now as one message."""

    reason: NotifyReason


@dataclass(frozen=True, slots=True)
class StillHeld:
    """Not yet; decide again at `until`."""

    reason: HoldReason
    until: datetime


def decide_release(route: Route, held: HeldGroup, use: BudgetUse, now: datetime) -> Release | StillHeld:
    """Decides over what is held, at or after its time, or when the configuration has changed.

    Quiet hours come first: what was over budget in the evening waits for the morning. The decision follows the
    configuration in force: quiet hours that were removed end at once.
    """
    until = quiet_until(route.hold, now) if route.hold else None
    if until is not None and not (route.hold and _goes_through(route, held)):
        return StillHeld(HoldReason.QUIET_HOURS, until)
    if route.budget is not None and not limits.messages_left(route.budget, use, now):
        return StillHeld(HoldReason.BUDGET, max(limits.free_at(route.budget, use, now), now + timedelta(seconds=1)))
    return Release(_RELEASED_AS[held.reason])


_RELEASED_AS = {
    HoldReason.QUIET_HOURS: NotifyReason.RELEASED,
    HoldReason.BUDGET: NotifyReason.OVERFLOW,
    HoldReason.FEED_SHARE: NotifyReason.FEED_SHARE,
}


def _goes_through(route: Route, held: HeldGroup) -> bool:
    """What was held for another reason may break through by its best alert; what was held for the night may not."""
    return (
        held.reason is not HoldReason.QUIET_HOURS
        and route.hold is not None
        and breaks_through(route.hold, held.best_score)
    )
