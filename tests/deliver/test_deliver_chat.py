"""Chat shapes against what the services document, and a real conversation for each."""

from __future__ import annotations

import json
import re
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.chats import CHATS, TOKEN, send, unescaped
from tests.harness.factories import alert, notification
from tests.harness.servers import Answer, WebhookSink
from watcher.deliver.apprise import Apprise
from watcher.deliver.matrix import Matrix
from watcher.deliver.paging import MOST_PARTS
from watcher.deliver.registry import CHANNEL_KINDS
from watcher.errors import AttemptReason, UsageError
from watcher.model.notification import Delivered, GiveUp, Message, TryAgain
from watcher.model.secret import Secret
from watcher.render.message import render_message

KINDS = pytest.mark.parametrize("kind", CHATS)


def test_every_chat_is_tried() -> None:
    assert set(CHATS) == CHANNEL_KINDS.keys() - {"email", "webhook", "apprise"}


def message_of(count: int, omitted: int = 0, **more) -> Message:
    alerts = (alert(**{"title": f"Number {index}: guards fled", "name": str(index), **more}) for index in range(count))
    return render_message(notification(*alerts, omitted=omitted), zone="Europe/Istanbul", max_full=500)


def shown_in(bodies: list[dict]) -> set[str]:
    text = unescaped(json.dumps(bodies, ensure_ascii=False)).replace("\\\\", "")
    return set(re.findall(r"Number \d+\W", text))


@KINDS
@pytest.mark.parametrize("count", [1, 3, 14, 200])
def test_parts_keep_the_services_limits_and_count_what_none_of_them_shows(kind: str, count: int) -> None:
    chat = CHATS[kind]
    message = message_of(count, sources=["BBC", "Al Jazeera", "AFP", "AP", "dpa"], omitted=7)
    bodies = chat.bodies(message)
    assert len(bodies) <= MOST_PARTS
    for body in bodies:
        chat.check(body)
    shown = shown_in(bodies)
    assert len(shown) >= min(count, 14)
    left_out = count + 7 - len(shown)
    last = unescaped(json.dumps(bodies[-1], ensure_ascii=False)).replace("\\\\", "")
    assert f"and {left_out} more: watcher alerts list" in last
    for body in bodies[:-1]:
        assert "watcher alerts list" not in json.dumps(body)


@KINDS
def test_each_alert_carries_its_short_id_and_its_reasons(kind: str) -> None:
    message = message_of(3)
    text = unescaped(json.dumps(CHATS[kind].bodies(message), ensure_ascii=False)).replace("\\\\", "")
    for item in message.items:
        assert item.short_id in text
    assert len(re.findall(r"prison\\?\* in title: 3", text)) >= 3


@KINDS
def test_long_texts_are_cut_at_a_word(kind: str) -> None:
    words = " ".join(f"word{number:03}" for number in range(400))
    bodies = CHATS[kind].bodies(message_of(5, title=words, body=words, feed=words))
    for body in bodies:
        CHATS[kind].check(body)
    written = json.dumps(bodies, ensure_ascii=False)
    cuts = re.findall(r"word(\w*)…", written)
    assert cuts
    assert [cut for cut in cuts if not re.fullmatch(r"\d{3}", cut)] == []
    assert set(map(len, re.findall(r"word(\d*)", written))) == {3}


@KINDS
def test_one_word_without_end_is_cut_between_letters(kind: str) -> None:
    for body in CHATS[kind].bodies(message_of(3, title="a\u0301" * 3_000, body="👩‍👩‍👧" * 900, feed="&<>" * 900)):
        CHATS[kind].check(body)


@KINDS
def test_an_empty_message_is_a_message(kind: str) -> None:
    (body,) = CHATS[kind].bodies(Message("Test message", "", "", ()))
    CHATS[kind].check(body)


@KINDS
@settings(max_examples=40, deadline=None)
@given(title=st.text(max_size=400), body=st.text(max_size=600), feed=st.text(max_size=200), link=st.text(max_size=60))
def test_whatever_stands_in_a_feed_makes_a_valid_message(
    kind: str, title: str, body: str, feed: str, link: str
) -> None:
    for sent in CHATS[kind].bodies(message_of(2, title=title, body=body, feed=feed, link=f"https://x.example/{link}")):
        CHATS[kind].check(sent)


@KINDS
def test_a_message_arrives(kind: str) -> None:
    with WebhookSink(CHATS[kind].success) as sink:
        told = notification(alert())
        outcome = send(CHATS[kind].options(sink.url("")), told)
        assert isinstance(outcome, Delivered)
        assert outcome.shown == {told.alerts[0].id}
        (request,) = sink.requests
        assert request.path.startswith(CHATS[kind].path)
        assert request.headers["content-type"].startswith(CHATS[kind].content_type)
        CHATS[kind].check(CHATS[kind].read(request.body))
        if kind == "matrix":
            assert (request.method, request.path.rpartition("/")[2]) == ("PUT", told.key)
            assert request.headers["authorization"] == f"Bearer {TOKEN}"


@KINDS
@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (400, (GiveUp, AttemptReason.REFUSED)),
        (401, (TryAgain, AttemptReason.AUTHENTICATION)),
        (404, None),
        (413, (GiveUp, AttemptReason.TOO_LARGE)),
        (429, (TryAgain, AttemptReason.SLOW_DOWN)),
        (500, (TryAgain, AttemptReason.UNAVAILABLE)),
        (302, (TryAgain, AttemptReason.REDIRECTED)),
    ],
)
def test_refusals_have_their_own_reasons_and_keep_the_secret(kind: str, status: int, outcome) -> None:
    with WebhookSink() as sink:
        sink.script.append(Answer(status, body=f"no: {sink.url('')}/{TOKEN} {TOKEN}".encode()))
        got = send(CHATS[kind].options(sink.url("")))
    assert isinstance(got, TryAgain | GiveUp)
    assert (type(got), got.reason) == (outcome or CHATS[kind].not_found)
    assert TOKEN not in repr(got)


@pytest.mark.parametrize("token", ["dash–dash", "line\nbreak", "nul\x00"])
@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://exa mple.org", "http://a..b", "http://[", "nothing", ""])
def test_what_http_cannot_carry_is_an_outcome(token: str, url: str) -> None:
    outcome = send(Matrix(url, "!room:example.org", token))
    assert isinstance(outcome, TryAgain | GiveUp)
    assert token not in outcome.detail


@pytest.mark.parametrize("kind", [kind for kind, chat in CHATS.items() if chat.refusal])
def test_a_refusal_that_looks_like_a_success_is_none(kind: str) -> None:
    assert CHATS[kind].refusal
    with WebhookSink(CHATS[kind].refusal) as sink:
        assert isinstance(send(CHATS[kind].options(sink.url(""))), TryAgain | GiveUp)


class TestApprise:
    apprise = pytest.importorskip("apprise", reason="the extra watcher[apprise] is not installed")

    def test_a_message_arrives(self, webhook_sink: WebhookSink) -> None:
        url = webhook_sink.url("/hook").replace("http:", "json:")
        assert isinstance(send(Apprise(Secret("env X", url))), Delivered)
        assert "Guards fled" in json.loads(webhook_sink.requests[0].body)["title"]

    @pytest.mark.parametrize("status", [302, 500])
    def test_a_refusal_and_a_redirect_are_tried_again(self, status: int) -> None:
        with WebhookSink() as elsewhere, WebhookSink(Answer(status, {"Location": elsewhere.url("/")})) as sink:
            outcome = send(Apprise(sink.url("/hook").replace("http:", "json:")))
            assert elsewhere.requests == []
        assert isinstance(outcome, TryAgain)

    def test_what_it_does_not_understand_cannot_be_built(self) -> None:
        with pytest.raises(ValueError) as raised:
            send(Apprise(f"nonsense://{TOKEN}"))
        assert TOKEN not in str(raised.value)

    def test_without_the_extra_the_remedy_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "apprise", None)
        with pytest.raises(UsageError, match="pip install"):
            send(Apprise("json://localhost"))
