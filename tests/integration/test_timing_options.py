"""When each message leaves, to the half hour, for every timing option, while clocks change in four zones.

Each test looks every three hours, and to the half hour around the moments that it names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from _pytest.mark import ParameterSet

from tests.harness.harness import Harness, Item
from tests.harness.rounds import looked_at, notify, poll
from watcher.model.alert import stable_hash
from watcher.model.route import Matcher
from watcher.model.silence import Silence

STEP = timedelta(minutes=30)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LOUD = "A ceasefire, a truce: the ceasefire holds, and so does the truce in the north, said both sides."


@dataclass(frozen=True)
class Change:
    """A zone, and the moment at which its clocks change."""

    zone: str
    at: datetime

    def local(self, days: int, clock: str) -> datetime:
        """When clocks show this, on the local day of the change or so many days later."""
        day = (self.at + 6 * HOUR).astimezone(ZoneInfo(self.zone)).date() + days * DAY
        return datetime.combine(day, time.fromisoformat(clock), ZoneInfo(self.zone)).astimezone(UTC)

    def weekday(self, days: int) -> str:
        """The local day of the change, or so many days later, as the configuration writes it."""
        return self.local(days, "12:00").astimezone(ZoneInfo(self.zone)).strftime("%a").lower()


CHANGES = [
    Change("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    Change("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    Change("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
    Change("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    Change("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
    Change("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    Change("Asia/Beirut", datetime(2026, 3, 28, 22, tzinfo=UTC)),
    Change("Asia/Beirut", datetime(2026, 10, 24, 21, tzinfo=UTC)),
]
ON_BOTH_ENGINES = (CHANGES[1], CHANGES[5])
"""Back by an hour, forward by half of one. All else is decided before the store sees a time, which is always UTC."""


def once_or_twice(change: Change) -> ParameterSet:
    marks = () if change in ON_BOTH_ENGINES else pytest.mark.sqlite_only
    return pytest.param(change, marks=marks, id=f"{change.zone} {change.at:%m-%d}")


EACH = pytest.mark.parametrize("change", [once_or_twice(change) for change in CHANGES])


@EACH
def test_the_clocks_change_then(change: Change) -> None:
    zone, moment = ZoneInfo(change.zone), timedelta(minutes=1)
    before, after = (change.at - moment).astimezone(zone), (change.at + moment).astimezone(zone)
    assert before.utcoffset() != after.utcoffset()


def lived(
    harness: Harness, start: datetime, until: datetime, news: Mapping[datetime, Item], expected: Iterable[datetime]
) -> list[tuple[datetime, str]]:
    """Goes through the time; when messages left, and why. News is on the wire from its moment on."""

    async def run() -> list[tuple[datetime, str]]:
        left: list[tuple[datetime, str]] = []
        async with harness.open() as app:
            await app.follow_configuration()
            for now in looked_at(start, until, [*news, *expected], step=3 * HOUR, fine=STEP):
                harness.clock.set(now)
                if now in news:
                    harness.wire = [news[now], *harness.wire]
                    harness.publish("/wire", harness.wire)
                    await poll(app, force=True)
                left += [(now, one.notification.reason.value) for one in await notify(app)]
        return left

    harness.clock.set(start)
    harness.publish("/wire", [])
    return asyncio.run(run())


def wire(moments: Mapping[str, datetime], text: str = "") -> dict[datetime, Item]:
    return {moment: Item(title, title, moment - STEP, text) for title, moment in moments.items()}


A, B, C = "Ceasefire agreed", "Truce collapses in Aleppo", "A ceasefire for Homs and its villages"


@EACH
def test_group_wait_and_group_interval_are_lengths_of_time(harness: Harness, change: Change) -> None:
    harness.route = "\nreceiver: chat\ngroup_wait: 90m\ngroup_interval: 3h"
    news = wire({A: change.at - HOUR, B: change.at + HOUR})
    expected = {change.at + STEP: "first", change.at + 3 * HOUR + STEP: "more"}
    assert lived(harness, change.at - 2 * HOUR, change.at + 6 * HOUR, news, expected) == [*expected.items()]


@EACH
def test_a_budget_counts_in_lengths_of_time(harness: Harness, change: Change) -> None:
    harness.route = "\nreceiver: chat\ngroup_by: [story]\ngroup_wait: 0s\nbudget: {max: 1, per: 3h}"
    news = wire({A: change.at - HOUR, B: change.at, C: change.at + STEP})
    expected = {change.at - HOUR: "first", change.at + 2 * HOUR: "overflow"}
    assert lived(harness, change.at - 2 * HOUR, change.at + 6 * HOUR, news, expected) == [*expected.items()]


@EACH
def test_a_silence_ends_at_its_moment(harness: Harness, change: Change) -> None:
    harness.route = "\nreceiver: chat\ngroup_wait: 0s"
    matcher = Matcher("topic", "=", "ceasefires")
    begin, end = change.at - HOUR, change.at + HOUR
    store = harness.store()
    store.upgrade()
    store.silences.add(Silence(stable_hash("s"), (matcher,), "Ada", "on air", begin, end, begin))
    store.close()
    news = wire({A: change.at, B: change.at + HOUR})
    assert lived(harness, begin, change.at + 3 * HOUR, news, [end]) == [(end, "first")]
    assert harness.alerted_titles() == [B]


@EACH
def test_a_digest_leaves_on_its_days(harness: Harness, change: Change) -> None:
    days = f"[{change.weekday(1)}, {change.weekday(3)}]"
    harness.route = f'\nreceiver: desk\ndigest: {{at: ["02:30", "07:00"], zone: {change.zone}, days: {days}}}'
    news = wire({A: change.at - HOUR, B: change.at + 2 * DAY})
    expected = [change.local(1, "02:30"), change.local(3, "02:30")]
    left = lived(harness, change.at - 2 * HOUR, change.at + 4 * DAY, news, expected)
    assert [moment for moment, _ in left] == expected


@EACH
def test_a_digest_waits_for_enough(harness: Harness, change: Change) -> None:
    harness.route = f'\nreceiver: desk\ndigest: {{at: ["07:00"], zone: {change.zone}, min: 2}}'
    news = wire({A: change.at - HOUR, B: change.at + 12 * HOUR})
    expected = [change.local(1, "07:00")]
    left = lived(harness, change.at - 2 * HOUR, change.at + 2 * DAY, news, [change.local(0, "07:00"), *expected])
    assert [moment for moment, _ in left] == expected
    assert len(harness.mail.mails) == 1


@EACH
def test_quiet_hours_hold_until_they_end_and_let_the_loud_through(harness: Harness, change: Change) -> None:
    harness.route = f"""
    receiver: chat
    routes:
      - receiver: chat
        group_by: [story]
        group_wait: 0s
        hold: {{between: "22:00-06:00", zone: {change.zone}, break_through: 20}}
    """
    news = wire({A: change.at - STEP}) | wire({C: change.at}, LOUD)
    expected = {change.at: "first", change.local(0, "06:00"): "released"}
    assert lived(harness, change.at - HOUR, change.at + 12 * HOUR, news, expected) == [*expected.items()]
    assert harness.alerted_titles() == [C, A]
