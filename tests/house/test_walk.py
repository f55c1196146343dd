"""The whole walk, from a feed on loopback to a message in a sink, with the hours decided by the test."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from houses import DIGEST_AT_SEVEN, House, Item

from watcher.app import Application
from watcher.flush import Early

MINUTE = timedelta(minutes=1)


def item(house: House, guid: str, title: str, *, age: timedelta = MINUTE) -> Item:
    return Item(guid, title, house.clock.now() - age, f"{title}, officials said.")


def test_three_rounds_tell_exactly_what_is_new(house: House) -> None:
    first = [item(house, "a", "Ceasefire agreed"), item(house, "b", "Ceasefire talks", age=timedelta(days=9))]
    house.publish("/wire", first)
    report = house.once()
    assert (report.fetched, report.entries_new, report.alerts, report.delivered) == (1, 1, 1, 1)
    assert house.told() == ["Ceasefire agreed"]

    house.clock.advance(10 * MINUTE)
    report = house.once()
    assert (report.not_modified, report.entries_new, report.alerts, report.delivered) == (1, 0, 0, 0)

    house.clock.advance(10 * MINUTE)
    house.publish("/wire", [item(house, "c", "Truce collapses"), item(house, "d", "A recipe for bread"), *first])
    report = house.once()
    assert (report.fetched, report.entries_new, report.alerts, report.delivered) == (1, 2, 1, 1)
    assert house.told() == ["Ceasefire agreed", "Truce collapses"]


def test_an_old_date_does_not_hide_a_new_entry(house: House) -> None:
    house.publish("/wire", [item(house, "a", "A recipe for bread")])
    house.once()
    house.clock.advance(MINUTE)
    house.publish(
        "/wire",
        [item(house, "late", "Ceasefire agreed", age=timedelta(days=30)), *[item(house, "a", "A recipe for bread")]],
    )
    assert house.once().alerts == 1


def test_copies_of_one_story_fold_and_are_named(house: House) -> None:
    text = (
        "The parties agreed on a ceasefire that begins at midnight and covers the whole of the northern province. " * 3
    )
    for path in ("/one", "/two", "/three"):
        house.publish(path, [Item("guid" + path, "Ceasefire agreed in the north", house.clock.now() - MINUTE, text)])
    report = house.once()
    assert (report.entries_new, report.alerts, report.folded) == (3, 1, 2)
    assert house.told() == ["Ceasefire agreed in the north"]
    states = sorted(alert.state.value for alert in house.store().alerts())
    assert states == ["folded", "folded", "routed"]
    (message,) = house.messages()
    (alert,) = message["data"]["alerts"]  # type: ignore[index]
    assert len(alert["story"]["sources"]) == 3


def test_a_renamed_entry_whose_text_changes_later_is_not_told_again(house: House) -> None:
    text = "The parties agreed on a ceasefire that begins at midnight and covers the whole of the northern province."
    published = house.clock.now() - MINUTE

    def publish(prefix: str, words: str) -> None:
        rain = (
            "Rain is expected over the whole coast today and the day after, with strong winds from the west at night."
        )
        told = Item(f"{prefix}1", "Ceasefire agreed in the north", published, words)
        house.publish("/wire", [told, Item(f"{prefix}2", "Rain expected over the coast today", published, rain)])

    for prefix, words in (
        ("old-", text),
        ("new-", text),
        ("new-", text + " Talks went on."),
        ("old-", text + " Late."),
    ):
        publish(prefix, words)
        house.once()
        house.clock.advance(10 * MINUTE)
    assert house.told() == ["Ceasefire agreed in the north"]


async def tick(app: Application) -> int:
    """One round of notifying, as the daemon does it; returns how many messages were sent."""
    await asyncio.to_thread(app.notifier.route_new)
    await asyncio.to_thread(app.notifier.freeze_ripe)
    acquired = await asyncio.to_thread(app.notifier.acquire, 64)
    for one in acquired:
        await app.notifier.attempt(one)
    return len(acquired)


async def poll(app: Application) -> None:
    for acquired in await app.poller.acquire(100, force=True):
        await app.poller.poll(acquired)


def test_a_group_waits_thirty_seconds_then_five_minutes(house: House) -> None:
    house.publish("/wire", [item(house, "a", "Ceasefire agreed")])

    async def run() -> list[tuple[float, int]]:
        start = house.clock.now()
        sent = []
        async with house.open() as app:
            await app.follow_configuration()
            await poll(app)
            for second in range(0, 420, 5):
                house.clock.set(start + timedelta(seconds=second))
                if second == 60:
                    house.publish("/wire", [item(house, "b", "Truce collapses"), item(house, "a", "Ceasefire agreed")])
                    await poll(app)
                if count := await tick(app):
                    sent.append((second, count))
        return sent

    assert asyncio.run(run()) == [(30, 1), (330, 1)]
    assert [message["data"]["reason"] for message in house.messages()] == ["first", "more"]  # type: ignore[index]


def test_a_digest_leaves_at_seven_in_its_zone(house: House) -> None:
    house.route = DIGEST_AT_SEVEN
    house.publish(
        "/wire", [item(house, "a", "Ceasefire agreed"), item(house, "b", "Detainees moved to detention centre")]
    )

    async def run() -> list[str]:
        left = []
        async with house.open() as app:
            await app.follow_configuration()
            await poll(app)
            for _ in range(24 * 60):
                house.clock.advance(MINUTE)
                if await tick(app):
                    left.append(house.clock.now().isoformat())
        return left

    assert asyncio.run(run()) == ["2026-01-25T04:00:00+00:00"]
    (mail,) = house.mail.mails
    assert mail.recipients == ("desk@example.org",)
    assert "Ceasefire agreed" in mail.text
    assert "Detainees moved" in mail.text


def test_a_mail_server_that_is_away_costs_a_delay_and_no_second_name(house: House) -> None:
    house.route = DIGEST_AT_SEVEN
    house.publish("/wire", [item(house, "a", "Ceasefire agreed")])
    house.mail.stop()
    report = house.once(early=Early.DIGESTS)
    assert (report.alerts, report.delivered, report.dead) == (1, 0, 0)
    (waiting,) = house.store().notifications()

    house.mail.start()
    house.clock.advance(timedelta(hours=2))
    report = house.once(force=False)
    assert report.delivered == 1
    (mail,) = house.mail.mails
    assert waiting.key in mail.message["Message-ID"]
    assert house.once().delivered == 0
