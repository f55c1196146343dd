"""When attempts come and when they end, a whole life of failures at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.deliver.backoff import RETRY_AFTER_LIMIT, STANDARD_WEBHOOKS, next_attempt_at
from watcher.errors import AttemptReason
from watcher.model.notification import TryAgain

START = datetime(2026, 1, 24, tzinfo=UTC)
FAILED = TryAgain(AttemptReason.UNAVAILABLE, "later")


def life(kind: str, jitter: float) -> list[timedelta]:
    """The ages at which a message that always fails is tried again."""
    now, ages = START, []
    while (at := next_attempt_at(kind, len(ages) + 1, FAILED, START, now, jitter)) is not None:
        ages.append(at - START)
        now = at
    return ages


def test_a_webhook_follows_the_schedule_of_the_standard() -> None:
    ages = life("webhook", 1.0)
    assert [later - earlier for earlier, later in zip([timedelta(0), *ages], ages, strict=False)] == list(
        STANDARD_WEBHOOKS.waits
    )
    assert len(ages) == 9


@pytest.mark.parametrize("jitter", [0.0, 0.3, 0.999])
def test_e_mail_is_tried_for_days(jitter: float) -> None:
    ages = life("email", max(jitter, 0.05))
    assert timedelta(days=4) < ages[-1] <= timedelta(days=5)
    assert ages[0] <= timedelta(minutes=1)


@pytest.mark.parametrize("kind", ["slack", "discord", "ntfy", "anything"])
def test_a_chat_message_is_given_up_after_a_day(kind: str) -> None:
    assert timedelta(hours=22) < life(kind, 0.9)[-1] <= timedelta(days=1)


def test_retry_after_is_a_floor_but_not_without_end() -> None:
    patient = TryAgain(AttemptReason.SLOW_DOWN, "", timedelta(hours=3))
    assert next_attempt_at("slack", 1, patient, START, START, 0.0) == START + timedelta(hours=3)
    endless = TryAgain(AttemptReason.SLOW_DOWN, "", timedelta(seconds=317_100))
    assert next_attempt_at("email", 1, endless, START, START, 0.0) == START + RETRY_AFTER_LIMIT


@pytest.mark.parametrize("wait", [timedelta(hours=23), timedelta(hours=24), timedelta(days=9)])
@pytest.mark.parametrize("kind", ["slack", "email"])
def test_a_wait_longer_than_the_lifetime_leaves_a_last_attempt(kind: str, wait: timedelta) -> None:
    asked = TryAgain(AttemptReason.SLOW_DOWN, "", wait)
    late = START + timedelta(hours=2)
    at = next_attempt_at(kind, 2, asked, START, late, 0.5)
    assert at is not None
    assert at - START >= timedelta(hours=24)
    if kind == "slack":
        assert at == START + timedelta(hours=24)
        assert next_attempt_at(kind, 3, asked, START, at, 0.5) is None


jitters = st.floats(0, 1, exclude_max=True)


@given(st.sampled_from(["email", "webhook", "slack"]), st.integers(1, 40), jitters, st.integers(0, 10**6))
def test_an_attempt_is_always_later_and_jitter_only_delays(kind: str, count: int, jitter: float, age: int) -> None:
    now = START + timedelta(seconds=age)
    at = next_attempt_at(kind, count, FAILED, START, now, jitter)
    soonest = next_attempt_at(kind, count, FAILED, START, now, 0.0)
    if at is not None:
        assert soonest is not None
        assert now + timedelta(seconds=1) <= soonest <= at
