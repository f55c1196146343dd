"""Slots at which a channel is to hear that there is nothing: which, when, and not for ever."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from watcher.deliver.mail_message import Email
from watcher.model.route import ChannelRef, DigestTiming, GroupTiming, Hold, Receiver, Route, Timing
from watcher.route.empty import empty_slots

MAIL = ChannelRef("desk", "email")
RECEIVERS = {"desk": Receiver("desk", {MAIL: Email(("desk@example.org",))})}
MINUTE = timedelta(minutes=1)


def digest(*at: int, zone: str = "Europe/Berlin", empty: bool = True) -> DigestTiming:
    return DigestTiming(tuple(time(hour, 30) for hour in at), zone, empty=empty)


def routes(*timings: Timing, hold: Hold | None = None) -> dict[str, Route]:
    return {f"/{n}": Route(f"/{n}", "desk", timing, (), hold=hold) for n, timing in enumerate(timings)}


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def slots(tree: dict[str, Route], now: datetime) -> list[datetime]:
    return [one.slot for one in empty_slots(tree, RECEIVERS, now)]


@pytest.mark.parametrize(
    ("zone", "slot"),
    [
        ("Europe/Berlin", utc(2026, 3, 29, 1, 30)),  # 02:30 does not exist: 03:30
        ("Europe/Berlin", utc(2026, 10, 25, 0, 30)),  # comes twice: the first
        ("America/New_York", utc(2026, 3, 8, 7, 30)),
        ("Australia/Lord_Howe", utc(2026, 4, 4, 16, 0)),
        ("Asia/Kathmandu", utc(2026, 6, 1, 20, 45)),
    ],
)
def test_due_at_the_slot_and_for_an_hour(zone: str, slot: datetime) -> None:
    tree = routes(digest(2, zone=zone))
    assert slots(tree, slot - timedelta(microseconds=1)) == []
    assert slots(tree, slot) == [slot]
    assert slots(tree, slot + 59 * MINUTE) == [slot]
    assert slots(tree, slot + 60 * MINUTE) == []


def test_a_slot_in_quiet_hours_is_due_when_they_end() -> None:
    tree = routes(digest(2), hold=Hold(((time(22), time(6)),), "Europe/Berlin"))
    assert slots(tree, utc(2026, 1, 24, 4, 59)) == []
    (one,) = empty_slots(tree, RECEIVERS, utc(2026, 1, 24, 5))
    assert (one.slot, one.due) == (utc(2026, 1, 24, 1, 30), utc(2026, 1, 24, 5))


def test_of_two_routes_to_a_channel_each_slot_is_one_and_all_digests_count() -> None:
    now = utc(2026, 1, 24, 8, 31)
    tree = routes(digest(7, 9), digest(9), digest(12, empty=False), GroupTiming())
    (one,) = empty_slots(tree, RECEIVERS, now)
    assert (one.slot, one.routes) == (now - MINUTE, ("/0", "/1", "/2"))


def test_the_key_differs_by_slot_and_channel_and_by_nothing_else() -> None:
    before, after = utc(2026, 1, 24, 8, 31), utc(2026, 1, 24, 9)
    (early,), (late,) = (empty_slots(routes(digest(9)), RECEIVERS, now) for now in (before, after))
    (other_tree,) = empty_slots(routes(GroupTiming(), digest(9)), RECEIVERS, before)
    (tomorrow,) = empty_slots(routes(digest(9)), RECEIVERS, before + timedelta(days=1))
    assert early.key == late.key == other_tree.key != tomorrow.key


def test_at_once_is_now_for_those_that_may_be_empty() -> None:
    now = utc(2026, 1, 24, 15)
    assert [one.slot for one in empty_slots(routes(digest(9)), RECEIVERS, now, at_once=True)] == [now]
    assert empty_slots(routes(digest(9, empty=False), GroupTiming()), RECEIVERS, now, at_once=True) == []
