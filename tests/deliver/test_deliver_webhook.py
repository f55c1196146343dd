"""The generic webhook against a real server: signature, statuses, and what never leaks."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import socket
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.harness.factories import NOW, alert, notification
from tests.harness.servers import RESET, Answer, FakeClock, Request, WebhookSink
from watcher.deliver.http_clients import HttpClients, Via
from watcher.deliver.webhook import Webhook, WebhookChannel, signature, signing_key
from watcher.errors import AttemptReason
from watcher.http_headers import retry_after
from watcher.model.notification import Delivered, GiveUp, Outcome, TryAgain
from watcher.model.secret import Secret
from watcher.render.message import render_message

SOON = timedelta(seconds=60)
SECRET = "whsec_" + base64.b64encode(b"a key of twenty-four byt").decode()


def send(url: str, secret: str | None = SECRET, told=None, deadline: timedelta = SOON) -> Outcome:
    told = told or notification(alert())
    options = Webhook(Secret("env HOOK", url), secret)

    async def once() -> Outcome:
        async with HttpClients() as clients:
            channel = WebhookChannel(options, lambda: clients.client(Via()), FakeClock(NOW))
            return await channel.send(told, render_message(told, zone="UTC"), deadline)

    return asyncio.run(once())


def test_the_example_of_the_reference_libraries() -> None:
    # https://docs.svix.com/receiving/verifying-payloads/how-manual gives this pair of secret and signature.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signed = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_plain_secret_is_its_own_key_and_a_damaged_one_is_refused() -> None:
    assert signing_key("plain") == b"plain"
    with pytest.raises(ValueError, match="base64"):
        signing_key("whsec_!")


def test_what_arrives_is_signed_and_named(webhook_sink: WebhookSink) -> None:
    told = notification(alert())
    outcome = send(webhook_sink.url("/hook"), told=told)
    assert isinstance(outcome, Delivered)
    (request,) = webhook_sink.requests
    assert request.headers["webhook-id"] == told.key
    assert request.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    signed = b".".join([told.key.encode(), request.headers["webhook-timestamp"].encode(), request.body])
    expected = base64.b64encode(hmac.new(b"a key of twenty-four byt", signed, hashlib.sha256).digest()).decode()
    assert request.headers["webhook-signature"] == f"v1,{expected}"
    assert json.loads(request.body)["data"]["alerts"][0]["id"] == told.alerts[0].id


def test_without_a_secret_there_is_no_signature(webhook_sink: WebhookSink) -> None:
    send(webhook_sink.url("/hook"), secret=None)
    assert "webhook-signature" not in webhook_sink.requests[0].headers


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (301, TryAgain, AttemptReason.REDIRECTED),
        (302, TryAgain, AttemptReason.REDIRECTED),
        (400, TryAgain, AttemptReason.REFUSED),
        (401, TryAgain, AttemptReason.AUTHENTICATION),
        (404, TryAgain, AttemptReason.REFUSED),
        (410, GiveUp, AttemptReason.GONE),
        (413, GiveUp, AttemptReason.TOO_LARGE),
        (429, TryAgain, AttemptReason.SLOW_DOWN),
        (500, TryAgain, AttemptReason.UNAVAILABLE),
        (502, TryAgain, AttemptReason.SLOW_DOWN),
        (503, TryAgain, AttemptReason.SLOW_DOWN),
        (504, TryAgain, AttemptReason.SLOW_DOWN),
        (RESET, TryAgain, AttemptReason.PROTOCOL),
    ],
)
def test_answers(status: int | str, kind: type, reason: AttemptReason) -> None:
    with WebhookSink(status) as sink:
        outcome = send(sink.url("/hook"))
    assert (type(outcome), outcome.reason) == (kind, reason)


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_any_success_is_a_delivery(status: int) -> None:
    with WebhookSink(status) as sink:
        assert isinstance(send(sink.url("/hook")), Delivered)


@pytest.mark.parametrize(
    "body", [b"ok", b"", b'{"received":true}', b"<3", b"Thanks <b>a lot</b>", b'{"echo":"<html>"}']
)
def test_whatever_a_program_says_beside_a_success_is_its_own(body: bytes) -> None:
    with WebhookSink(Answer(200, {"Content-Type": "text/html"}, body)) as sink:
        assert isinstance(send(sink.url("/hook")), Delivered)


@pytest.mark.parametrize(
    "body", [b"<!DOCTYPE html><form>", b"\n <html lang=en>", b"<?xml version='1.0'?><html>", b"<head>"]
)
def test_a_web_page_is_no_program(body: bytes) -> None:
    with WebhookSink(Answer(200, {"Content-Type": "text/html"}, body)) as sink:
        outcome = send(sink.url("/hook"))
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is AttemptReason.NOT_THE_SERVICE


def request_of(options: Webhook) -> tuple[Request, Outcome]:
    with WebhookSink(Answer(500, body=b"geheim sesam dG9rZW4tZ2VoZWlt")) as sink:
        sent = replace(options, url=sink.url("/hook"))

        async def once() -> Outcome:
            async with HttpClients() as clients:
                channel = WebhookChannel(sent, lambda: clients.client(Via()), FakeClock(NOW))
                return await channel.send(
                    notification(alert()), render_message(notification(alert()), zone="UTC"), SOON
                )

        outcome = asyncio.run(once())
        return sink.requests[0], outcome


def test_method_headers_and_logins() -> None:
    basic = Webhook("", method="PUT", headers={"X-Key": Secret("env K", "geheim")}, username="me", password="sesam")
    request, outcome = request_of(basic)
    assert (request.method, request.headers["x-key"]) == ("PUT", "geheim")
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"me:sesam").decode()
    assert "geheim" not in repr(outcome)
    assert "sesam" not in repr(outcome)
    request, outcome = request_of(Webhook("", bearer=Secret("env T", "geheim")))
    assert request.headers["authorization"] == "Bearer geheim"
    assert "geheim" not in repr(outcome)


def test_a_receivers_cookies_are_not_kept() -> None:
    with WebhookSink(Answer(200, {"Set-Cookie": "a=b"}), Answer(200)) as sink:

        async def twice() -> None:
            async with HttpClients() as clients:
                client = clients.client(Via())
                for _ in range(2):
                    await client.post(sink.url("/hook"))

        asyncio.run(twice())
        assert "cookie" not in sink.requests[1].headers


def test_a_redirect_is_not_followed() -> None:
    with WebhookSink() as elsewhere, WebhookSink(Answer(302, {"Location": elsewhere.url("/hook")})) as sink:
        send(sink.url("/hook"))
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "120"}, timedelta(minutes=2)),
        ({"Retry-After": "0.65"}, timedelta(seconds=0.65)),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "9" * 400}, timedelta(hours=24)),
        ({"Retry-After": "-5"}, None),
        ({}, None),
    ],
)
def test_the_receivers_own_retry_after(headers: dict[str, str], expected: timedelta | None) -> None:
    with WebhookSink(Answer(429, headers)) as sink:
        outcome = send(sink.url("/hook"))
    assert isinstance(outcome, TryAgain)
    assert outcome.retry_after == expected


def test_a_date_is_read_against_the_answers_own_clock() -> None:
    noon = {"date": "Sat, 24 Jan 2026 12:00:00 GMT"}
    assert retry_after({**noon, "retry-after": "Sat, 24 Jan 2026 12:05:00 GMT"}) == timedelta(minutes=5)
    assert retry_after({**noon, "retry-after": "Fri, 23 Jan 2026 12:00:00 GMT"}) == timedelta(0)
    assert retry_after({"retry-after": "Sat, 24 Jan 2026 12:05:00 GMT"}) is None


def test_a_receiver_that_never_answers_costs_no_more_than_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        outcome = send(f"http://127.0.0.1:{silent.getsockname()[1]}/", deadline=timedelta(seconds=0.3))
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is AttemptReason.TIMEOUT


def test_an_endless_answer_is_read_only_at_its_beginning() -> None:
    def endless():
        while True:
            yield b"x" * 65536

    with WebhookSink(Answer(200, body=endless())) as sink:
        outcome = send(sink.url("/hook"))
    assert isinstance(outcome, Delivered)
    assert len(outcome.detail) <= 200


def test_a_receiver_that_is_not_there() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        outcome = send(f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is AttemptReason.CONNECT


def test_a_plain_server_behind_https_is_a_matter_of_tls(webhook_sink: WebhookSink) -> None:
    outcome = send(webhook_sink.url("/hook").replace("http:", "https:"))
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is AttemptReason.TLS


def test_what_is_not_an_address_is_given_up_with_the_remedy() -> None:
    outcome = send("ftp://example.org/hook")
    assert isinstance(outcome, GiveUp)
    assert "http(s)" in outcome.detail


def test_neither_address_nor_secret_is_shown_to_anybody(caplog: pytest.LogCaptureFixture) -> None:
    def echo(request) -> Answer:
        return Answer(500, body=f"cannot serve {sink.url('/hook/t0ken')} with {SECRET}\r\n\x1b[31m".encode())

    with caplog.at_level(logging.INFO), WebhookSink() as sink:
        sink.script.append(echo(None))
        outcome = send(sink.url("/hook/t0ken"))
    assert "t0ken" not in repr(outcome) + caplog.text
    assert SECRET not in repr(outcome) + caplog.text
    assert outcome.detail.isprintable()
