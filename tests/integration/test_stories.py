"""The same story in thirty feeds over two hours: told once, named in full, every alert accounted for."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from datetime import timedelta

import pytest

from tests.harness.harness import CHAT_AND_DIGEST, Harness, Item
from tests.harness.rounds import notify, poll
from tests.harness.servers import Answer, WebhookSink
from watcher.notify.flusher import Early

MINUTE = timedelta(minutes=1)
FEEDS = 30
TEXT = (
    "Both sides have agreed on a ceasefire that begins at midnight, the mediators said on Friday after nine days of "
    "talks in the capital. It covers the whole of the northern province, where more than forty thousand people have "
    "left their homes since the spring. Aid convoys are to pass on the main road from Sunday on. "
)


def copy(number: int, harness: Harness) -> Item:
    """The wire story as the feed of this number prints it."""
    extra = ("Read more on our site.", "Subscribe to our newsletter.", f"(c) Paper {number}. All rights reserved.")
    title = ("Ceasefire agreed in the north", "Warring sides agree on ceasefire from midnight")[number % 2]
    return Item(f"wire-{number}", title, harness.clock.now() - MINUTE, TEXT + extra[number % 3])


def live_through(harness: Harness, order: list[int], restarts: bool) -> None:
    """One feed after the other has the story; with `restarts` the process ends between any two of them."""

    async def some(numbers: list[int]) -> None:
        async with harness.open() as app:
            await app.follow_configuration()
            for number in numbers:
                harness.publish(f"/feed-{number}", [copy(number, harness)])
                harness.clock.advance(4 * MINUTE)
                await poll(app, [harness.feeds.url(f"/feed-{number}")])
                await notify(app)

    for numbers in [[number] for number in order] if restarts else [order]:
        asyncio.run(some(numbers))


@pytest.mark.parametrize(
    "restarts",
    [
        pytest.param(False, id="one life", marks=pytest.mark.sqlite_only),
        pytest.param(True, id="killed between any two"),
    ],
)
def test_thirty_feeds_make_one_message_and_one_line(harness: Harness, restarts: bool) -> None:
    harness.route = CHAT_AND_DIGEST
    for number in range(FEEDS):
        harness.publish(f"/feed-{number}", [])
    order = list(range(FEEDS))
    random.Random(7).shuffle(order)
    harness.once()
    live_through(harness, order, restarts)
    harness.clock.set(harness.clock.now().replace(hour=18, minute=1))
    harness.once(early=Early.NOTHING)

    assert len(harness.alerted_titles()) == 1
    (mail,) = harness.mail.mails
    first = f"feed-{order[0]}"
    others = {f"feed-{number}" for number in order[1:]}
    assert mail.text.count("https://") == 2  # the alert, and the one report with another headline
    assert first in mail.text
    assert {name for name in others if name in mail.text.replace(",", " ").split()} == others
    store = harness.store()
    alerts = store.alerts.newest(limit=100)
    assert Counter(alert.state.value for alert in alerts) == {"routed": 1, "folded": FEEDS - 1}
    (told,) = [alert for alert in alerts if alert.folded_into is None]
    assert {alert.folded_into for alert in alerts if alert.folded_into} == {told.id}
    assert [life.state.value for life in store.alerts.deliveries(told.id)] == ["delivered", "delivered"]


def test_a_route_may_wait_until_several_publishers_report_it(harness: Harness) -> None:
    harness.route = """
    receiver: desk
    digest: {at: ["18:00"], zone: UTC}
    routes:
      - {receiver: chat, matchers: ['publishers>="3"'], group_by: [story], group_wait: 0s, continue: true}
      - {receiver: desk}
    """
    for number in range(5):
        harness.publish(f"/feed-{number}", [])
    harness.once()
    live_through(harness, list(range(5)), restarts=False)
    (message,) = harness.messages()
    (alert,) = message["data"]["alerts"]  # type: ignore[index]
    assert set(alert["story"]["sources"]) == {"feed-0", "feed-1", "feed-2"}
    states = Counter(alert.state.value for alert in harness.store().alerts.newest())
    assert states == {"routed": 2, "folded": 3}


def test_a_receiver_that_gets_only_the_copy_is_notified(harness: Harness) -> None:
    harness.route = """
    receiver: chat
    group_wait: 0s
    routes:
      - {receiver: desk, matchers: ['feed=~".*/feed-1"'], group_wait: 0s}
    """
    for number in range(3):
        harness.publish(f"/feed-{number}", [])
    harness.once()
    live_through(harness, [0, 1, 2], restarts=False)
    assert len(harness.alerted_titles()) == 1
    assert len(harness.mail.mails) == 1


RISING = "A truce is near. " + TEXT.replace("a ceasefire", "steps").replace("talks", "meetings")
"""Tells the same with fewer words of the topic."""
BY_STORY = """
receiver: chat
group_wait: 0s
group_interval: 0s
routes:
  - {receiver: bot, group_by: [topic, story], continue: true}
  - {receiver: desk, group_by: [level]}
"""


def posted(sink: WebhookSink) -> list[tuple[str, str]]:
    """What the bot has posted: the headline and what it replies to."""
    bodies = [json.loads(body) for body in sink.bodies()]
    return [(body["text"], body.get("thread_ts", "")) for body in bodies]


@pytest.mark.parametrize("named", [True, False], ids=["the service names it", "it was never named"])
def test_a_rise_is_sent_once_in_the_thread_of_the_first_message_and_copies_are_silent(
    harness: Harness, webhook_sink: WebhookSink, named: bool
) -> None:
    harness.route = BY_STORY
    harness.more_receivers = [
        f"  - {{name: bot, slack: {{url: {json.dumps(webhook_sink.url(''))}, token: xoxb-1, channel: C1}}}}"
    ]
    answers = [b'{"ok":true,"channel":"C1","ts":"1503435956.000247"}', b'{"ok":true,"ts":"1503435999.000300"}']
    webhook_sink.script += [Answer(200, body=answer if named else b'{"ok":true}') for answer in answers]
    for number in range(5):
        harness.publish(f"/feed-{number}", [])
    harness.once()

    def tell(number: int, title: str, text: str) -> None:
        harness.publish(f"/feed-{number}", [Item(f"wire-{number}", title, harness.clock.now() - MINUTE, text)])
        harness.clock.advance(10 * MINUTE)
        harness.once()

    tell(0, "Mediators hope for an agreement", RISING)
    tell(1, "Mediators are hopeful", RISING)
    tell(2, "Ceasefire from midnight: both sides agree on truce", RISING)
    tell(3, "Ceasefire from midnight, a truce at last", RISING)
    tell(4, "Mediators hope for more", RISING)
    first, rise = posted(webhook_sink)
    assert "Mediators hope" in first[0]
    assert first[1] == ""
    assert "Ceasefire from midnight" in rise[0]
    assert rise[1] == ("1503435956.000247" if named else "")
    mention, focus = (mail.message["References"].split() for mail in harness.mail.mails)
    assert mention[0] != focus[0]
    assert mention[1] == focus[1] == harness.mail.mails[1].message["In-Reply-To"]


DIGESTS = """
receiver: desk
digest: {at: ["18:00"], zone: UTC}
routes:
  - {receiver: bot, continue: true}
  - {receiver: desk}
"""


def test_a_copy_after_the_digest_is_listed_by_the_next_one_once(harness: Harness, webhook_sink: WebhookSink) -> None:
    """In the mail (both parts), in the chat that has digests, and for the commands."""
    harness.route = DIGESTS
    harness.more_receivers = [f"  - {{name: bot, slack: {{url: {json.dumps(webhook_sink.url('/services/T/B/X'))}}}}}"]
    webhook_sink.script += [Answer(200, body=b"ok")] * 3
    for number in range(4):
        harness.publish(f"/feed-{number}", [])
    harness.once()

    def day(feeds: list[int], news: str) -> None:
        for number in feeds:
            harness.publish(f"/feed-{number}", [copy(number, harness)])
        if news:
            harness.publish("/feed-3", [Item(news, f"Truce in the {news}", harness.clock.now() - MINUTE, news)])
        harness.clock.advance(60 * MINUTE)
        harness.once(early=Early.NOTHING)
        harness.clock.set((harness.clock.now() + timedelta(days=1)).replace(hour=18, minute=1))
        harness.once(early=Early.NOTHING)

    harness.clock.set(harness.clock.now().replace(hour=19))
    day([0], "")
    day([1, 2], "south")
    day([], "west")
    first, second, third = harness.mail.mails
    assert "feed-1" not in first.text
    for part in (second.text, second.html):
        assert "Warring sides agree on ceasefire" in part
        assert "https://feed-1.example/wire-1" in part
        assert "also reported by" in part
        assert "feed-2" in part
        assert "Truce in the south" in part
    assert "wire-1" not in third.text
    assert "wire-1" not in third.html
    assert [b"wire-1" in body for body in webhook_sink.bodies()] == [False, True, False]

    listed = json.loads(harness.command("alerts", "list", "--folded", "--json").stdout)
    assert {row["title"] for row in listed} == {copy(1, harness).title, copy(2, harness).title}
    shown = json.loads(harness.command("alerts", "show", listed[0]["id"], "--json").stdout)
    assert {one["channel"] for one in shown["shown_with_story"]} == {"desk/email/0", "bot/slack/0"}
