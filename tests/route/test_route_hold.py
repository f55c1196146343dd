"""Quiet hours, silences and budgets, one decision at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.harness.factories import alert
from tests.harness.hostile_items import EARLIEST, LATEST
from watcher.errors import NotifyReason
from watcher.model.notification import BudgetUse, GroupKey, HeldGroup, HoldReason, WaitingGroup
from watcher.model.route import Budget, ChannelRef, DigestTiming, GroupTiming, Hold, Matcher, Route
from watcher.model.silence import Silence
from watcher.route import limits
from watcher.route.due import is_ripe
from watcher.route.limits import silenced
from watcher.route.quiet_hours import breaks_through, quiet_until
from watcher.route.release_policy import Release, StillHeld, decide_alerts, decide_groups, decide_release
from watcher.route.timing import rank_of_report, when_sent

CHANNEL = ChannelRef("chat", "slack")
NIGHT = Hold(((time(22), time(6)),), "Europe/Berlin", break_through=1200)


def at(*parts: int, zone: str = "Europe/Berlin", fold: int = 0) -> datetime:
    return datetime(*parts, fold=fold, tzinfo=ZoneInfo(zone)).astimezone(UTC)


NOON = at(2026, 1, 24, 12)
MIDNIGHT = at(2026, 1, 25, 0)


def route(hold: Hold | None = None, most: Budget | None = None) -> Route:
    return Route("/0", "chat", GroupTiming(), ("topic",), hold=hold, budget=most)


def group(name: str = "a", score: int = 500, since: datetime = NOON, count: int = 1) -> WaitingGroup:
    return WaitingGroup(GroupKey("/0", CHANNEL, {"topic": name}), since, None, count, score, False)


class TestQuietHours:
    @pytest.mark.parametrize(
        ("moment", "until"),
        [
            (at(2026, 1, 24, 21, 59), None),
            (at(2026, 1, 24, 22, 0), at(2026, 1, 25, 6)),
            (at(2026, 1, 25, 5, 59), at(2026, 1, 25, 6)),
            (at(2026, 1, 25, 6, 0), None),
        ],
    )
    def test_over_midnight(self, moment: datetime, until: datetime | None) -> None:
        assert quiet_until(NIGHT, moment) == until

    def test_within_a_day(self) -> None:
        siesta = Hold(((time(13), time(15)),), "Europe/Madrid")
        assert quiet_until(siesta, at(2026, 7, 1, 14, zone="Europe/Madrid")) == at(2026, 7, 1, 15, zone="Europe/Madrid")
        assert quiet_until(siesta, at(2026, 7, 1, 15, zone="Europe/Madrid")) is None

    def test_a_weekend_is_one_span(self) -> None:
        weekend = Hold(((time(0), time(0)),), "Europe/Berlin", days=("sat", "sun"))
        friday, monday = at(2026, 1, 23, 23, 59), at(2026, 1, 26)
        assert quiet_until(weekend, friday) is None
        assert quiet_until(weekend, at(2026, 1, 24)) == monday
        assert quiet_until(weekend, at(2026, 1, 25, 12)) == monday
        assert quiet_until(weekend, monday) is None

    def test_several_spans_that_meet_are_one(self) -> None:
        hold = Hold(((time(20), time(23)), (time(22), time(6)), (time(12), time(13))), "UTC")
        assert quiet_until(hold, datetime(2026, 1, 24, 12, 30, tzinfo=UTC)) == datetime(2026, 1, 24, 13, tzinfo=UTC)
        assert quiet_until(hold, datetime(2026, 1, 24, 20, 30, tzinfo=UTC)) == datetime(2026, 1, 25, 6, tzinfo=UTC)

    def test_the_night_that_begins_on_an_excepted_date_is_not_quiet(self) -> None:
        hold = Hold(((time(22), time(6)),), "UTC", except_on=frozenset({date(2026, 1, 24)}))
        assert quiet_until(hold, datetime(2026, 1, 24, 2, tzinfo=UTC)) == datetime(2026, 1, 24, 6, tzinfo=UTC)
        assert quiet_until(hold, datetime(2026, 1, 25, 2, tzinfo=UTC)) is None
        assert quiet_until(hold, datetime(2026, 1, 25, 23, tzinfo=UTC)) == datetime(2026, 1, 26, 6, tzinfo=UTC)

    @pytest.mark.parametrize("moment", [EARLIEST, LATEST])
    def test_the_ends_of_time_have_quiet_hours(self, moment: datetime) -> None:
        quiet_until(NIGHT, moment)

    def test_the_night_of_the_spring_change_is_an_hour_shorter(self) -> None:
        start = at(2026, 3, 28, 22)
        assert quiet_until(NIGHT, start) - start == timedelta(hours=7)

    def test_the_night_of_the_autumn_change_is_an_hour_longer(self) -> None:
        start = at(2026, 10, 24, 22)
        assert quiet_until(NIGHT, start) - start == timedelta(hours=9)

    def test_an_end_that_does_not_exist_moves_forward(self) -> None:
        early = Hold(((time(1), time(2, 30)),), "Europe/Berlin")
        assert quiet_until(early, at(2026, 3, 29, 1, 30)) == at(2026, 3, 29, 3, 30)

    def test_a_quiet_group_is_held_and_a_loud_one_sent(self) -> None:
        decision = decide_groups(route(NIGHT), [group("a", 500), group("b", 1200)], BudgetUse(), MIDNIGHT)
        assert [sent.key.labels["topic"] for sent in decision.send] == ["b"]
        (held,) = decision.hold
        assert (held.reason, held.until) == (HoldReason.QUIET_HOURS, at(2026, 1, 25, 6))

    def test_without_break_through_everything_is_held(self) -> None:
        deaf = Hold(((time(22), time(6)),), "Europe/Berlin")
        assert decide_groups(route(deaf), [group(score=99_999)], BudgetUse(), MIDNIGHT).send == ()

    def test_of_a_loud_group_only_the_loud_alerts_are_sent(self) -> None:
        loud, soft = alert(score=1300, name="loud"), alert(score=600, name="soft")
        held = decide_alerts(route(NIGHT), [loud, soft], MIDNIGHT)
        assert held is not None
        assert (held.alert_ids, held.until) == ((soft.id,), at(2026, 1, 25, 6))
        assert decide_alerts(route(NIGHT), [loud, soft], NOON) is None
        assert decide_alerts(route(NIGHT), [loud], MIDNIGHT) is None


class TestBudget:
    most = Budget(3, timedelta(hours=1))

    def test_the_best_groups_are_sent_and_the_rest_is_held(self) -> None:
        groups = [group(str(score), score) for score in (300, 900, 500, 700)]
        decision = decide_groups(route(most=self.most), groups, BudgetUse(), NOON)
        assert [sent.best_score for sent in decision.send] == [900, 700, 500]
        (held,) = decision.hold
        assert [over.best_score for over in held.groups] == [300]
        assert (held.reason, held.until) == (HoldReason.BUDGET, NOON + timedelta(hours=1))

    def test_messages_count_from_when_they_were_sent(self) -> None:
        old, recent = NOON - timedelta(minutes=61), NOON - timedelta(minutes=20)
        assert limits.messages_left(self.most, BudgetUse(0, (old, recent)), NOON) == 2
        assert limits.messages_left(self.most, BudgetUse(2, (recent,)), NOON) == 0

    def test_a_backlog_under_way_fills_the_budget(self) -> None:
        use = BudgetUse(unfinished=3)
        assert decide_groups(route(most=self.most), [group()], use, NOON).send == ()
        assert limits.free_at(self.most, use, NOON) > NOON

    def test_it_is_free_again_when_the_oldest_leaves_the_window(self) -> None:
        sent = tuple(NOON - timedelta(minutes=minutes) for minutes in (10, 50, 30))
        assert limits.free_at(self.most, BudgetUse(0, sent), NOON) == NOON + timedelta(minutes=10)
        assert limits.free_at(self.most, BudgetUse(), NOON) == NOON

    def test_a_clock_that_was_set_back_does_not_open_the_gates(self) -> None:
        assert limits.messages_left(self.most, BudgetUse(0, (NOON + timedelta(days=1),) * 3), NOON) == 0


class TestRelease:
    def held(self, reason: HoldReason, score: int = 500) -> HeldGroup:
        return HeldGroup("/0", CHANNEL, reason, MIDNIGHT, 7, score)

    def test_the_night_is_released_in_the_morning(self) -> None:
        held = self.held(HoldReason.QUIET_HOURS)
        assert decide_release(route(NIGHT), held, BudgetUse(), MIDNIGHT) == StillHeld(
            HoldReason.QUIET_HOURS, at(2026, 1, 25, 6)
        )
        assert decide_release(route(NIGHT), held, BudgetUse(), at(2026, 1, 25, 6)) == Release(NotifyReason.RELEASED)

    def test_quiet_hours_that_were_removed_end_at_once(self) -> None:
        assert isinstance(decide_release(route(), self.held(HoldReason.QUIET_HOURS), BudgetUse(), MIDNIGHT), Release)

    def test_what_was_over_budget_leaves_when_the_budget_allows(self) -> None:
        most = Budget(1, timedelta(hours=1))
        held = self.held(HoldReason.BUDGET)
        full = BudgetUse(0, (NOON - timedelta(minutes=20),))
        assert decide_release(route(most=most), held, full, NOON) == StillHeld(
            HoldReason.BUDGET, NOON + timedelta(minutes=40)
        )
        assert decide_release(route(most=most), held, BudgetUse(), NOON) == Release(NotifyReason.OVERFLOW)

    def test_over_budget_in_the_evening_waits_for_the_morning_unless_it_breaks_through(self) -> None:
        assert isinstance(decide_release(route(NIGHT), self.held(HoldReason.BUDGET), BudgetUse(), MIDNIGHT), StillHeld)
        loud = self.held(HoldReason.BUDGET, score=1500)
        assert isinstance(decide_release(route(NIGHT), loud, BudgetUse(), MIDNIGHT), Release)


class TestSilence:
    def silence(self, *matchers: Matcher, name: str = "s1", hours: int = 2) -> Silence:
        return Silence(name, matchers, "sam", "known drill", NOON, NOON + timedelta(hours=hours), NOON)

    drill = Matcher("topic", "=", "detention-facilities")

    def test_switches_off_what_all_its_matchers_meet_while_it_is_in_force(self) -> None:
        one, other = alert(name="1"), alert(name="2", topic="ceasefires")
        silence = self.silence(self.drill)
        assert silenced([one, other], [silence], NOON) == {one.id: "s1"}
        assert silenced([one], [silence], NOON - timedelta(seconds=1)) == {}
        assert silenced([one], [silence], NOON + timedelta(hours=2)) == {}

    def test_one_without_matchers_switches_off_nothing(self) -> None:
        assert silenced([alert()], [self.silence()], NOON) == {}

    def test_of_several_the_one_that_ends_last_is_named(self) -> None:
        short, long = self.silence(self.drill, name="a", hours=1), self.silence(self.drill, name="b", hours=5)
        assert set(silenced([alert()], [short, long], NOON).values()) == {"b"}


class TestClockSetBack:
    def test_a_group_of_the_future_leaves_rather_too_early_than_never(self) -> None:
        future = NOON + timedelta(days=365)
        for timing in (GroupTiming(), DigestTiming((time(7),), "UTC")):
            assert is_ripe(timing, group(since=future), NOON)

    def test_a_small_step_back_sends_no_digest_at_a_wrong_hour(self) -> None:
        just_now = NOON + timedelta(seconds=2)
        assert not is_ripe(DigestTiming((time(7),), "UTC"), group(since=just_now), NOON)
        assert not is_ripe(GroupTiming(), group(since=just_now), NOON)

    def test_too_few_alerts_stay_whatever_the_clock_says(self) -> None:
        patient = DigestTiming((time(7),), "UTC", min=3)
        assert not is_ripe(patient, group(since=NOON - timedelta(days=9), count=2), NOON)


zones = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
clock_times = st.times().map(lambda value: value.replace(second=0, microsecond=0))
moments = st.integers(1_735_689_600, 1_861_920_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(clock_times, clock_times, zones, moments)
def test_quiet_hours_end_in_the_future_and_are_over_then(start: time, end: time, zone: str, moment: datetime) -> None:
    assume(start != end)
    hold = Hold(((start, end),), zone)
    until = quiet_until(hold, moment)
    if until is not None:
        assert moment < until <= moment + timedelta(hours=25)
        assert quiet_until(hold, until) is None


@given(st.lists(st.integers(1, 2000), max_size=30), st.integers(1, 5), st.integers(0, 6), moments)
def test_every_group_is_either_sent_or_held(scores: list[int], most: int, unfinished: int, moment) -> None:
    groups = [group(str(index), score) for index, score in enumerate(scores)]
    decision = decide_groups(route(NIGHT, Budget(most, timedelta(hours=1))), groups, BudgetUse(unfinished), moment)
    held = [one for part in decision.hold for one in part.groups]
    assert sorted(one.key.id for one in (*decision.send, *held)) == sorted(one.key.id for one in groups)
    assert len(decision.send) <= max(most - unfinished, 0)
    assert all(part.until > moment for part in decision.hold)


@pytest.mark.parametrize(
    ("labels", "break_through", "said"),
    [
        ({"topic": "watcher", "level": "focus"}, 1200, "a report on a critical feed is always sent"),
        ({"topic": "watcher", "level": "focus"}, None, "no break_through"),
        ({"topic": "watcher", "level": "mention"}, 1200, "0 is not"),
        ({"topic": "ceasefires", "level": "focus"}, 1200, "or more"),
    ],
)
def test_a_route_says_what_quiet_hours_do_with_reports_on_feeds(
    labels: dict[str, str], break_through: int | None, said: str
) -> None:
    held = replace(NIGHT, break_through=break_through)
    sentence = when_sent(route(held), rank_of_report(labels), NOON)[1]
    assert sentence.endswith(said)
    rank = rank_of_report(labels)
    assert (rank is not None and breaks_through(held, rank)) == ("always sent" in sentence)
