"""Digests that leave even when empty: when they leave, that they do so once, and what they say."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.harness import Harness, Item
from tests.harness.rounds import notify
from watcher.model.alert import stable_hash
from watcher.model.route import Matcher
from watcher.model.silence import Silence
from watcher.notify.flusher import Early

MINUTE = timedelta(minutes=1)
SLOT = datetime(2026, 1, 24, 4, 0, tzinfo=UTC)
"""Seven o'clock in Istanbul."""

EMPTY_AT_SEVEN = """
receiver: chat
digest: {at: ["07:00"], zone: Europe/Istanbul, empty: true}
"""
EMPTY_IN_QUIET_HOURS = """
receiver: chat
routes:
  - receiver: chat
    digest: {at: ["05:00"], zone: Europe/Istanbul, empty: true}
    hold: {between: "22:00-08:00", zone: Europe/Istanbul}
"""


def lived(harness: Harness, start: datetime, until: datetime, *, step: timedelta = MINUTE) -> list[str]:
    """Notifies step by step, with a restart at each step; returns when messages left, with the reason."""
    harness.clock.set(start)
    left: list[str] = []

    async def round_() -> None:
        async with harness.open() as app:
            sent = await notify(app)
            left.extend(f"{harness.clock.now():%d %H:%M} {one.notification.reason}" for one in sent)

    while harness.clock.now() <= until:
        asyncio.run(round_())
        harness.clock.advance(step)
    return left


def published(harness: Harness) -> None:
    harness.clock.advance(MINUTE)
    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now() - MINUTE)])
    harness.once()


def silenced(harness: Harness, until: datetime) -> None:
    everything = Matcher("topic", "=", "ceasefires")
    store = harness.store()
    now = harness.clock.now()
    store.silences.add(Silence(stable_hash("s"), (everything,), "Ada", "exercise", now, until, now))
    store.close()


@pytest.fixture
def quiet(harness: Harness) -> Harness:
    harness.route = EMPTY_AT_SEVEN
    harness.clock.set(SLOT - timedelta(hours=3))
    harness.publish("/wire", [])
    harness.once()
    return harness


def test_leaves_once_at_its_slot_however_often_the_program_starts(quiet: Harness) -> None:
    assert lived(quiet, SLOT - 3 * MINUTE, SLOT + 3 * MINUTE) == ["24 04:00 nothing"]
    assert lived(quiet, SLOT + timedelta(days=1), SLOT + timedelta(days=1, minutes=2)) == ["25 04:00 nothing"]
    first, second = quiet.messages()
    assert first["data"] == {"receiver": "chat", "reason": "nothing", "group": {}, "alerts": []}
    assert [request.headers["webhook-id"] for request in quiet.chat.requests] != []
    assert len({request.headers["webhook-id"] for request in quiet.chat.requests}) == 2
    assert first["timestamp"] != second["timestamp"]


def test_only_where_it_was_asked_for(quiet: Harness) -> None:
    quiet.route = EMPTY_AT_SEVEN.replace(", empty: true", "")
    assert lived(quiet, SLOT, SLOT + 2 * MINUTE) == []


def test_a_slot_missed_by_a_little_is_made_up_for_and_one_missed_by_much_is_not(quiet: Harness) -> None:
    assert lived(quiet, SLOT + 59 * MINUTE, SLOT + 59 * MINUTE) == ["24 04:59 nothing"]
    tomorrow = SLOT + timedelta(days=1, hours=1)
    assert lived(quiet, tomorrow, tomorrow + 3 * MINUTE) == []


def test_a_retry_is_the_same_message(quiet: Harness) -> None:
    quiet.chat.script.append(503)
    assert lived(quiet, SLOT, SLOT + 2 * MINUTE) == ["24 04:00 nothing", "24 04:01 nothing"]
    assert len({request.headers["webhook-id"] for request in quiet.chat.requests}) == 1


def test_a_digest_that_lists_something_says_nothing_else(quiet: Harness) -> None:
    published(quiet)
    assert lived(quiet, SLOT, SLOT + 3 * MINUTE) == ["24 04:00 digest"]


def test_what_another_route_sends_to_the_same_channel_is_something(quiet: Harness) -> None:
    quiet.route = EMPTY_AT_SEVEN + "routes: [{receiver: chat}]\n"
    published(quiet)
    assert lived(quiet, SLOT, SLOT + 3 * MINUTE) == ["24 04:00 digest"]
    assert lived(quiet, SLOT + timedelta(days=1), SLOT + timedelta(days=1)) == ["25 04:00 nothing"]


def test_waits_for_quiet_hours_to_end(quiet: Harness) -> None:
    quiet.route = EMPTY_IN_QUIET_HOURS
    assert lived(quiet, SLOT - timedelta(hours=2), SLOT + timedelta(hours=3), step=30 * MINUTE) == ["24 05:00 nothing"]


def test_what_is_held_is_something(quiet: Harness) -> None:
    quiet.route = EMPTY_IN_QUIET_HOURS
    quiet.clock.set(SLOT - timedelta(hours=2, minutes=5))
    published(quiet)
    assert lived(quiet, SLOT - timedelta(hours=2), SLOT + timedelta(hours=3), step=30 * MINUTE) == ["24 05:00 released"]


def test_says_when_all_was_silenced(quiet: Harness) -> None:
    silenced(quiet, SLOT + timedelta(hours=1))
    published(quiet)
    assert lived(quiet, SLOT, SLOT + MINUTE) == ["24 04:00 nothing"]
    (message,) = quiet.messages()
    assert message["data"]["silenced"] == 1  # type: ignore[index]


def test_the_mail_says_so_in_a_line(quiet: Harness) -> None:
    quiet.route = EMPTY_AT_SEVEN.replace("chat", "desk")
    assert lived(quiet, SLOT, SLOT) == ["24 04:00 nothing"]
    mail = quiet.mail.mails[0].message
    assert mail["Subject"] == "Nothing matched"
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    lines = ["No alert for this digest since the last one", "Saturday, 24 January 2026, 07:00 (Europe/Istanbul)"]
    assert text.splitlines() == [*lines, "", "Read: 1 of 1 feed answered, 0 new entries"]


def test_a_user_who_asks_for_digests_now_gets_it_now(quiet: Harness) -> None:
    assert quiet.once(early=Early.DIGESTS).dead == 0
    assert [message["data"]["reason"] for message in quiet.messages()] == ["nothing"]  # type: ignore[index]
    assert lived(quiet, SLOT, SLOT) == ["24 04:00 nothing"]


def test_preview_shows_it(quiet: Harness) -> None:
    done = quiet.command("preview", "--output", "out")
    assert done.returncode == 0
    assert "1-chat-webhook-nothing.html" in done.stdout
    assert "Subject: Nothing matched" in (quiet.folder / "out" / "1-chat-webhook-nothing.txt").read_text()
