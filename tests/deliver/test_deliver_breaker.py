"""The circuit breaker: a destination that is down costs attempts now and then, not of every message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.deliver.breaker import (
    FAILURES,
    LONGEST_PAUSE,
    OPERATOR_PAUSE,
    Breaker,
    abandoned,
    after_outcome,
    before_attempt,
    elsewhere,
    paused,
    probe_only,
)
from watcher.errors import AttemptReason
from watcher.model.notification import Delivered, GiveUp, TryAgain
from watcher.model.route import ChannelRef

NOW = datetime(2026, 1, 24, 12, tzinfo=UTC)
CHANNEL = ChannelRef("chat", "slack")
DOWN = TryAgain(AttemptReason.CONNECT, "could not connect")
WRONG = TryAgain(AttemptReason.AUTHENTICATION, "535")


def after(breaker: Breaker, *outcomes, now: datetime = NOW) -> Breaker:
    for outcome in outcomes:
        breaker = after_outcome(breaker, outcome, now, 0.0).breaker
    return breaker


def is_paused(breaker: Breaker, now: datetime = NOW) -> bool:
    return CHANNEL in paused({CHANNEL: breaker}, now)


OPEN = after(Breaker(), *[DOWN] * FAILURES)


def test_it_opens_after_failures_in_a_row() -> None:
    almost = after(Breaker(), *[DOWN] * (FAILURES - 1))
    assert not is_paused(almost)
    assert not is_paused(after(almost, Delivered(), DOWN))
    assert is_paused(after(almost, DOWN))


def test_after_the_pause_one_message_probes() -> None:
    later = NOW + timedelta(minutes=2)
    assert not is_paused(OPEN, later)
    assert probe_only({CHANNEL: OPEN}) == {CHANNEL}
    probing = before_attempt(OPEN)
    assert is_paused(probing, later)
    assert not is_paused(abandoned(probing), later)


def test_a_probe_that_arrives_closes_it() -> None:
    closed = after(before_attempt(OPEN), Delivered())
    assert closed == Breaker()
    assert probe_only({CHANNEL: closed}) == set()


def test_a_probe_that_fails_opens_it_for_longer_up_to_a_limit() -> None:
    pauses, breaker = [], OPEN
    for _ in range(10):
        breaker = after(before_attempt(breaker), DOWN)
        pauses.append(breaker.open_until - NOW)
    assert pauses == sorted(pauses)
    assert pauses[0] > OPEN.open_until - NOW
    assert pauses[-1] == LONGEST_PAUSE


def test_what_was_under_way_when_it_opened_does_not_lengthen_the_pause() -> None:
    assert after(OPEN, DOWN, DOWN).open_until == OPEN.open_until


def test_retry_after_opens_it_at_once() -> None:
    breaker = after(Breaker(), TryAgain(AttemptReason.SLOW_DOWN, "429", timedelta(minutes=20)))
    assert breaker.open_until == NOW + timedelta(minutes=20)


def test_wrong_credentials_open_it_for_long_and_raise_one_alarm() -> None:
    first = after_outcome(Breaker(), WRONG, NOW, 0.0)
    assert first.alarm
    assert first.breaker.open_until == NOW + OPERATOR_PAUSE
    assert not after_outcome(before_attempt(first.breaker), WRONG, NOW, 0.0).alarm
    mended = after(before_attempt(first.breaker), Delivered())
    assert after_outcome(mended, WRONG, NOW, 0.0).alarm


def test_a_destination_that_is_gone_raises_one_alarm_and_no_pause() -> None:
    gone = GiveUp(AttemptReason.GONE, "404")
    first = after_outcome(Breaker(), gone, NOW, 0.0)
    assert first.alarm
    assert not is_paused(first.breaker)
    assert not after_outcome(first.breaker, gone, NOW, 0.0).alarm


@pytest.mark.parametrize(
    "outcome",
    [
        GiveUp(AttemptReason.REFUSED, "400 invalid_payload"),
        GiveUp(AttemptReason.TOO_LARGE, "413"),
        TryAgain(AttemptReason.SLOW_DOWN, "450 greylisted", accepted=("a@example.org",)),
        TryAgain(AttemptReason.RENDER, "template"),
    ],
)
def test_what_is_about_the_message_proves_that_the_destination_works(outcome) -> None:
    assert after(Breaker(failures=FAILURES - 1), outcome) == Breaker()


def test_an_alarm_goes_through_another_receiver() -> None:
    mail, chat, other = ChannelRef("desk", "email"), ChannelRef("chat", "slack"), ChannelRef("chief", "email")
    assert elsewhere({}, [mail, other, chat], mail) == [chat, other]
    assert elsewhere({chat: OPEN}, [mail, other, chat], mail) == [other]
    assert elsewhere({}, [mail, ChannelRef("desk", "ntfy")], mail) == []


outcomes = st.sampled_from([DOWN, WRONG, Delivered(), GiveUp(AttemptReason.REFUSED, "no")])


@given(st.lists(outcomes, max_size=30), st.floats(0, 1, exclude_max=True))
def test_it_never_stays_shut_for_ever(history, jitter: float) -> None:
    breaker = Breaker()
    for outcome in history:
        breaker = after_outcome(before_attempt(breaker), outcome, NOW, jitter).breaker
    assert not is_paused(breaker, NOW + 2 * OPERATOR_PAUSE)


@pytest.mark.parametrize(
    "reason", [AttemptReason.AUTHENTICATION, AttemptReason.SENDER_REFUSED, AttemptReason.SENDING_LIMIT]
)
def test_what_only_the_operator_can_fix_pauses_at_once_and_alarms_once(reason: AttemptReason) -> None:
    failed = TryAgain(reason, "")
    first = after_outcome(Breaker(), failed, NOW, 0.0)
    assert first.alarm
    assert first.breaker.open_until == NOW + OPERATOR_PAUSE
    assert not after_outcome(first.breaker, failed, NOW + OPERATOR_PAUSE, 0.0).alarm


def test_an_answer_of_somebody_else_alarms_at_once_but_is_tried_again_soon() -> None:
    first = after_outcome(Breaker(), TryAgain(AttemptReason.NOT_THE_SERVICE, ""), NOW, 0.0)
    assert first.alarm
    assert first.breaker.open_until is not None
    assert first.breaker.open_until <= NOW + timedelta(minutes=2)
