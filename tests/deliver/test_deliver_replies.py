"""Messages about a told story: replies where the service can, ordinary messages where it cannot or will not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.harness import chats
from tests.harness.chats import OK, TOKEN, answered, send
from tests.harness.factories import alert, notification
from tests.harness.servers import Answer, WebhookSink
from watcher.deliver.discord import Discord
from watcher.deliver.matrix import Matrix
from watcher.deliver.mattermost import Mattermost
from watcher.deliver.slack import Slack
from watcher.deliver.telegram import Telegram
from watcher.errors import AttemptReason
from watcher.model.notification import Delivered, Outcome, TryAgain
from watcher.model.route import ChannelOptions

POST = "a1b2c3d4e5f6g7h8i9j0k1l2m3"


@dataclass(frozen=True)
class Chat:
    options: Callable[[str, str], ChannelOptions]
    path: str
    answer: str
    reply: dict[str, Any]
    check: Callable[[dict[str, Any]], None]
    status: int = 200

    @property
    def success(self) -> Answer:
        return answered(self.answer, self.status)


CHATS = {
    "slack": Chat(
        lambda url, place: Slack(url, TOKEN, place),
        "/chat.postMessage",
        '{"ok":true,"channel":"C1","ts":"1503435956.000247","message":{"thread_ts":"1.2","ts":"1503435956.000247"}}',
        {"thread_ts": "1503435956.000247", "reply_broadcast": True},
        chats.slack,
    ),
    "telegram": Chat(
        lambda url, place: Telegram(TOKEN, place, url=url),
        f"/bot{TOKEN}/sendMessage",
        '{"ok":true,"result":{"message_id":42,"chat":{"id":-100},"reply_to_message":{"message_id":7}}}',
        {"reply_parameters": {"message_id": 42, "allow_sending_without_reply": True}},
        chats.telegram,
    ),
    "matrix": Chat(
        lambda url, place: Matrix(url, place, TOKEN),
        "/_matrix/client/v3/rooms/",
        '{"event_id": "$abc:example.org"}',
        {
            "m.relates_to": {
                "rel_type": "m.thread",
                "event_id": "$abc:example.org",
                "is_falling_back": True,
                "m.in_reply_to": {"event_id": "$abc:example.org"},
            }
        },
        chats.matrix,
    ),
    "mattermost": Chat(
        lambda url, place: Mattermost(url, TOKEN, place),
        "/api/v4/posts",
        f'{{"id":"{POST}","create_at":1,"channel_id":"x","root_id":""}}',
        {"root_id": POST},
        chats.mattermost_post,
        status=201,
    ),
}
KINDS = pytest.mark.parametrize("kind", CHATS)


def reply(options: ChannelOptions, receipt: str) -> Outcome:
    return send(options, replace(notification(alert()), reply_to=receipt))


def receipt_of(outcome: Outcome) -> str:
    assert isinstance(outcome, Delivered)
    return outcome.receipt


def told_in(sink: WebhookSink) -> list[dict[str, Any]]:
    return [json.loads(body) for body in sink.bodies()]


def replies(kind: str, body: dict[str, Any]) -> bool:
    """Whether a body is a reply to the message that the service named in its first answer."""
    return body.items() >= CHATS[kind].reply.items()


@KINDS
def test_what_the_service_calls_a_message_is_what_the_next_one_replies_to(kind: str) -> None:
    chat = CHATS[kind]
    with WebhookSink(chat.success, chat.success) as sink:
        options = chat.options(sink.url(""), "place")
        receipt = receipt_of(send(options))
        assert receipt
        reply(options, receipt)
        first, second = told_in(sink)
        assert all(request.path.startswith(chat.path) for request in sink.requests)
    assert not replies(kind, first)
    assert replies(kind, second)
    chat.check(first)
    chat.check(second)


@KINDS
def test_a_refused_reply_is_sent_as_an_ordinary_message(kind: str) -> None:
    chat = CHATS[kind]
    refusal = answered('{"ok":false,"error":"thread_not_found"}') if kind == "slack" else answered("{}", 400)
    with WebhookSink(chat.success, refusal, chat.success) as sink:
        options = chat.options(sink.url(""), "place")
        receipt = receipt_of(send(options))
        assert receipt_of(reply(options, receipt))
        assert [replies(kind, body) for body in told_in(sink)] == [False, True, False]


@KINDS
def test_a_message_of_another_place_is_not_replied_to(kind: str) -> None:
    chat = CHATS[kind]
    with WebhookSink(chat.success) as sink:
        receipt = receipt_of(send(chat.options(sink.url(""), "place")))
        reply(chat.options(sink.url(""), "elsewhere"), receipt)
        assert not replies(kind, told_in(sink)[1])


@KINDS
@pytest.mark.parametrize(
    "answer", ["", "ok", "[]", '{"ts":17,"message_id":"x","event_id":5}', "<html><title>Log in</title></html>"]
)
def test_an_answer_that_the_service_does_not_document_is_tried_again(kind: str, answer: str) -> None:
    with WebhookSink(answered(answer)) as sink:
        outcome = send(CHATS[kind].options(sink.url(""), "place"))
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is AttemptReason.NOT_THE_SERVICE


def test_a_success_that_names_no_message_has_no_receipt() -> None:
    with WebhookSink(answered('{"ok":true}')) as sink:
        assert receipt_of(send(CHATS["slack"].options(sink.url(""), "place"))) == ""


@pytest.mark.parametrize(("options", "success"), [(Slack, OK), (Mattermost, OK), (Discord, Answer(204))])
def test_webhooks_cannot_reply(options: Callable[[str], ChannelOptions], success: Answer) -> None:
    with WebhookSink(success, success) as sink:
        assert receipt_of(send(options(sink.url("/hook")))) == ""
        assert isinstance(reply(options(sink.url("/hook")), "12345678:9.9"), Delivered)
        first, second = sink.bodies()
    assert first == second
