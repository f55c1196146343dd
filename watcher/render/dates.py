"""Times as a reader in some zone sees them. Pure and total: no stored moment makes a message fail."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from watcher.model.local_time import representable, to_local


def local_time(moment: datetime, zone: str) -> str:
    """`Mon 23 Nov, 09:12`."""
    at = to_local(moment, zone)
    return f"{_DAYS[at.weekday()][:3]} {at.day} {_MONTHS[at.month - 1][:3]}, {at:%H:%M}"


def local_date(moment: datetime, zone: str) -> str:
    """`Monday, 23 November 2026, 07:00`."""
    at = to_local(moment, zone)
    return f"{_DAYS[at.weekday()]}, {_day(at)}, {at:%H:%M}"


def local_day(moment: datetime, zone: str) -> str:
    """`23 November 2026`."""
    return _day(to_local(moment, zone))


def _day(at: datetime) -> str:
    """English whatever the locale of the process."""
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def day_of(moment: datetime, zone: str) -> date:
    return to_local(moment, zone).date()


def age(moment: datetime, now: datetime) -> str:
    """How long ago, roughly; "" for what lies more than a few minutes ahead, which is a publisher's mistake."""
    passed = representable(now) - representable(moment)
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


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
