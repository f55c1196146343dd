"""Silences as shown: when each is in force, and what one would keep back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from watcher.lazy_dataclass import dataclass
from watcher.model.alert import Alert, AlertState
from watcher.model.notification import DeliveryState
from watcher.model.silence import Silence
from watcher.model.topic import Level
from watcher.route.limits import silenced


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

    `waiting`: how many of them wait or are held now and would be kept back. `other_topics`: topics of its alerts in
    focus, beside the topic that it was made for.
    """

    met: tuple[Alert, ...]
    seen: int
    met_day: int
    seen_day: int
    waiting: int
    other_topics: tuple[str, ...]
    is_cut: bool


def preview_of(
    silence: Silence,
    recent: Sequence[Alert],
    states: Mapping[str, Mapping[DeliveryState, int]],
    topic: str,
    now: datetime,
    *,
    is_cut: bool = False,
) -> SilencePreview:
    """What the silence meets among recent alerts, newest first; copies are not counted. `topic` is what it is for."""
    shown = [alert for alert in recent if alert.state is not AlertState.FOLDED]
    ids = set(silenced(shown, [silence], silence.starts_at))
    met = tuple(alert for alert in shown if alert.id in ids)
    day = now - timedelta(days=1)
    others = Counter(alert.topic for alert in met if alert.level is Level.FOCUS and alert.topic != topic)
    return SilencePreview(
        met=met,
        seen=len(shown),
        met_day=sum(_is_after(alert, day) for alert in met),
        seen_day=sum(_is_after(alert, day) for alert in shown),
        waiting=sum(bool({DeliveryState.WAITING, DeliveryState.HELD} & set(states.get(one.id, {}))) for one in met),
        other_topics=tuple(sorted(others)),
        is_cut=is_cut,
    )


def _is_after(alert: Alert, moment: datetime) -> bool:
    return alert.created_at is not None and alert.created_at >= moment
