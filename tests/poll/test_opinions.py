"""Opinions in a poll: what they lift is sent with its reason, and a poll does without them when they fail."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.harness.harness import Harness, Item
from tests.harness.servers import Answer
from watcher.demo.http_server import HttpServer

ANSWER = {"choices": [{"message": {"content": '{"answer": "yes", "quote": "guns are silent"}'}}]}


@pytest.mark.parametrize(
    ("answer", "sent"),
    [(Answer(200, body=json.dumps(ANSWER).encode()), ["Talks resume", "Truce holds"]), (Answer(503), ["Truce holds"])],
)
def test_a_second_look_makes_a_near_miss_a_mention_or_nothing(
    harness: Harness, answer: Answer, sent: list[str]
) -> None:
    moment = harness.clock.now() - timedelta(minutes=1)
    texts = {
        "near": ("Talks resume", "Both say the guns are silent."),
        "far": ("Weather", "Mild."),
        "hit": ("Truce holds", ""),
    }
    with HttpServer(lambda _: answer) as service:
        harness.limits = f"second_look: {{url: {json.dumps(service.url('/v1'))}, model: small}}"
        harness.publish("/feed", [Item(guid, title, moment, text) for guid, (title, text) in texts.items()])
        report = harness.once()
        harness.once()
    assert report.fetched == 1
    assert sorted(harness.alerted_titles()) == sent
    assert len(service.requests) == 1
    found = {
        alert["entry"]["title"]: alert
        for message in harness.messages()
        for alert in message["data"]["alerts"]  # type: ignore[index]
    }
    assert "opinions" not in found["Truce holds"]
    if len(sent) == 2:
        lifted = found["Talks resume"]
        assert (lifted["level"], lifted["score"], lifted["lifted_by"]) == ("mention", 3.0, "second_look")
        assert lifted["opinions"][0]["quote"] == "guns are silent"
