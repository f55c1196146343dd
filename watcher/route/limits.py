"""What keeps an alert from being sent now: the budget of a route, the share of a feed, and silences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from watcher.model.alert import Alert
from watcher.model.notification import BudgetUse, WaitingAlert
from watcher.model.route import Budget
from watcher.model.silence import Silence
from watcher.route.matcher import matches_all

RECHECK_AFTER = timedelta(minutes=1)
"""While unfinished messages fill the budget, it is unknown when they will have been sent."""


SHARE_PERIOD = timedelta(hours=1)


def messages_left(budget: Budget, use: BudgetUse, now: datetime) -> int:
    """Messages that may be made at `now`; never negative."""
    return max(budget.max - use.unfinished - len(_recent(budget, use, now)), 0)


def free_at(budget: Budget, use: BudgetUse, now: datetime) -> datetime:
    """The soonest time at which the budget may allow another message; `now` when it does already."""
    recent = _recent(budget, use, now)
    over = use.unfinished + len(recent) - budget.max
    if over < 0:
        return now
    return recent[over] + budget.per if over < len(recent) else now + RECHECK_AFTER


def _recent(budget: Budget, use: BudgetUse, now: datetime) -> list[datetime]:
    """Sending times within the window, oldest first; one in the future is a clock set back and counts."""
    return sorted(moment for moment in use.sent_at if moment > now - budget.per)


def beyond_share(alerts: Iterable[WaitingAlert], sent: Mapping[str, int], limit: int) -> frozenset[str]:
    """The ids of the alerts beyond what their feeds may send at once in `SHARE_PERIOD`: of each feed all but the best.

    `sent` counts, by the feed's address, what was sent already.
    """
    used = Counter(sent)
    beyond = set()
    for alert in sorted(alerts, key=lambda one: (-one.level.rank, -one.score, one.since, one.alert_id)):
        if used[alert.feed_url] >= limit:
            beyond.add(alert.alert_id)
        used[alert.feed_url] += 1
    return frozenset(beyond)


def active_silences(silences: Iterable[Silence], now: datetime) -> list[Silence]:
    """Those in force at `now`, the longest first."""
    in_force = [silence for silence in silences if silence.starts_at <= now < silence.ends_at and silence.matchers]
    return sorted(in_force, key=lambda silence: (-silence.ends_at.timestamp(), silence.id))


def silenced(alerts: Iterable[Alert], silences: Iterable[Silence], now: datetime) -> Mapping[str, str]:
    """The alerts that are silenced at `now`: id of the alert → id of the silence that ends last."""
    in_force = active_silences(silences, now)
    found = ((alert.id, _silence_of(in_force, alert.labels)) for alert in alerts)
    return {alert_id: silence.id for alert_id, silence in found if silence is not None}


def _silence_of(in_force: Iterable[Silence], labels: Mapping[str, str]) -> Silence | None:
    return next((silence for silence in in_force if matches_all(silence.matchers, labels)), None)
