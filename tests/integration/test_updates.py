"""`updates: true`: an entry with a new title is sent again, as a reply where the service has threads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest

from tests.harness.harness import TOPICS, Harness, Item
from tests.harness.servers import Answer, WebhookSink

TOKEN = "xoxb-1234567890"
ROOM = "!room:example.org"
FIRST = {
    "slack": b'{"ok":true,"channel":"C1","ts":"1503435956.000247"}',
    "mattermost": b'{"id":"a1b2c3d4e5f6g7h8i9j0k1l2m3","channel_id":"c"}',
    "telegram": b'{"ok":true,"result":{"message_id":42,"chat":{"id":-100}}}',
    "matrix": b'{"event_id":"$abc:example.org"}',
    "webhook": b"",
    "ntfy": b'{"id":"abc"}',
}
"""What each service answers to a message."""
OPTIONS: dict[str, dict[str, str]] = {
    "slack": {"token": TOKEN, "channel": "C1"},
    "mattermost": {"token": TOKEN, "channel": "c"},
    "telegram": {"token": "123456:ABCDEFGHIJ", "chat": "-100"},
    "matrix": {"room": ROOM, "token": TOKEN},
    "webhook": {},
    "ntfy": {},
}


@pytest.fixture
def sinks() -> Iterator[dict[str, WebhookSink]]:
    with ExitStack() as stack:
        answers = {kind: Answer(201 if kind == "mattermost" else 200, body=body) for kind, body in FIRST.items()}
        yield {kind: stack.enter_context(WebhookSink(answer, answer, answer)) for kind, answer in answers.items()}


def published(harness: Harness, title: str) -> None:
    """The wire has one entry with this title; the round that reads it."""
    harness.publish("/wire", [Item("one", title, harness.clock.now() - timedelta(minutes=1), "The talks went on.")])
    harness.clock.advance(timedelta(minutes=10))
    harness.once()


def bodies(sink: WebhookSink) -> list[dict[str, Any]]:
    return [json.loads(body) for body in sink.bodies()]


@pytest.mark.parametrize("updates", [True, False])
def test_a_new_title_is_sent_as_a_reply_where_there_are_threads(
    harness: Harness, sinks: dict[str, WebhookSink], updates: bool
) -> None:
    harness.topics = TOPICS.replace(
        "    title: Ceasefires\n", f"    title: Ceasefires\n    updates: {json.dumps(updates)}\n"
    )
    for kind, sink in sinks.items():
        options = {**OPTIONS[kind], "url": sink.url("/topic" if kind == "ntfy" else "")}
        harness.more_receivers.append(f"  - {{name: r-{kind}, {kind}: {json.dumps(options)}}}")
    routes = [f"{{receiver: r-{kind}, continue: true}}" for kind in sinks]
    harness.route = "\n".join(
        [
            "",
            "receiver: desk",
            "group_wait: 0s",
            "group_interval: 0s",
            f"routes: [{', '.join(routes)}, {{receiver: desk}}]",
        ]
    )
    harness.publish("/wire", [])
    harness.once()
    published(harness, "Ceasefire expected in the north")
    published(harness, "Ceasefire agreed in the north and the east")
    published(harness, "Ceasefire agreed in the north and the east")
    count = 2 if updates else 1
    assert {kind: len(sink.bodies()) for kind, sink in sinks.items()} == dict.fromkeys(sinks, count)
    assert len(harness.mail.mails) == count
    if not updates:
        return
    assert bodies(sinks["slack"])[1]["thread_ts"] == "1503435956.000247"
    assert bodies(sinks["mattermost"])[1]["root_id"] == "a1b2c3d4e5f6g7h8i9j0k1l2m3"
    assert bodies(sinks["telegram"])[1]["reply_parameters"]["message_id"] == 42
    assert bodies(sinks["matrix"])[1]["m.relates_to"]["event_id"] == "$abc:example.org"
    first, second = (mail.message for mail in harness.mail.mails)
    assert second["In-Reply-To"] == first["In-Reply-To"]
    assert second["Message-ID"] != first["Message-ID"]
    stories = {alert["story"]["id"] for body in bodies(sinks["webhook"]) for alert in body["data"]["alerts"]}
    assert len(stories) == 1
    assert all("agreed" in json.dumps(bodies(sink)[1]) for sink in sinks.values())
