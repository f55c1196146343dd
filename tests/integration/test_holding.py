"""Quiet hours, budgets and silences: when each message leaves, and what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.harness.harness import Harness, Item
from tests.harness.rounds import looked_at, notify, poll
from watcher.model.alert import stable_hash
from watcher.model.route import Matcher
from watcher.model.silence import Silence
from watcher.service.app import Application

MINUTE = timedelta(minutes=1)
Happening = Callable[[Application], None]


def walk(
    harness: Harness, until: datetime, happenings: dict[datetime, Happening], *expected: datetime
) -> list[tuple[str, int]]:
    """Goes through the hours, by five minutes around what happens and what is expected; when how many messages left."""

    async def run() -> list[tuple[str, int]]:
        left = []
        async with harness.open() as app:
            await app.follow_configuration()
            start = harness.clock.now()
            for now in looked_at(start, until, [*happenings, *expected], step=30 * MINUTE, fine=5 * MINUTE):
                harness.clock.set(now)
                if now in happenings:
                    happenings[now](app)
                await poll(app, force=now in happenings)
                if sent := await notify(app):
                    left.append((now.strftime("%H:%M"), len(sent)))
        return left

    return asyncio.run(run())


def at(hour: int, minute: int = 0, day: int = 24) -> datetime:
    return datetime(2026, 1, day, hour, minute, tzinfo=UTC)


def wire(harness: Harness, *titles: str) -> Happening:
    """Something happens: the wire carries these, the newest on top of what it had."""

    def publish(_: Application) -> None:
        harness.wire = [*(Item(title, title, harness.clock.now() - MINUTE) for title in titles), *harness.wire]
        harness.publish("/wire", harness.wire)

    return publish


def states(harness: Harness) -> dict[str, str]:
    """The state of each alert's only delivery, by title."""
    store = harness.store()
    return {alert.entry.title: store.alerts.deliveries(alert.id)[0].state.value for alert in store.alerts.newest()}


def test_quiet_hours_hold_and_release_as_one_message(harness: Harness) -> None:
    harness.route = """
    receiver: chat
    routes:
      - receiver: chat
        group_by: [topic]
        group_wait: 0s
        group_interval: 1m
        hold: {between: "22:00-06:00", zone: Europe/Istanbul, break_through: 15}
    """
    harness.clock.set(at(18, 30))
    harness.publish("/wire", [])
    happenings = {
        at(18, 40): wire(harness, "Ceasefire in the evening"),
        at(19, 30): wire(harness, "Ceasefire at night"),
        at(20, 30): wire(harness, "Detainees moved at night"),
        at(21, 0): wire(harness, "Ceasefire and truce break through"),
    }
    left = walk(harness, at(3, 30, day=25), happenings, at(3, day=25))
    assert left == [("18:40", 1), ("21:00", 1), ("03:00", 1)]
    assert harness.alerted_titles() == [
        "Ceasefire in the evening",
        "Ceasefire and truce break through",
        "Ceasefire at night",
        "Detainees moved at night",
    ]
    reasons = [message["data"]["reason"] for message in harness.messages()]  # type: ignore[index]
    assert reasons == ["first", "more", "released"]


def test_over_the_budget_is_folded_into_one_message(harness: Harness) -> None:
    harness.route = """
    receiver: chat
    routes:
      - receiver: chat
        group_by: [topic, story]
        group_wait: 0s
        group_interval: 0s
        budget: {max: 2, per: 1h}
    """
    harness.clock.set(at(9))
    harness.publish("/wire", [])
    happenings = {at(9, 5 * number): wire(harness, f"Ceasefire number {number}") for number in range(1, 7)}
    left = walk(harness, at(10, 30), happenings, at(10, 5))
    assert left == [("09:05", 1), ("09:10", 1), ("10:05", 1)]
    assert len(harness.alerted_titles()) == 6
    assert harness.messages()[-1]["data"]["reason"] == "overflow"  # type: ignore[index]
    assert set(states(harness).values()) == {"delivered"}


def test_a_silence_keeps_alerts_back_for_good_and_says_so(harness: Harness) -> None:
    def silence(app: Application) -> None:
        matcher = Matcher("topic", "=", "ceasefires")
        app.store.silences.add(Silence(stable_hash("s"), (matcher,), "Ada", "exercise", at(9), at(10), at(9)))

    harness.clock.set(at(9))
    harness.publish("/wire", [])
    happenings = {
        at(9, 5): silence,
        at(9, 10): wire(harness, "Ceasefire exercise", "Detainees moved to detention centre"),
        at(10, 10): wire(harness, "Ceasefire for real"),
    }
    walk(harness, at(10, 30), happenings)
    assert harness.alerted_titles() == ["Detainees moved to detention centre", "Ceasefire for real"]
    assert states(harness)["Ceasefire exercise"] == "silenced"


def test_a_digest_lists_what_was_silenced_for_a_chat_if_the_silence_is_over_when_it_leaves(harness: Harness) -> None:
    def silence(app: Application) -> None:
        matcher = Matcher("topic", "=", "ceasefires")
        app.store.silences.add(Silence(stable_hash("s"), (matcher,), "Ada", "live on air", at(9), at(10), at(9)))

    harness.route = """
    receiver: desk
    routes:
      - {receiver: chat, group_wait: 0s, continue: true}
      - {receiver: desk, digest: {at: ["11:00"], zone: UTC}}
    """
    harness.clock.set(at(9))
    harness.publish("/wire", [])
    walk(harness, at(11, 30), {at(9, 5): silence, at(9, 10): wire(harness, "Ceasefire exercise")})
    assert harness.alerted_titles() == []
    assert ["Ceasefire exercise" in mail.text for mail in harness.mail.mails] == [True]
