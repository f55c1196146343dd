"""A channel that fails is paused, and the operator is notified through another one."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.harness.harness import Harness, Item
from watcher.model.notification import NotificationState

MINUTE = timedelta(minutes=1)
EACH_STORY_ALONE = """
receiver: chat
group_by: [story]
group_wait: 0s
"""


def publish(harness: Harness, count: int) -> None:
    now = harness.clock.now()
    harness.publish("/wire", [Item(f"{n}", f"Ceasefire agreed in district {n}", now - MINUTE) for n in range(count)])


def test_a_channel_that_fails_does_not_use_up_the_attempts_of_what_waits(harness: Harness) -> None:
    harness.route = EACH_STORY_ALONE
    harness.chat.script = [503] * 200
    publish(harness, 10)
    for _ in range(20):
        harness.once(force=False)
        harness.clock.advance(timedelta(seconds=20))
    waiting = harness.store().outbox.newest(state=NotificationState.READY)
    assert len(waiting) == 10
    asked = len(harness.chat.requests)
    assert asked == sum(one.attempts for one in waiting) < 40

    harness.chat.script = []
    harness.clock.advance(timedelta(hours=2))
    harness.once(force=False)
    harness.clock.advance(timedelta(hours=2))
    harness.once(force=False)
    assert len(harness.store().outbox.newest(state=NotificationState.SENT)) == 10


def test_the_operator_is_notified_through_another_receiver(harness: Harness) -> None:
    harness.chat.script = [401, 401]
    publish(harness, 1)
    harness.once()
    (mail,) = harness.mail.mails
    assert "chat/webhook/0 cannot deliver" in mail.message["Subject"]
    assert "reload" in mail.text


def test_the_next_receiver_is_tried_when_the_first_fails_too(harness: Harness) -> None:
    broken = '{url: "http://127.0.0.1:9/x", secret: plain}'
    harness.more_receivers.append(f"  - {{name: broken, webhook: {broken}}}")
    harness.more_receivers.append(f"  - {{name: phone, ntfy: {{url: {json.dumps(harness.chat.url('/news'))}}}}}")
    harness.route = "\nreceiver: desk\ngroup_wait: 0s"
    harness.mail.script = ["530 5.7.0 Authentication required"]
    harness.chat.script = [500]
    publish(harness, 1)
    harness.once()
    refused, alarm = harness.chat.requests
    assert (refused.path, alarm.path) == ("/hook", "/")
    assert "desk/email/0 cannot deliver" in json.loads(alarm.body)["title"]


OWN_WORDS = """{"say": {{ digest.subject | tojson }}, "do": {{ digest.lead | tojson }},
 "titles": [{% for one in payload.data.alerts %}{{ one.entry.title | tojson }}{{ "," if not loop.last }}{% endfor %}]}"""


def test_a_webhook_template_makes_the_alarm(harness: Harness) -> None:
    (harness.folder / "templates").mkdir()
    (harness.folder / "templates/payload.json.j2").write_text(OWN_WORDS)
    harness.route = "\nreceiver: desk\ngroup_wait: 0s"
    harness.mail.script = ["530 5.7.0 Authentication required"]
    publish(harness, 1)
    harness.once()
    (alarm,) = harness.messages()
    assert alarm.keys() == {"say", "do", "titles"}
    assert alarm["say"] == "desk/email/0 cannot deliver (authentication)"
    assert "reload" in str(alarm["do"])
    assert alarm["titles"] == []


def test_a_template_that_needs_an_alert_is_replaced_for_the_alarm(harness: Harness) -> None:
    (harness.folder / "templates").mkdir()
    (harness.folder / "templates/payload.json.j2").write_text('{"say": {{ payload.data.alerts[0].id | tojson }}}')
    harness.route = "\nreceiver: desk\ngroup_wait: 0s"
    harness.mail.script = ["530 5.7.0 Authentication required"]
    publish(harness, 1)
    harness.once()
    (alarm,) = harness.messages()
    assert alarm["type"] == "trouble"
    assert "payload.json.j2 failed" in str(alarm["data"])


def test_a_dead_letter_that_is_retried_gets_its_whole_schedule(harness: Harness) -> None:
    harness.chat.script = [500] * 100
    publish(harness, 1)
    harness.once()
    for _ in range(30):
        if harness.store().outbox.newest(state=NotificationState.DEAD):
            break
        harness.clock.advance(timedelta(hours=12))
        harness.once(force=False)
    (dead,) = harness.store().outbox.newest(state=NotificationState.DEAD)
    harness.store().outbox.retry(dead.key, harness.clock.now())
    harness.once(force=False)
    assert [one.key for one in harness.store().outbox.newest(state=NotificationState.READY)] == [dead.key]


def _crash(*_: object) -> str:
    raise ValueError


def test_a_channel_that_crashes_neither_stops_others_nor_repeats_without_end(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watcher.deliver.webhook.signature", _crash)
    harness.route = """
    receiver: broken
    group_wait: 0s
    routes:
      - {receiver: broken, continue: true}
      - {receiver: chat}
    """
    harness.more_receivers.append('  - {name: broken, webhook: {url: "https://hook.example/x", secret: plain}}')
    publish(harness, 1)
    harness.once()
    assert len(harness.chat.requests) == 1
    (waiting,) = harness.store().outbox.newest(state=NotificationState.READY)
    assert waiting.next_attempt_at is not None
    assert waiting.next_attempt_at > harness.clock.now()
    days = 0
    while not (died := harness.store().outbox.newest(state=NotificationState.DEAD)):
        harness.clock.advance(timedelta(hours=24))
        harness.once(force=False)
        days += 1
        assert days <= 40
    (dead,) = died
    assert dead.key == waiting.key
    assert len(harness.chat.requests) == 1
