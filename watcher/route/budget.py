"""Budgets: how many messages a route may still send to a channel."""

from __future__ import annotations

from datetime import datetime, timedelta

from watcher.model.notification import BudgetUse
from watcher.model.route import Budget

LOOK_AGAIN = timedelta(minutes=1)
"""When messages under way fill the budget, nobody knows when they will have been sent."""


def left(budget: Budget, use: BudgetUse, now: datetime) -> int:
    """Messages that may be made at `now`; never negative."""
    return max(budget.max - use.unfinished - len(_recent(budget, use, now)), 0)


def free_at(budget: Budget, use: BudgetUse, now: datetime) -> datetime:
    """The soonest time at which the budget may allow another message; `now` when it does already."""
    recent = _recent(budget, use, now)
    over = use.unfinished + len(recent) - budget.max
    if over < 0:
        return now
    return recent[over] + budget.per if over < len(recent) else now + LOOK_AGAIN


def _recent(budget: Budget, use: BudgetUse, now: datetime) -> list[datetime]:
    """Sending times inside the window, oldest first; one in the future is a clock set back and counts."""
    return sorted(moment for moment in use.sent_at if moment > now - budget.per)
