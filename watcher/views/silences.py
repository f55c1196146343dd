"""Silences as shown: when each is in force, and what one would keep back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from watcher.lazy_dataclass import dataclass
from watcher.model.alert import Alert, AlertState
from watcher.model.silence import Silence
from watcher.model.topic import Level
from watcher.route.limits import silenced

MOST_SHOWN = 20
"""Alerts that a preview lists."""


class SilenceState(StrEnum):
    """When a silence is in force."""

    IN_FORCE = "in force"
    TO_COME = "to come"
    OVER = "over"


def state_of(silence: Silence, now: datetime) -> SilenceState:
    if silence.ends_at <= now:
        return SilenceState.OVER
    return SilenceState.IN_FORCE if silence.starts_at <= now else SilenceState.TO_COME


def silence_facts(silence: Silence, now: datetime) -> dict[str, object]:
    """A silence for JSON."""
    return {
        "id": silence.id,
        "state": state_of(silence, now).value,
        "matchers": [str(matcher) for matcher in silence.matchers],
        "author": silence.author,
        "comment": silence.comment,
        "starts_at": silence.starts_at,
        "ends_at": silence.ends_at,
    }


@dataclass(frozen=True, slots=True)
class SilencePreview:
    """What a silence would have met: of `seen` alerts in 7 days, and of `seen_day` in the last 24 hours.

    `met`: ids, newest first; `shown`: the first of these alerts. `waiting`: how many of them wait or are held now and
    would be kept back. `other_topics`: topics of its alerts in focus, beside the topic that it was made for.
    """

    met: tuple[str, ...]
    shown: tuple[Alert, ...]
    seen: int
    met_day: int
    seen_day: int
    other_topics: tuple[str, ...]
    is_cut: bool
    waiting: int = 0


def preview_of(silence: Silence, recent: Iterable[Alert], topic: str, now: datetime, most: int) -> SilencePreview:
    """What the silence meets among recent alerts, newest first, `most` of which are there; copies are not counted.
    `topic` is what it is for.
    """
    day = now - timedelta(days=1)
    read = seen = met_day = seen_day = 0
    met: list[str] = []
    shown: list[Alert] = []
    others: set[str] = set()
    for alert in recent:
        read += 1
        if alert.state is AlertState.FOLDED:
            continue
        seen += 1
        seen_day += _is_after(alert, day)
        if silenced([alert], [silence], silence.starts_at):
            met.append(alert.id)
            met_day += _is_after(alert, day)
            shown += [alert] if len(shown) < MOST_SHOWN else []
            others |= {alert.topic} if alert.level is Level.FOCUS and alert.topic != topic else set()
    return SilencePreview(tuple(met), tuple(shown), seen, met_day, seen_day, tuple(sorted(others)), is_cut=read == most)


def _is_after(alert: Alert, moment: datetime) -> bool:
    return alert.created_at is not None and alert.created_at >= moment
