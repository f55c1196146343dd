"""What a silence would keep back."""

from __future__ import annotations

from datetime import datetime, timedelta

from watcher.model.silence import Silence
from watcher.store.store import Store
from watcher.views.silences import SilencePreview, preview_of

MET_SINCE = timedelta(days=7)
MOST_ALERTS = 1_000


def read_preview(store: Store, silence: Silence, topic: str, now: datetime) -> SilencePreview:
    """What it meets among the alerts of the last 7 days; `topic` is the topic that it is made for, "" for none."""
    recent = store.alerts.newest(limit=MOST_ALERTS, since=now - MET_SINCE)
    states = store.alerts.delivery_states([alert.id for alert in recent])
    return preview_of(silence, recent, states, topic, now, is_cut=len(recent) == MOST_ALERTS)
