"""When messages leave while clocks change: digests and quiet hours in four zones, forward and back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.harness.harness import Harness, Item
from tests.harness.rounds import looked_at, notify, poll

HOUR = timedelta(hours=1)
STEP = timedelta(minutes=30)

CHANGES = [
    # zone, the local day of the change, when a digest at 02:30 leaves on it (UTC), and why
    ("Europe/Berlin", "2026-03-29", "01:30"),  # 02:30 does not exist: moved forward by the gap, to 03:30
    ("Europe/Berlin", "2026-10-25", "00:30"),  # 02:30 comes twice: the first of them
    ("America/New_York", "2026-03-08", "07:30"),
    ("America/New_York", "2026-11-01", "07:30"),  # back from 02:00 to 01:00: 02:30 comes once
    ("Australia/Lord_Howe", "2026-10-04", "15:30"),  # half an hour: 02:00 to 02:30, which exists
    ("Australia/Lord_Howe", "2026-04-05", "16:00"),  # back from 02:00 to 01:30: 02:30 comes once
    ("Asia/Beirut", "2026-03-29", "23:30"),  # midnight does not exist
    ("Asia/Beirut", "2026-10-25", "00:30"),  # back from midnight to 23:00
    ("Europe/Istanbul", "2026-03-29", "23:30"),  # no change since 2016
]


def lived(harness: Harness, hours: int, *expected: datetime) -> list[datetime]:
    """Goes through the hours, to the half hour around what is expected; when messages left."""

    async def run() -> list[datetime]:
        left: list[datetime] = []
        async with harness.open() as app:
            await app.follow_configuration()
            start = harness.clock.now()
            for now in looked_at(start, start + hours * HOUR, expected, step=2 * HOUR, fine=STEP):
                harness.clock.set(now)
                await poll(app)
                left += [now for _ in await notify(app)]
        return left

    return asyncio.run(run())


def next_time(after: datetime, clock: str) -> datetime:
    """When it is this time of the day, in UTC."""
    found = datetime.combine(after.date(), time.fromisoformat(clock), UTC)
    return found if found > after else found + timedelta(days=1)


@pytest.mark.sqlite_only  # test_timing_options has digests and quiet hours on both engines
@pytest.mark.parametrize(("zone", "day", "leaves"), CHANGES)
def test_a_digest_leaves_once_on_the_day_of_the_change(harness: Harness, zone: str, day: str, leaves: str) -> None:
    harness.route = f'\nreceiver: desk\ndigest: {{at: ["02:30"], zone: {zone}}}'
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    harness.clock.set(midnight - HOUR)
    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now() - STEP)])
    expected = next_time(harness.clock.now(), leaves)
    assert lived(harness, 26, expected) == [expected]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("zone", "day", "released"),
    [
        ("Europe/Berlin", "2026-03-28", "04:00"),  # 06:00 in summer time
        ("Europe/Berlin", "2026-10-24", "05:00"),  # 06:00 in winter time
        ("America/New_York", "2026-03-07", "10:00"),
        ("Australia/Lord_Howe", "2026-04-04", "19:30"),
        ("Asia/Beirut", "2026-03-28", "03:00"),
        ("Europe/Istanbul", "2026-03-28", "03:00"),
    ],
)
def test_quiet_hours_end_by_the_local_clock(harness: Harness, zone: str, day: str, released: str) -> None:
    harness.route = f"""
    receiver: chat
    routes:
      - receiver: chat
        group_wait: 0s
        hold: {{between: "22:00-06:00", zone: {zone}}}
    """
    evening = datetime.fromisoformat(f"{day}T22:30").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    harness.clock.set(evening)
    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now() - STEP)])
    expected = next_time(evening, released)
    assert lived(harness, 12, expected) == [expected]


def test_a_clock_set_back_delays_and_loses_nothing(harness: Harness) -> None:
    harness.route = '\nreceiver: desk\ndigest: {at: ["07:00"], zone: UTC}'
    due = datetime(2026, 5, 4, 7, tzinfo=UTC)
    harness.clock.set(due - HOUR)
    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now() - STEP)])
    assert lived(harness, 1, due) == [due]
    harness.clock.set(due - 2 * HOUR)
    harness.publish("/wire", [Item("b", "Truce collapses", harness.clock.now() - STEP)])
    assert len(lived(harness, 30, due, due + timedelta(days=1))) == 1
    assert len(harness.mail.mails) == 2
