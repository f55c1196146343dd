"""When groups are ripe: prompt ones by waiting, digests by the clocks of a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.hostile_items import EARLIEST, LATEST
from watcher.model.route import WEEKDAYS, DigestTiming, GroupTiming
from watcher.route.due import NEVER, due_at, next_slot

ZONES = ["Europe/Istanbul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]


def at(zone: str, *parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, fold=fold, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def digest(*times: str, zone: str = "Europe/Berlin", days=WEEKDAYS, least: int = 1) -> DigestTiming:
    return DigestTiming(tuple(time.fromisoformat(text) for text in times), zone, tuple(days), least)


def due(timing, first: datetime, last: datetime | None = None, count: int = 1, **more) -> datetime:
    return due_at(timing, first, last, count=count, **more)


NOON = datetime(2026, 1, 24, 12, tzinfo=UTC)


class TestPromptly:
    timing = GroupTiming(timedelta(seconds=30), timedelta(minutes=5))

    def test_waits_for_company_after_the_first_alert(self) -> None:
        assert due(self.timing, NOON) == NOON + timedelta(seconds=30)

    def test_keeps_its_distance_from_the_last_message(self) -> None:
        assert due(self.timing, NOON, NOON - timedelta(minutes=1)) == NOON + timedelta(minutes=4)

    def test_an_old_message_is_no_hindrance(self) -> None:
        assert due(self.timing, NOON, NOON - timedelta(days=1)) == NOON + timedelta(seconds=30)


class TestDigest:
    def test_leaves_at_the_first_slot_after_its_first_alert(self) -> None:
        seven = digest("07:00", "19:00", zone="Europe/Istanbul")
        assert due(seven, NOON) == at("Europe/Istanbul", 2026, 1, 24, 19)
        assert due(seven, at("Europe/Istanbul", 2026, 1, 24, 19)) == at("Europe/Istanbul", 2026, 1, 25, 7)

    def test_missed_slots_merge_into_the_first(self) -> None:
        three_days_ago = NOON - timedelta(days=3)
        assert due(digest("07:00"), three_days_ago) < NOON

    def test_an_alert_that_was_routed_late_does_not_make_a_second_digest_of_one_slot(self) -> None:
        slot = at("Europe/Berlin", 2026, 1, 24, 7)
        sent = slot + timedelta(seconds=3)
        assert due(digest("07:00"), slot - timedelta(seconds=1), sent) == slot + timedelta(days=1)

    def test_only_on_its_days(self) -> None:
        saturday = NOON
        weekdays = digest("07:00", days=("mon", "tue", "wed", "thu", "fri"))
        assert due(weekdays, saturday) == at("Europe/Berlin", 2026, 1, 26, 7)
        assert due(digest("07:00", days=("sat",)), saturday) == at("Europe/Berlin", 2026, 1, 31, 7)

    def test_the_day_is_the_zones_day(self) -> None:
        monday_in_auckland = digest("08:00", zone="Pacific/Auckland", days=("mon",))
        assert due(monday_in_auckland, NOON) == datetime(2026, 1, 25, 19, tzinfo=UTC)

    def test_too_few_alerts_wait(self) -> None:
        assert due(digest("07:00", least=3), NOON, count=2) == NEVER

    def test_slots_passed_over_for_want_of_alerts_are_not_made_up_for(self) -> None:
        third_came = NOON + timedelta(days=2)
        assert due(digest("07:00", least=3), NOON, count=3, enough_at=third_came) == at("Europe/Berlin", 2026, 1, 27, 7)


class TestClockChanges:
    def test_a_time_that_does_not_exist_moves_forward(self) -> None:
        spring = at("Europe/Berlin", 2026, 3, 29, 0)
        assert due(digest("02:30"), spring) == at("Europe/Berlin", 2026, 3, 29, 3, 30)

    def test_two_slots_that_the_change_makes_one_are_one(self) -> None:
        both = digest("02:30", "03:30")
        spring = at("Europe/Berlin", 2026, 3, 29, 0)
        once = due(both, spring)
        assert once == at("Europe/Berlin", 2026, 3, 29, 3, 30)
        assert next_slot(both, once) == at("Europe/Berlin", 2026, 3, 30, 2, 30)

    def test_an_ambiguous_time_is_its_first_occurrence_and_comes_once(self) -> None:
        autumn = at("Europe/Berlin", 2026, 10, 25, 0)
        first = due(digest("02:30"), autumn)
        assert first == at("Europe/Berlin", 2026, 10, 25, 2, 30, fold=0)
        assert next_slot(digest("02:30"), first) == at("Europe/Berlin", 2026, 10, 26, 2, 30)

    def test_half_an_hour_of_change(self) -> None:
        # Lord Howe Island moves by thirty minutes: 02:00 to 02:30 on 4 October 2026.
        spring = at("Australia/Lord_Howe", 2026, 10, 4, 0)
        assert due(digest("02:15", zone="Australia/Lord_Howe"), spring) == at("Australia/Lord_Howe", 2026, 10, 4, 2, 45)

    def test_a_whole_day_that_a_zone_skipped(self) -> None:
        # Samoa had no 30 December 2011.
        before = at("Pacific/Apia", 2011, 12, 29, 12)
        assert due(digest("07:00", zone="Pacific/Apia"), before) == at("Pacific/Apia", 2011, 12, 31, 7)

    def test_the_leap_day_has_a_digest(self) -> None:
        assert due(digest("07:00"), at("Europe/Berlin", 2028, 2, 28, 8)) == at("Europe/Berlin", 2028, 2, 29, 7)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("text", ["00:00", "02:30", "07:00", "23:59"])
def test_a_year_of_digests_has_one_a_day(zone: str, text: str) -> None:
    daily = digest(text, zone=zone)
    moment, days = at(zone, 2026, 1, 1, 0) - timedelta(seconds=1), []
    end = at(zone, 2027, 1, 1, 0)
    while (moment := next_slot(daily, moment)) < end:
        local = moment.astimezone(ZoneInfo(zone))
        days.append(local.date())
        assert local.time() >= daily.at[0]
        assert local.fold == 0
    assert len(days) == len(set(days)) == 365


moments = st.integers(1_735_689_600, 1_861_920_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
plans = st.builds(
    DigestTiming,
    st.lists(st.times().map(lambda value: value.replace(second=0, microsecond=0)), min_size=1, max_size=4).map(tuple),
    st.sampled_from(ZONES),
    st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True).map(tuple),
)


@given(plans, moments)
def test_the_next_slot_is_later_and_nothing_lies_between(made: DigestTiming, moment: datetime) -> None:
    slot = next_slot(made, moment)
    assert moment < slot <= moment + timedelta(days=8, hours=2)
    assert next_slot(made, slot - timedelta(microseconds=1)) == slot
    middle = moment + (slot - moment) / 2
    assert next_slot(made, middle) == slot


@given(plans, moments, moments)
def test_a_later_alert_never_makes_an_earlier_digest(made: DigestTiming, one: datetime, other: datetime) -> None:
    assert due(made, min(one, other)) <= due(made, max(one, other))


def test_a_digest_skips_excepted_dates_however_many() -> None:
    holidays = frozenset(date(2026, 1, 5) + timedelta(days=7 * week) for week in range(20))
    mondays = DigestTiming((time(7),), "UTC", days=("mon",), except_on=holidays)
    assert next_slot(mondays, datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2026, 5, 25, 7, tzinfo=UTC)


@pytest.mark.parametrize("moment", [EARLIEST, LATEST])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_due_times_at_the_ends_of_time(moment: datetime, zone: str) -> None:
    stored = moment
    for timing in (DigestTiming((time(7),), zone), GroupTiming(timedelta(days=3650), timedelta(days=3650))):
        due_at(timing, stored, stored, count=1)
