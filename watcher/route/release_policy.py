"""What becomes of groups that are ripe: told, held for quiet hours, or folded over the budget.

Three decisions, in this order, each over values that the store gives and takes:

    silenced(alerts)  ─▶  plan_groups(ripe groups of one route and channel)  ─▶  plan_alerts(one told group)

and `plan_release` for what is held already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.errors import NotifyReason
from watcher.model.alert import Alert
from watcher.model.notification import BudgetUse, HeldGroup, HoldReason, WaitingGroup
from watcher.model.route import Route
from watcher.route import budget
from watcher.route.quiet_hours import breaks_through, quiet_until


@dataclass(frozen=True, slots=True)
class Aside:
    """Whole groups to be held, why, and when to think of them again."""

    groups: tuple[WaitingGroup, ...]
    reason: HoldReason
    until: datetime


@dataclass(frozen=True, slots=True)
class GroupsPlan:
    """`tell`: may be frozen now, best first; `aside`: to be held."""

    tell: tuple[WaitingGroup, ...]
    aside: tuple[Aside, ...] = ()


def plan_groups(route: Route, groups: Sequence[WaitingGroup], use: BudgetUse, now: datetime) -> GroupsPlan:
    """Decides over the ripe groups of one route and one channel.

    In quiet hours only groups with an alert that breaks through are told. Where the budget does not
    suffice, the groups with the best scores are told and the others folded into one later message.
    """
    open_groups, aside = _outside_quiet_hours(route, groups, now)
    ranked = sorted(open_groups, key=lambda group: (-group.best_score, group.first_waiting_at, group.key.id))
    if route.budget is None:
        return GroupsPlan(tuple(ranked), aside)
    allowed = budget.left(route.budget, use, now)
    told, over = ranked[:allowed], ranked[allowed:]
    if over:
        then = BudgetUse(use.unfinished, (*use.sent_at, *(now for _ in told)))
        aside = (*aside, Aside(tuple(over), HoldReason.BUDGET, budget.free_at(route.budget, then, now)))
    return GroupsPlan(tuple(told), aside)


def _outside_quiet_hours(
    route: Route, groups: Sequence[WaitingGroup], now: datetime
) -> tuple[list[WaitingGroup], tuple[Aside, ...]]:
    until = quiet_until(route.hold, now) if route.hold else None
    if route.hold is None or until is None:
        return list(groups), ()
    loud = [group for group in groups if breaks_through(route.hold, group.best_score)]
    quiet = tuple(group for group in groups if not breaks_through(route.hold, group.best_score))
    return loud, (Aside(quiet, HoldReason.QUIET_HOURS, until),) if quiet else ()


@dataclass(frozen=True, slots=True)
class AlertsHeld:
    """Alerts of a told group that stay behind until the quiet hours end."""

    alert_ids: tuple[str, ...]
    until: datetime


def plan_alerts(route: Route, alerts: Iterable[Alert], now: datetime) -> AlertsHeld | None:
    """Which alerts of a group that is told in quiet hours do not break through; None when there are none."""
    until = quiet_until(route.hold, now) if route.hold else None
    if route.hold is None or until is None:
        return None
    behind = tuple(alert.id for alert in alerts if not breaks_through(route.hold, alert.score))
    return AlertsHeld(behind, until) if behind else None


@dataclass(frozen=True, slots=True)
class Release:
    """What is held leaves now as one message. With `fold`, what it does not show counts as told by it."""

    reason: NotifyReason
    fold: bool


@dataclass(frozen=True, slots=True)
class StillHeld:
    """Not yet; think again at `until`."""

    reason: HoldReason
    until: datetime


def plan_release(route: Route, held: HeldGroup, use: BudgetUse, now: datetime) -> Release | StillHeld:
    """Decides over what is held, at or after its time, or when the configuration has changed.

    Quiet hours come first: what was over budget in the evening waits for the morning. A `StillHeld` never
    lies beyond the configuration in force: quiet hours that were removed end at once.
    """
    until = quiet_until(route.hold, now) if route.hold else None
    if until is not None and not (route.hold and _goes_through(route, held)):
        return StillHeld(HoldReason.QUIET_HOURS, until)
    if route.budget is not None and not budget.left(route.budget, use, now):
        return StillHeld(HoldReason.BUDGET, max(budget.free_at(route.budget, use, now), now + timedelta(seconds=1)))
    if held.reason is HoldReason.BUDGET:
        return Release(NotifyReason.OVERFLOW, fold=True)
    return Release(NotifyReason.RELEASED, fold=False)


def _goes_through(route: Route, held: HeldGroup) -> bool:
    """What was folded over the budget may break through by its best alert; what was held for the night may not."""
    return held.reason is HoldReason.BUDGET and route.hold is not None and breaks_through(route.hold, held.best_score)
