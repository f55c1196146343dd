"""A message that cannot be rendered is a counted attempt; one alert that cannot be rendered costs only its line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.harness.harness import Harness, Item
from watcher.errors import AttemptReason
from watcher.model.notification import DeliveryState, Message, Notification, NotificationState
from watcher.notify import compose
from watcher.render.message import render_message

MINUTE = timedelta(minutes=1)
AT_ONCE = "\nreceiver: chat\ngroup_wait: 0s\ngroup_interval: 0s\n"


def publish(harness: Harness, *titles: str) -> None:
    harness.wire = [*(Item(title, title, harness.clock.now() - MINUTE) for title in titles), *harness.wire]
    harness.publish("/wire", harness.wire)


@pytest.fixture
def fails_for(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes rendering raise for every notification that contains an alert with this word in its title."""

    def install(word: str) -> None:
        def render(notification: Notification, **options: Any) -> Message:
            if any(word in alert.entry.title for alert in notification.alerts):
                raise OverflowError("date value out of range")
            return render_message(notification, **options)

        monkeypatch.setattr(compose, "render_message", render)

    return install


def test_the_one_bad_alert_is_left_out_and_accounted_for(harness: Harness, fails_for: Callable[[str], None]) -> None:
    harness.route = AT_ONCE
    fails_for("poison")
    publish(harness, "Ceasefire agreed in the north", "Ceasefire, says the poison", "Truce collapses in the south")
    report = harness.once()
    assert len(harness.messages()) == 1
    assert (report.alerts, report.dead) == (3, 0)
    store = harness.store()
    (sent,) = store.outbox.newest(state=NotificationState.SENT)
    assert len(sent.alerts) == 3
    states = {
        alert.entry.title: [life.state for life in store.alerts.deliveries(alert.id)] for alert in store.alerts.newest()
    }
    assert states["Ceasefire agreed in the north"] == [DeliveryState.DELIVERED]
    assert states["Truce collapses in the south"] == [DeliveryState.DELIVERED]


@pytest.mark.slow
def test_a_message_without_a_good_alert_dies_counted_and_blocks_nothing(
    harness: Harness, fails_for: Callable[[str], None]
) -> None:
    harness.route = AT_ONCE
    fails_for("poison")
    publish(harness, "Ceasefire, says the poison")
    harness.once()
    (waiting,) = harness.store().outbox.newest(state=NotificationState.READY)
    assert waiting.attempts == 1
    (attempt,) = harness.store().outbox.attempts(waiting.key)
    assert attempt.reason == AttemptReason.RENDER
    (alarm,) = harness.mail.mails
    assert "chat/webhook/0 cannot deliver (render)" in alarm.message["Subject"]

    for _ in range(40):
        harness.clock.advance(timedelta(hours=12))
        harness.once(force=False)
        if dead := harness.store().outbox.newest(state=NotificationState.DEAD):
            break
    assert [one.key for one in dead] == [waiting.key]
    publish(harness, "Ceasefire agreed in the north")
    harness.clock.advance(MINUTE)
    harness.once()
    assert harness.alerted_titles() == ["Ceasefire agreed in the north"]
