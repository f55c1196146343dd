"""Messages that exceed a service's limits: sent in parts, each once, and what no part shows is counted."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.chats import CHATS, TOKEN, send
from tests.harness.factories import alert, notification
from tests.harness.servers import Answer, WebhookSink
from watcher.deliver.discord import Discord
from watcher.deliver.paging import MOST_PARTS, split
from watcher.errors import AttemptReason
from watcher.model.alert import FoldedReport, LateCopies
from watcher.model.notification import Delivered, GiveUp, Message, MessageItem, Notification, TryAgain

BUSY, OK = Answer(500), Answer(204)


def many(count: int) -> Notification:
    return notification(*(alert(f"Number {index}: guards fled", name=str(index)) for index in range(count)))


def titles(bodies: list[bytes]) -> list[list[str]]:
    return [[embed["title"] for embed in json.loads(body)["embeds"]] for body in bodies]


def test_fourteen_alerts_in_discord_are_two_messages_and_all_are_shown() -> None:
    told = many(14)
    with WebhookSink(OK, OK) as sink:
        outcome = send(Discord(sink.url(f"/{TOKEN}")), told)
        assert isinstance(outcome, Delivered)
        assert outcome.shown == {one.id for one in told.alerts}
        assert len({title for part in titles(sink.bodies()) for title in part}) == 14
        assert [json.loads(body)["content"].endswith("/2\\)") for body in sink.bodies()] == [True, True]


def test_what_no_part_shows_is_not_called_shown() -> None:
    told = replace(many(100), omitted=5)
    with WebhookSink(*[OK] * MOST_PARTS) as sink:
        outcome = send(Discord(sink.url(f"/{TOKEN}")), told)
        assert isinstance(outcome, Delivered)
        assert outcome.shown is not None
        shown = sum(map(len, titles(sink.bodies())))
        assert len(outcome.shown) == shown < 100
        assert f"and {105 - shown} more" in json.loads(sink.bodies()[-1])["content"]


def test_late_copies_that_no_part_lists_are_not_called_listed() -> None:
    """They come last: a message that needs more parts than a chat gets at once has no space for them."""
    late = tuple(LateCopies(f"{n:032}", "t", "", f"Story {n}", "", (FoldedReport("Paper", "", ""),)) for n in range(3))
    for count, is_listed in ((100, False), (3, True)):
        with WebhookSink(*[OK] * MOST_PARTS) as sink:
            outcome = send(Discord(sink.url(f"/{TOKEN}")), replace(many(count), late=late))
        assert isinstance(outcome, Delivered)
        assert outcome.late == ({one.alert_id for one in late} if is_listed else set())


def test_a_retry_sends_only_the_parts_that_were_not_taken() -> None:
    told = many(25)
    with WebhookSink(OK, BUSY, OK, OK) as sink:
        options = Discord(sink.url(f"/{TOKEN}"))
        first = send(options, told)
        assert isinstance(first, TryAgain)
        assert first.reason is AttemptReason.UNAVAILABLE
        again = send(options, replace(told, accepted=first.accepted))
        assert isinstance(again, Delivered)
        assert again.shown == {one.id for one in told.alerts}
        one, refused, two, three = titles(sink.bodies())
    assert refused == two
    assert len({*one, *two, *three}) == 25


def test_a_refused_part_says_what_was_shown_before_it() -> None:
    told = many(14)
    with WebhookSink(OK, Answer(400, body=b'{"code":50035}')) as sink:
        outcome = send(Discord(sink.url(f"/{TOKEN}")), told)
        first, _ = titles(sink.bodies())
    assert isinstance(outcome, GiveUp)
    assert len(outcome.shown) == len(first) < 14


def test_parts_of_matrix_have_transaction_ids_of_their_own() -> None:
    chat = CHATS["matrix"]
    long = [alert(f"Number {index} " + "word " * 60, body="text " * 80, name=str(index)) for index in range(120)]
    told = notification(*long)
    with WebhookSink(*[chat.success] * MOST_PARTS) as sink:
        assert isinstance(send(chat.options(sink.url("")), told), Delivered)
        names = [request.path.rpartition("/")[2] for request in sink.requests]
    assert names[0] == told.key
    assert len(set(names)) == len(names) > 1


def item(size: int) -> MessageItem:
    return MessageItem("x" * size, "", "", "", "", "", "", "", alert_id=f"{size:032}")


@pytest.mark.parametrize("most", [1, 3])
@given(st.lists(st.integers(1, 40), max_size=60), st.integers(0, 5))
def test_every_alert_is_in_one_part_or_counted(most: int, sizes: list[int], omitted: int) -> None:
    def fits(message: Message) -> bool:
        return sum(len(one.title) for one in message.items) <= 30

    items = tuple(item(size) for size in sizes)
    parts = split(Message("subject", "", "", items, omitted=omitted), fits, most)
    assert 1 <= len(parts) <= most
    assert all(fits(part.message) for part in parts)
    shown = [one for part in parts for one in part.message.items]
    assert parts[-1].message.omitted == omitted + len(items) - len(shown)
    assert all(part.message.omitted == 0 for part in parts[:-1])
    assert [one for one in items if one in shown] == [one for one in items if one in shown]
    assert len({part.name for part in parts}) == len(parts) or len(set(sizes)) < len(sizes)
