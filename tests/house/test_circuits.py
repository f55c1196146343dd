"""A destination that fails is left in peace, and a person hears of it elsewhere."""

from __future__ import annotations

import json
from datetime import timedelta

from houses import House, Item

from watcher.model.notification import NotificationState

MINUTE = timedelta(minutes=1)
EACH_STORY_ALONE = """
receiver: chat
group_by: [story]
group_wait: 0s
"""


def publish(house: House, count: int) -> None:
    now = house.clock.now()
    house.publish("/wire", [Item(f"{n}", f"Ceasefire agreed in district {n}", now - MINUTE) for n in range(count)])


def test_a_broken_destination_does_not_burn_the_attempts_of_what_waits(house: House) -> None:
    house.route = EACH_STORY_ALONE
    house.chat.script = [503] * 200
    publish(house, 10)
    for _ in range(20):
        house.once(force=False)
        house.clock.advance(timedelta(seconds=20))
    waiting = house.store().notifications(state=NotificationState.READY)
    assert len(waiting) == 10
    asked = len(house.chat.requests)
    assert asked == sum(one.attempts for one in waiting) < 40

    house.chat.script = []
    house.clock.advance(timedelta(hours=2))
    house.once(force=False)
    house.clock.advance(timedelta(hours=2))
    house.once(force=False)
    assert len(house.store().notifications(state=NotificationState.SENT)) == 10


def test_what_only_a_person_can_mend_is_told_through_another_receiver(house: House) -> None:
    house.chat.script = [401, 401]
    publish(house, 1)
    house.once()
    (mail,) = house.mail.mails
    assert "chat/webhook/0 cannot deliver" in mail.message["Subject"]
    assert "reload" in mail.text


def test_who_cannot_be_reached_either_is_passed_over(house: House) -> None:
    broken = '{url: "https://hook.example/x", secret: "whsec_notbase64!!!"}'
    house.more_receivers.append(f"  - {{name: broken, webhook: {broken}}}")
    house.more_receivers.append(f"  - {{name: phone, ntfy: {{url: {json.dumps(house.chat.url('/news'))}}}}}")
    house.route = "\nreceiver: desk\ngroup_wait: 0s"
    house.mail.script = ["530 5.7.0 Authentication required"]
    house.chat.script = [500]
    publish(house, 1)
    house.once()
    refused, told = house.chat.requests
    assert (refused.path, told.path) == ("/hook", "/")
    assert "desk/email/0 cannot deliver" in json.loads(told.body)["title"]


OWN_WORDS = """{"say": {{ digest.subject | tojson }}, "do": {{ digest.lead | tojson }},
 "titles": [{% for alert in payload.data.alerts %}{{ alert.entry.title | tojson }}{{ "," if not loop.last }}{% endfor %}]}"""


def test_a_webhook_tells_trouble_in_its_own_words(house: House) -> None:
    (house.folder / "templates").mkdir()
    (house.folder / "templates/payload.json.j2").write_text(OWN_WORDS)
    house.route = "\nreceiver: desk\ngroup_wait: 0s"
    house.mail.script = ["530 5.7.0 Authentication required"]
    publish(house, 1)
    house.once()
    (told,) = house.messages()
    assert told.keys() == {"say", "do", "titles"}
    assert "desk/email/0 cannot deliver (authentication: 530" in str(told["say"])
    assert "reload" in str(told["do"])
    assert told["titles"] == []


def test_one_whose_words_need_an_alert_tells_trouble_in_ours(house: House) -> None:
    (house.folder / "templates").mkdir()
    (house.folder / "templates/payload.json.j2").write_text('{"say": {{ payload.data.alerts[0].id | tojson }}}')
    house.route = "\nreceiver: desk\ngroup_wait: 0s"
    house.mail.script = ["530 5.7.0 Authentication required"]
    publish(house, 1)
    house.once()
    (told,) = house.messages()
    assert told["type"] == "trouble"
    assert "payload.json.j2 failed" in str(told["data"])


def test_a_letter_that_died_of_age_gets_its_whole_schedule_when_a_person_retries_it(house: House) -> None:
    house.chat.script = [500] * 100
    publish(house, 1)
    house.once()
    for _ in range(30):
        house.clock.advance(timedelta(hours=12))
        house.once(force=False)
    (dead,) = house.store().notifications(state=NotificationState.DEAD)
    house.store().retry_notification(dead.key, house.clock.now())
    house.once(force=False)
    assert [one.key for one in house.store().notifications(state=NotificationState.READY)] == [dead.key]


def test_a_channel_that_fails_unexpectedly_neither_stops_others_nor_repeats_for_ever(house: House) -> None:
    house.route = """
    receiver: broken
    group_wait: 0s
    routes:
      - {receiver: broken, continue: true}
      - {receiver: chat}
    """
    house.more_receivers.append(
        '  - {name: broken, webhook: {url: "https://hook.example/x", secret: "whsec_notbase64!!!"}}'
    )
    publish(house, 1)
    house.once()
    assert len(house.chat.requests) == 1
    (waiting,) = house.store().notifications(state=NotificationState.READY)
    assert waiting.next_attempt_at is not None
    assert waiting.next_attempt_at > house.clock.now()
    days = 0
    while not (died := house.store().notifications(state=NotificationState.DEAD)):
        house.clock.advance(timedelta(hours=24))
        house.once(force=False)
        days += 1
        assert days <= 40
    (dead,) = died
    assert dead.key == waiting.key
    assert len(house.chat.requests) == 1
