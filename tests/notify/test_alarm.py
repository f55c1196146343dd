"""The alarm about a channel that fails: once in some hours, in our own words, and not lost when nobody takes it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.harness.harness import Harness, Item
from tests.harness.servers import Answer
from watcher.notify.alarm import ALARM_INTERVAL

MINUTE = timedelta(minutes=1)
AT_ONCE = "\nreceiver: chat\ngroup_by: [story]\ngroup_wait: 0s\n"
PUSH = b"Your mailbox is full. Log in at https://evil.example/"


def publish(harness: Harness, *titles: str) -> None:
    harness.wire = [*(Item(title, title, harness.clock.now() - MINUTE) for title in titles), *harness.wire]
    harness.publish("/wire", harness.wire)


def test_a_receiver_that_fails_by_turns_causes_one_alarm_without_its_words(harness: Harness) -> None:
    harness.route = AT_ONCE
    harness.chat.script = [Answer(410, {}, PUSH), Answer(200)] * 4
    for number in range(8):
        publish(harness, f"Ceasefire number {number} agreed in district {number}")
        harness.once()
        harness.clock.advance(5 * MINUTE)
    (alarm,) = harness.mail.mails
    assert "chat/webhook/0" in alarm.message["Subject"]
    assert b"evil" not in alarm.data

    harness.clock.advance(ALARM_INTERVAL)
    harness.chat.script = [Answer(410, {}, PUSH)]
    publish(harness, "Truce collapses in the south")
    harness.once()
    assert len(harness.mail.mails) == 2


def test_an_alarm_that_nobody_takes_is_sent_when_somebody_does(harness: Harness) -> None:
    harness.route = AT_ONCE
    harness.chat.script = [401] * 10
    harness.mail.stop()
    publish(harness, "Ceasefire agreed")

    async def run() -> None:
        async with harness.open() as app:
            await app.follow_configuration()
            for feed in await app.poller.acquire(10):
                await app.poller.poll(feed)
            await app.notifier.route_new()
            await app.notifier.freeze_ripe()
            (acquired,) = await app.notifier.acquire(10)
            await app.notifier.attempt(acquired)
            harness.mail.start()
            await app.notifier.send_pending_alarms()
            assert harness.mail.mails == []
            harness.clock.advance(timedelta(minutes=11))
            await app.notifier.send_pending_alarms()
            await app.notifier.send_pending_alarms()

    asyncio.run(run())
    assert len(harness.mail.mails) == 1
