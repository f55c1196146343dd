"""What each service documents of its answers, and what we make of them."""

from __future__ import annotations

import gzip
from datetime import timedelta

import pytest

from tests.harness.chats import CHATS, TOKEN, answered, send
from tests.harness.servers import Answer, WebhookSink
from watcher.deliver.mattermost import Mattermost
from watcher.deliver.slack import Slack
from watcher.errors import AttemptReason
from watcher.model.notification import Delivered, GiveUp, Outcome, TryAgain
from watcher.model.route import ChannelOptions

CHANNEL = "C024BE91L"


def says(status: int, text: str, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"Content-Type": "application/json", **named}, text.encode())


def options_of(kind: str, url: str) -> ChannelOptions:
    """The options of a chat; `slack bot` and `mattermost bot` write by the service's API."""
    match kind:
        case "slack bot":
            return Slack(url, TOKEN, CHANNEL)
        case "mattermost bot":
            return Mattermost(url, TOKEN, CHANNEL)
        case _:
            return CHATS[kind].options(url)


def outcome_of(kind: str, answer: Answer) -> Outcome:
    with WebhookSink(answer) as sink:
        return send(options_of(kind, sink.url("")))


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("slack", says(200, "ok")),
        ("slack bot", says(200, '{"ok":true,"channel":"C024BE91L","ts":"1503435956.000247","message":{}}')),
        ("discord", Answer(204)),
        ("teams", Answer(202)),
        ("teams", says(200, "1")),
        ("mattermost", says(200, "ok")),
        ("mattermost bot", says(201, '{"id":"a1b2c3d4e5f6g7h8i9j0k1l2m3","root_id":""}')),
        ("telegram", says(200, '{"ok":true,"result":{"message_id":42}}')),
        ("matrix", says(200, '{"event_id":"$YUwRidLecu:example.com"}')),
        ("ntfy", says(200, '{"id":"sPs71M8A2T","event":"message","topic":"news"}')),
    ],
)
def test_every_documented_success_is_one(kind: str, answer: Answer) -> None:
    assert isinstance(outcome_of(kind, answer), Delivered)


LOGIN_PAGE = Answer(
    200,
    {"Content-Type": "text/html; charset=utf-8"},
    b"\n<!-- portal --><!DOCTYPE html><html><body>Please sign in to the guest network</body></html>",
)
ERROR_PAGE = b"<html><head><title>Not found</title></head><body>proxy</body></html>"
EVERY_CHAT = pytest.mark.parametrize("kind", [*CHATS, "slack bot", "mattermost bot"])
WRONG = [
    '{"status":"ok"}',
    '{"ok":"true"}',
    '{"ok":true',
    "[]",
    "null",
    '"ok"',
    '{"id":null}',
    '{"id":"","event_id":"","ok":0}',
    '{"id":7,"event_id":7,"ok":1}',
    '{"id":{},"event_id":[],"ok":[]}',
    "OK, thanks",
    "{}",
    "[[[[" * 9,
]


@EVERY_CHAT
@pytest.mark.parametrize("answer", [LOGIN_PAGE, says(200, ""), *(says(200, text) for text in WRONG)])
def test_a_success_in_another_form_is_not_of_the_service(kind: str, answer: Answer) -> None:
    got = outcome_of(kind, answer)
    assert isinstance(got, TryAgain)
    assert got.reason is AttemptReason.NOT_THE_SERVICE


@EVERY_CHAT
@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413])
def test_an_error_page_says_nothing_about_the_message(kind: str, status: int) -> None:
    got = outcome_of(kind, Answer(status, {"Content-Type": "text/html"}, ERROR_PAGE))
    assert isinstance(got, TryAgain)
    assert got.reason is AttemptReason.NOT_THE_SERVICE or (kind, status) == ("telegram", 404)


@EVERY_CHAT
@pytest.mark.parametrize("status", [403, 429])
def test_a_limit_of_the_cdn_in_front_is_a_limit(kind: str, status: int) -> None:
    got = outcome_of(kind, Answer(status, {"Content-Type": "text/plain"}, b"error code: 1015"))
    assert isinstance(got, TryAgain)
    assert got.reason is AttemptReason.SLOW_DOWN


@EVERY_CHAT
@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"parameters":{"retry_after":1' + "0" * 400 + "}}", '{"retry_after_ms":1e999}']
)
@pytest.mark.parametrize(
    "date", ["", "Mon, 01 Jan 99999999999 00:00:00 GMT", "Mon, 01 Jan 2026 00:00:00 +99999999999999"]
)
def test_no_answer_makes_a_judge_raise(kind: str, body: str, date: str) -> None:
    got = outcome_of(kind, says(429, body, Retry_After=date))
    assert isinstance(got, TryAgain)
    assert got.retry_after is None or got.retry_after <= timedelta(hours=24)


def test_an_answer_that_is_compressed_without_being_asked_for_is_read() -> None:
    body = gzip.compress(b'{"ok":true,"result":{"message_id":42}}')
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert isinstance(outcome_of("telegram", Answer(200, headers, body)), Delivered)


@EVERY_CHAT
def test_a_secret_that_is_a_part_of_the_answer_does_not_hide_it(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("tests.harness.chats", __name__):
        monkeypatch.setattr(f"{module}.TOKEN", "t")
    success = answered('{"id":"a1b2c3d4e5f6g7h8i9j0k1l2m3"}', 201) if kind == "mattermost bot" else None
    success = success or (answered('{"ok":true,"ts":"1.2"}') if kind == "slack bot" else CHATS[kind].success)
    assert isinstance(outcome_of(kind, success), Delivered)


def test_a_long_answer_that_repeats_the_message_is_read_whole() -> None:
    answer = says(200, '{"ok":true,"message":{"text":"' + "\\u0645" * 20_000 + '"},"ts":"1503435956.000247"}')
    got = outcome_of("slack bot", answer)
    assert isinstance(got, Delivered)
    assert got.receipt.endswith("1503435956.000247")


AUTHENTICATION = (TryAgain, AttemptReason.AUTHENTICATION)
GONE = (GiveUp, AttemptReason.GONE)
REFUSED = (GiveUp, AttemptReason.REFUSED)
TOO_LARGE = (GiveUp, AttemptReason.TOO_LARGE)
SLOW_DOWN = (TryAgain, AttemptReason.SLOW_DOWN)
UNAVAILABLE = (TryAgain, AttemptReason.UNAVAILABLE)


def slack_error(word: str) -> Answer:
    """https://docs.slack.dev/reference/methods/chat.postMessage#errors: a word in the JSON of a 200."""
    return says(200, f'{{"ok":false,"error":"{word}"}}')


def telegram_error(status: int, description: str, more: str = "") -> Answer:
    """https://core.telegram.org/bots/api#making-requests: `ok`, `error_code`, `description`, perhaps `parameters`."""
    return says(status, f'{{"ok":false,"error_code":{status},"description":"{description}"{more}}}')


def mattermost_error(status: int, name: str) -> Answer:
    """https://developers.mattermost.com/api-documentation/ (AppError)."""
    return says(status, f'{{"id":"{name}","message":"…","request_id":"x","status_code":{status}}}')


def matrix_error(status: int, word: str, more: str = "") -> Answer:
    """https://spec.matrix.org/latest/client-server-api/#standard-error-response."""
    return says(status, f'{{"errcode":"{word}","error":"…"{more}}}')


MOVED = ',"parameters":{"migrate_to_chat_id":-1001557912345}'


@pytest.mark.parametrize(
    ("kind", "answer", "expected", "remedy"),
    [
        ("slack bot", slack_error("invalid_auth"), AUTHENTICATION, "token"),
        ("slack bot", slack_error("token_revoked"), AUTHENTICATION, "token"),
        ("slack bot", slack_error("missing_scope"), AUTHENTICATION, "chat:write"),
        ("slack bot", slack_error("not_in_channel"), AUTHENTICATION, "invite the bot"),
        ("slack bot", slack_error("restricted_action_read_only_channel"), AUTHENTICATION, "let it write"),
        ("slack bot", slack_error("channel_not_found"), GONE, "channel that exists"),
        ("slack bot", slack_error("is_archived"), GONE, "channel that exists"),
        ("slack bot", slack_error("msg_too_long"), TOO_LARGE, "msg_too_long"),
        ("slack bot", slack_error("invalid_blocks"), REFUSED, "invalid_blocks"),
        ("slack bot", slack_error("team_added_to_org"), UNAVAILABLE, ""),
        ("slack bot", slack_error("fatal_error"), UNAVAILABLE, ""),
        ("slack", says(404, "no_service"), GONE, "configure the new one"),
        ("slack", says(410, "channel_is_archived"), GONE, "configure the new one"),
        ("slack", says(403, "action_prohibited"), AUTHENTICATION, ""),
        ("slack", says(400, "invalid_payload"), REFUSED, "invalid_payload"),
        ("slack", says(500, "rollup_error"), UNAVAILABLE, ""),
        ("discord", says(404, '{"message":"Unknown Webhook","code":10015}'), GONE, "configure the new one"),
        ("discord", says(401, '{"message":"Invalid Webhook Token","code":50027}'), AUTHENTICATION, ""),
        ("discord", says(400, '{"embeds":["0"],"code":50035}'), REFUSED, "50035"),
        ("teams", says(401, '{"error":{"code":"DirectApiAuthorizationRequired"}}'), AUTHENTICATION, ""),
        ("teams", says(413, ""), TOO_LARGE, ""),
        ("teams", says(200, "Microsoft Teams endpoint returned HTTP error 429"), SLOW_DOWN, ""),
        ("mattermost", mattermost_error(400, "web.incoming_webhook.invalid.app_error"), GONE, "configure another"),
        (
            "mattermost",
            mattermost_error(501, "web.incoming_webhook.disabled.app_error"),
            AUTHENTICATION,
            "administrator",
        ),
        ("mattermost", mattermost_error(400, "web.incoming_webhook.text.app_error"), REFUSED, "text.app_error"),
        (
            "mattermost bot",
            mattermost_error(401, "api.context.session_expired.app_error"),
            AUTHENTICATION,
            "credentials",
        ),
        ("mattermost bot", mattermost_error(403, "api.context.permissions.app_error"), AUTHENTICATION, "add the bot"),
        ("mattermost bot", mattermost_error(400, "api.context.invalid_body_param.app_error"), REFUSED, ""),
        ("telegram", telegram_error(401, "Unauthorized"), AUTHENTICATION, "credentials"),
        ("telegram", telegram_error(404, "Not Found"), AUTHENTICATION, "token"),
        (
            "telegram",
            telegram_error(403, "Forbidden: bot was kicked from the supergroup chat"),
            AUTHENTICATION,
            "invite",
        ),
        ("telegram", telegram_error(403, "Forbidden: bot was blocked by the user"), AUTHENTICATION, "invite"),
        ("telegram", telegram_error(400, "Bad Request: chat not found"), GONE, "add the bot"),
        ("telegram", telegram_error(400, "Bad Request: group chat was upgraded", MOVED), GONE, "chat: -1001557912345"),
        ("telegram", telegram_error(400, "Bad Request: not enough rights to send text"), AUTHENTICATION, "write"),
        ("telegram", telegram_error(400, "Bad Request: TOPIC_CLOSED"), AUTHENTICATION, "thread"),
        ("telegram", telegram_error(400, "Bad Request: message thread not found"), GONE, "thread"),
        ("telegram", telegram_error(400, "Bad Request: message is too long"), TOO_LARGE, "shorten"),
        ("telegram", telegram_error(400, "Bad Request: can't parse entities"), REFUSED, "parse entities"),
        ("matrix", matrix_error(401, "M_UNKNOWN_TOKEN", ',"soft_logout":true'), AUTHENTICATION, "credentials"),
        ("matrix", matrix_error(403, "M_FORBIDDEN"), AUTHENTICATION, "invite the account"),
        ("matrix", matrix_error(404, "M_NOT_FOUND"), GONE, ""),
        ("matrix", matrix_error(413, "M_TOO_LARGE"), TOO_LARGE, ""),
        ("matrix", matrix_error(400, "M_BAD_JSON"), REFUSED, "M_BAD_JSON"),
        ("ntfy", says(403, '{"code":40301,"http":403,"error":"forbidden"}'), AUTHENTICATION, "credentials"),
        ("ntfy", says(400, '{"code":40009,"http":400,"error":"invalid request"}'), REFUSED, "40009"),
        ("ntfy", says(507, '{"code":50701,"http":507}'), UNAVAILABLE, ""),
    ],
)
def test_every_documented_refusal_has_its_own_reason(
    kind: str, answer: Answer, expected: tuple[type, AttemptReason], remedy: str
) -> None:
    got = outcome_of(kind, answer)
    assert isinstance(got, TryAgain | GiveUp)
    assert (type(got), got.reason) == expected
    assert remedy in got.detail
    assert TOKEN not in repr(got)


@pytest.mark.parametrize(
    ("kind", "answer", "seconds"),
    [
        ("slack", says(429, '{"retry_after":1,"ok":false,"error":"rate_limited"}', Retry_After="30"), 30),
        ("slack bot", says(429, '{"ok":false,"error":"ratelimited"}', Retry_After="30"), 30),
        ("slack bot", says(200, '{"ok":false,"error":"rate_limited"}', Retry_After="7"), 7),
        ("slack bot", says(200, '{"ok":false,"error":"message_limit_exceeded"}'), None),
        ("discord", says(429, '{"message":"You are being rate limited.","retry_after":1.5}', Retry_After="1.5"), 1.5),
        ("telegram", telegram_error(429, "Too Many Requests", ',"parameters":{"retry_after":37}'), 37),
        ("telegram", says(429, '{"parameters":"soon"}'), None),
        ("matrix", matrix_error(429, "M_LIMIT_EXCEEDED", ',"retry_after_ms":2500'), 2.5),
        ("matrix", says(429, '{"errcode":"M_LIMIT_EXCEEDED"}', Retry_After="4"), 4),
        ("mattermost bot", says(429, "limit exceeded", Retry_After="2"), 2),
        ("teams", says(429, "", Retry_After="60"), 60),
        ("ntfy", says(429, '{"code":42901,"http":429}', Retry_After="5"), 5),
    ],
)
def test_each_service_says_in_its_own_way_how_long_to_wait(kind: str, answer: Answer, seconds: float | None) -> None:
    got = outcome_of(kind, answer)
    assert isinstance(got, TryAgain)
    assert got.reason is AttemptReason.SLOW_DOWN
    assert got.retry_after == (None if seconds is None else timedelta(seconds=seconds))
