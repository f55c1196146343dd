"""Silences: who must not hear of an alert for now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from watcher.model.alert import Alert
from watcher.model.silence import Silence
from watcher.route.matcher import matches_all


def active_silences(silences: Iterable[Silence], now: datetime) -> list[Silence]:
    """Those in force at `now`, the longest first."""
    in_force = [silence for silence in silences if silence.starts_at <= now < silence.ends_at and silence.matchers]
    return sorted(in_force, key=lambda silence: (-silence.ends_at.timestamp(), silence.id))


def silenced(alerts: Iterable[Alert], silences: Iterable[Silence], now: datetime) -> Mapping[str, str]:
    """The alerts that must not be told at `now`: id of the alert → id of the silence that ends last."""
    in_force = active_silences(silences, now)
    found = ((alert.id, _silence_of(in_force, alert.labels)) for alert in alerts)
    return {alert_id: silence.id for alert_id, silence in found if silence is not None}


def _silence_of(in_force: Iterable[Silence], labels: Mapping[str, str]) -> Silence | None:
    return next((silence for silence in in_force if matches_all(silence.matchers, labels)), None)
