"""Quiet hours, budgets and silences: when each message leaves, and what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from houses import House, Item

from watcher.app import Application
from watcher.model.alert import stable_hash
from watcher.model.route import Matcher
from watcher.model.silence import Silence

MINUTE = timedelta(minutes=1)
Happening = Callable[[Application], None]


def walk(house: House, until: datetime, happenings: dict[datetime, Happening] | None = None) -> list[tuple[str, int]]:
    """Lives through the hours minute by minute: polls, notifies, and returns when messages left and how many."""
    happenings = happenings or {}

    async def run() -> list[tuple[str, int]]:
        left = []
        async with house.open() as app:
            await app.follow_configuration()
            while house.clock.now() <= until:
                now = house.clock.now()
                if now in happenings:
                    happenings[now](app)
                for acquired in await app.poller.acquire(100, force=now in happenings):
                    await app.poller.poll(acquired)
                await asyncio.to_thread(app.notifier.route_new)
                await asyncio.to_thread(app.notifier.freeze_ripe)
                sent = await asyncio.to_thread(app.notifier.acquire, 100)
                for one in sent:
                    await app.notifier.attempt(one)
                if sent:
                    left.append((now.strftime("%H:%M"), len(sent)))
                house.clock.advance(MINUTE)
        return left

    return asyncio.run(run())


def at(hour: int, minute: int = 0, day: int = 24) -> datetime:
    return datetime(2026, 1, day, hour, minute, tzinfo=UTC)


def wire(house: House, *titles: str) -> Happening:
    """Something happens: the wire carries these, the newest on top of what it had."""

    def publish(_: Application) -> None:
        house.wire = [*(Item(title, title, house.clock.now() - MINUTE) for title in titles), *house.wire]
        house.publish("/wire", house.wire)

    return publish


def states(house: House) -> dict[str, str]:
    """The state of each alert's only delivery, by title."""
    store = house.store()
    return {alert.entry.title: store.alert_life(alert.id)[0].state.value for alert in store.alerts()}


def test_quiet_hours_hold_and_release_as_one_message(house: House) -> None:
    house.route = """
    receiver: chat
    routes:
      - receiver: chat
        group_by: [topic]
        group_wait: 0s
        group_interval: 1m
        hold: {between: "22:00-06:00", zone: Europe/Istanbul, break_through: 15}
    """
    house.clock.set(at(18, 30))
    house.publish("/wire", [])
    happenings = {
        at(18, 40): wire(house, "Ceasefire in the evening"),
        at(19, 30): wire(house, "Ceasefire at night"),
        at(20, 30): wire(house, "Detainees moved at night"),
        at(21, 0): wire(house, "Ceasefire and truce break through"),
    }
    assert walk(house, at(3, 30, day=25), happenings) == [("18:40", 1), ("21:00", 1), ("03:00", 1)]
    assert house.told() == [
        "Ceasefire in the evening",
        "Ceasefire and truce break through",
        "Ceasefire at night",
        "Detainees moved at night",
    ]
    assert [message["data"]["reason"] for message in house.messages()] == ["first", "more", "released"]  # type: ignore[index]


def test_over_the_budget_is_folded_into_one_message(house: House) -> None:
    house.route = """
    receiver: chat
    routes:
      - receiver: chat
        group_by: [topic, story]
        group_wait: 0s
        group_interval: 0s
        budget: {max: 2, per: 1h}
    """
    house.clock.set(at(9))
    house.publish("/wire", [])
    happenings = {at(9, 5 + number): wire(house, f"Ceasefire number {number}") for number in range(6)}
    assert walk(house, at(10, 30), happenings) == [("09:05", 1), ("09:06", 1), ("10:05", 1)]
    assert len(house.told()) == 6
    assert house.messages()[-1]["data"]["reason"] == "overflow"  # type: ignore[index]
    assert set(states(house).values()) == {"delivered"}


def test_a_silence_keeps_alerts_back_for_good_and_says_so(house: House) -> None:
    def silence(app: Application) -> None:
        matcher = Matcher("topic", "=", "ceasefires")
        app.store.add_silence(Silence(stable_hash("s"), (matcher,), "Ada", "exercise", at(9), at(10), at(9)))

    house.clock.set(at(9))
    house.publish("/wire", [])
    happenings = {
        at(9, 1): silence,
        at(9, 10): wire(house, "Ceasefire exercise", "Detainees moved to detention centre"),
        at(10, 10): wire(house, "Ceasefire for real"),
    }
    walk(house, at(10, 30), happenings)
    assert house.told() == ["Detainees moved to detention centre", "Ceasefire for real"]
    assert states(house)["Ceasefire exercise"] == "silenced"


def test_a_digest_tells_of_what_was_silenced_for_a_chat_if_the_silence_is_over_when_it_leaves(house: House) -> None:
    def silence(app: Application) -> None:
        matcher = Matcher("topic", "=", "ceasefires")
        app.store.add_silence(Silence(stable_hash("s"), (matcher,), "Ada", "live on air", at(9), at(10), at(9)))

    house.route = """
    receiver: desk
    routes:
      - {receiver: chat, group_wait: 0s, continue: true}
      - {receiver: desk, digest: {at: ["11:00"], zone: UTC}}
    """
    house.clock.set(at(9))
    house.publish("/wire", [])
    walk(house, at(11, 30), {at(9, 1): silence, at(9, 10): wire(house, "Ceasefire exercise")})
    assert house.told() == []
    assert ["Ceasefire exercise" in mail.text for mail in house.mail.mails] == [True]
