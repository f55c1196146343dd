"""Times as a reader in some zone sees them. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from watcher.model.local_time import representable, to_local


def local_time(moment: datetime, zone: str) -> str:
    """`Mon 23 Nov, 09:12`."""
    return to_local(moment, zone).strftime("%a %-d %b, %H:%M")


def local_date(moment: datetime, zone: str) -> str:
    """`Monday, 23 November 2026, 07:00`."""
    return to_local(moment, zone).strftime("%A, %-d %B %Y, %H:%M")


def age(moment: datetime, now: datetime) -> str:
    """How long ago, roughly; "" for what lies more than a few minutes ahead, which is a publisher's mistake."""
    passed = now - moment
    if passed < -timedelta(minutes=5):
        return ""
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return f"{passed // timedelta(minutes=1)} min ago"
    if passed < timedelta(hours=48):
        return f"{passed // timedelta(hours=1)} h ago"
    return f"{passed // timedelta(days=1)} d ago"


def iso(moment: datetime | None) -> str | None:
    """`2026-01-24T07:00:00Z`."""
    return None if moment is None else f"{representable(moment).replace(microsecond=0, tzinfo=None).isoformat()}Z"
