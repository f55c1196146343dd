"""One event in thirty feeds, two of them with another toll: copies are one message, contradictions are sent, all are visible."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.harness.harness import CHAT_AND_DIGEST, Harness, Item
from tests.harness.rounds import notify, poll
from watcher.notify.flusher import Early

MINUTE = timedelta(minutes=1)
FEEDS = 30
OTHER_TOLL = {11: "fourteen", 23: "40"}
TEXT = (
    "Shelling hit the central market of the northern town on Friday morning and killed {toll} people, the civil defence "
    "said. The ceasefire that both sides had signed a week earlier did not mention the town. Ambulances took the wounded "
    "to two hospitals, one of which had no power, and the roads to the south were closed until the evening. "
)


def report(number: int, harness: Harness) -> Item:
    toll = OTHER_TOLL.get(number, "four")
    title = f"Shelling kills {toll} in northern market despite ceasefire"
    return Item(f"r{number}", title, harness.clock.now() - MINUTE, TEXT.format(toll=toll) + f"© Paper {number}.")


def test_copies_are_one_message_and_another_toll_is_sent(harness: Harness) -> None:
    harness.route = CHAT_AND_DIGEST
    for number in range(FEEDS):
        harness.publish(f"/feed-{number}", [])
    harness.once()

    async def live() -> None:
        async with harness.open() as app:
            await app.follow_configuration()
            for number in range(FEEDS):
                harness.publish(f"/feed-{number}", [report(number, harness)])
                harness.clock.advance(4 * MINUTE)
                await poll(app, [harness.feeds.url(f"/feed-{number}")])
                await notify(app)
            harness.clock.advance(10 * MINUTE)
            await notify(app)

    asyncio.run(live())
    titles = [alert["entry"]["title"] for message in harness.messages() for alert in message["data"]["alerts"]]  # type: ignore[index]
    assert sorted(titles) == sorted(
        f"Shelling kills {toll} in northern market despite ceasefire" for toll in ("four", *OTHER_TOLL.values())
    )

    harness.clock.set(harness.clock.now().replace(hour=18, minute=1))
    harness.once(early=Early.NOTHING)
    listed = "\n".join(mail.text for mail in harness.mail.mails).replace(",", " ").split()
    assert {f"feed-{number}" for number in range(FEEDS)} <= set(listed)
