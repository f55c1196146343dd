"""What a silence would keep back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from watcher.model.notification import DeliveryState
from watcher.model.silence import Silence
from watcher.store.records import AlertFilter
from watcher.store.store import Store
from watcher.views.silences import SilencePreview, preview_of

MET_SINCE = timedelta(days=7)
MOST_ALERTS = 1_000
UNDECIDED = frozenset({DeliveryState.WAITING, DeliveryState.HELD})


def read_stories(store: Store, silences: Iterable[Silence]) -> dict[str, str]:
    """The title of the newest alert of the story that a silence names, by the id of the silence."""
    found: dict[str, str] = {}
    for silence in silences:
        names = [one.value for one in silence.matchers if one.label == "story" and one.operator == "="]
        for alert in store.alerts.matching(AlertFilter(story=names[0]), 1) if names else ():
            found[silence.id] = alert.entry.title
    return found


def read_preview(store: Store, silence: Silence, topic: str, now: datetime) -> SilencePreview:
    """What it meets among the alerts of the last 7 days; `topic` is the topic that it is made for, "" for none."""
    recent = store.alerts.outlines(limit=MOST_ALERTS, since=now - MET_SINCE)
    found = preview_of(silence, recent, topic, now, MOST_ALERTS)
    states = store.alerts.delivery_states(found.met)
    return replace(found, waiting=sum(not UNDECIDED.isdisjoint(one) for one in states.values()))
