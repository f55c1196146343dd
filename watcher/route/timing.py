"""When a route would send an alert, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from watcher.model.alert import ABOVE_ALL, rank_of
from watcher.model.local_time import to_local
from watcher.model.route import WEEKDAYS, DigestTiming, Hold, Route
from watcher.model.topic import OWN_TOPIC, Level, Points, format_points
from watcher.route.due import NEVER, next_slot
from watcher.route.quiet_hours import breaks_through, quiet_until


def when_sent(route: Route, score: Points | None, now: datetime) -> list[str]:
    """Sentences without a full stop: when an alert that comes `now` leaves, what may hold it, how many messages may.

    `score` in hundredths of a point decides about quiet hours (`rank_of`, for a report on a feed); None: not known.
    """
    return [*_timing(route, now), *_hold(route.hold, score, now), *_budget(route)]


def rank_of_report(labels: Mapping[str, str]) -> Points | None:
    """What stands for the score where the labels are those of a report on a feed; None for other alerts."""
    if labels.get("topic") != OWN_TOPIC:
        return None
    return rank_of(OWN_TOPIC, Level.FOCUS if labels.get("level") == Level.FOCUS else Level.MENTION, 0)


def _timing(route: Route, now: datetime) -> Iterator[str]:
    timing = route.timing
    if not isinstance(timing, DigestTiming):
        wait, interval = _duration(timing.wait), _duration(timing.interval)
        first = f"at once: {wait} after the first alert of a group" if timing.wait else "at once"
        yield f"{first}, then every {interval}"
        return
    slot = next_slot(timing, now)
    times = ", ".join(f"{at:%H:%M}" for at in timing.at)
    days = "" if timing.days == WEEKDAYS else f" on {', '.join(timing.days)}"
    following = "" if slot == NEVER else f"; next {_moment(slot, timing.zone)}"
    least = f", from {timing.min} alerts on" if timing.min > 1 else ""
    yield f"in the digest of {times} {timing.zone}{days}{least}{following}"


def _hold(hold: Hold | None, score: Points | None, now: datetime) -> Iterator[str]:
    if hold is None:
        return
    spans = ", ".join(f"{start:%H:%M}-{end:%H:%M}".replace("-00:00", "-24:00") for start, end in hold.spans)
    days = "" if hold.days == WEEKDAYS else f" on {', '.join(hold.days)}"
    until = quiet_until(hold, now)
    quiet_now = "not now" if until is None else f"now, until {_moment(until, hold.zone)}"
    text = f"held during quiet hours {spans} {hold.zone}{days} ({quiet_now})"
    if hold.break_through is not None:
        limit = format_points(hold.break_through)
        text += f", unless its score is {limit} or more"
        if score == ABOVE_ALL:
            text += "; a report on a critical feed is always sent"
        elif score is not None:
            text += f": {format_points(score)} {'is' if breaks_through(hold, score) else 'is not'}"
    elif score == ABOVE_ALL:
        text += "; a report on a critical feed too, because the route has no break_through"
    yield text


def _budget(route: Route) -> Iterator[str]:
    if route.budget is not None:
        yield f"at most {route.budget.max} messages in {_duration(route.budget.per)}; the rest follows in one message"


def _moment(moment: datetime, zone: str) -> str:
    at = to_local(moment, zone)
    return f"{at:%a} {at.day} {at:%b}, {at:%H:%M}"


def _duration(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
