"""The whole walk, from a feed on loopback to a message in a sink, with the hours decided by the test."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta

from tests.harness.harness import DIGEST_AT_SEVEN, Harness, Item
from tests.harness.rounds import notify, poll
from watcher.notify.flusher import Early

MINUTE = timedelta(minutes=1)


def item(harness: Harness, guid: str, title: str, *, age: timedelta = MINUTE) -> Item:
    return Item(guid, title, harness.clock.now() - age, f"{title}, officials said.")


def test_three_rounds_send_exactly_what_is_new(harness: Harness) -> None:
    first = [item(harness, "a", "Ceasefire agreed"), item(harness, "b", "Ceasefire talks", age=timedelta(days=9))]
    harness.publish("/wire", first)
    report = harness.once()
    assert (report.fetched, report.entries_new, report.alerts, report.delivered) == (1, 1, 1, 1)
    assert harness.alerted_titles() == ["Ceasefire agreed"]

    harness.clock.advance(10 * MINUTE)
    report = harness.once()
    assert (report.not_modified, report.entries_new, report.alerts, report.delivered) == (1, 0, 0, 0)

    harness.clock.advance(10 * MINUTE)
    harness.publish("/wire", [item(harness, "c", "Truce collapses"), item(harness, "d", "A recipe for bread"), *first])
    report = harness.once()
    assert (report.fetched, report.entries_new, report.alerts, report.delivered) == (1, 2, 1, 1)
    assert harness.alerted_titles() == ["Ceasefire agreed", "Truce collapses"]


def test_an_old_date_does_not_hide_a_new_entry(harness: Harness) -> None:
    harness.publish("/wire", [item(harness, "a", "A recipe for bread")])
    harness.once()
    harness.clock.advance(MINUTE)
    harness.publish(
        "/wire",
        [
            item(harness, "late", "Ceasefire agreed", age=timedelta(days=30)),
            *[item(harness, "a", "A recipe for bread")],
        ],
    )
    assert harness.once().alerts == 1


def test_copies_of_one_story_fold_and_are_named(harness: Harness) -> None:
    text = (
        "The parties agreed on a ceasefire that begins at midnight and covers the whole of the northern province. " * 3
    )
    for path in ("/one", "/two", "/three"):
        harness.publish(
            path, [Item("guid" + path, "Ceasefire agreed in the north", harness.clock.now() - MINUTE, text)]
        )
    report = harness.once()
    assert (report.entries_new, report.alerts, report.folded) == (3, 1, 2)
    assert harness.alerted_titles() == ["Ceasefire agreed in the north"]
    states = sorted(alert.state.value for alert in harness.store().alerts.newest())
    assert states == ["folded", "folded", "routed"]
    (message,) = harness.messages()
    (alert,) = message["data"]["alerts"]  # type: ignore[index]
    assert len(alert["story"]["sources"]) == 3


def test_a_renamed_entry_whose_text_changes_later_is_not_sent_again(harness: Harness) -> None:
    text = "The parties agreed on a ceasefire that begins at midnight and covers the whole of the northern province."
    published = harness.clock.now() - MINUTE

    def publish(prefix: str, words: str) -> None:
        rain = (
            "Rain is expected over the whole coast today and the day after, with strong winds from the west at night."
        )
        told = Item(f"{prefix}1", "Ceasefire agreed in the north", published, words)
        harness.publish("/wire", [told, Item(f"{prefix}2", "Rain expected over the coast today", published, rain)])

    for prefix, words in (
        ("old-", text),
        ("new-", text),
        ("new-", text + " Talks went on."),
        ("old-", text + " Late."),
    ):
        publish(prefix, words)
        harness.once()
        harness.clock.advance(10 * MINUTE)
    assert harness.alerted_titles() == ["Ceasefire agreed in the north"]


def test_a_group_waits_thirty_seconds_then_five_minutes(harness: Harness) -> None:
    harness.publish("/wire", [item(harness, "a", "Ceasefire agreed")])

    async def run() -> list[tuple[float, int]]:
        start = harness.clock.now()
        sent = []
        async with harness.open() as app:
            await app.follow_configuration()
            await poll(app, force=True)
            for second in range(0, 420, 5):
                harness.clock.set(start + timedelta(seconds=second))
                if second == 60:
                    harness.publish(
                        "/wire", [item(harness, "b", "Truce collapses"), item(harness, "a", "Ceasefire agreed")]
                    )
                    await poll(app, force=True)
                if messages := await notify(app):
                    sent.append((second, len(messages)))
        return sent

    assert asyncio.run(run()) == [(30, 1), (330, 1)]
    assert [message["data"]["reason"] for message in harness.messages()] == ["first", "more"]  # type: ignore[index]


SEVEN_IN_ISTANBUL = 16 * 60
"""Minutes after noon UTC."""


def every_minute_around(moment: int, minutes: Iterable[int]) -> list[int]:
    """Of these minutes those within ten of `moment`, and every tenth of the others."""
    return [minute for minute in minutes if abs(minute - moment) <= 10 or minute % 10 == 0]


def test_a_digest_leaves_at_seven_in_its_zone(harness: Harness) -> None:
    harness.route = DIGEST_AT_SEVEN
    harness.publish(
        "/wire", [item(harness, "a", "Ceasefire agreed"), item(harness, "b", "Detainees moved to detention centre")]
    )

    async def run() -> list[str]:
        left, noon = [], harness.clock.now()
        async with harness.open() as app:
            await app.follow_configuration()
            await poll(app, force=True)
            for minute in every_minute_around(SEVEN_IN_ISTANBUL, range(1, 24 * 60)):
                harness.clock.set(noon + minute * MINUTE)
                if await notify(app):
                    left.append(harness.clock.now().isoformat())
        return left

    assert asyncio.run(run()) == ["2026-01-25T04:00:00+00:00"]
    (mail,) = harness.mail.mails
    assert mail.recipients == ("desk@example.org",)
    assert "Ceasefire agreed" in mail.text
    assert "Detainees moved" in mail.text


def test_a_mail_server_that_is_away_costs_a_delay_and_no_second_name(harness: Harness) -> None:
    harness.route = DIGEST_AT_SEVEN
    harness.publish("/wire", [item(harness, "a", "Ceasefire agreed")])
    harness.mail.stop()
    report = harness.once(early=Early.DIGESTS)
    assert (report.alerts, report.delivered, report.dead) == (1, 0, 0)
    (waiting,) = harness.store().outbox.newest()

    harness.mail.start()
    harness.clock.advance(timedelta(hours=2))
    report = harness.once(force=False)
    assert report.delivered == 1
    (mail,) = harness.mail.mails
    assert waiting.key in mail.message["Message-ID"]
    assert harness.once().delivered == 0
