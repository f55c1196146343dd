"""The chats that all tests of chats run for, each with what its service documents of messages.

Each check raises when a message breaks a rule, and names its source. They are written from the documentation,
independently of the shapes.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from tests.harness.factories import alert, notification
from tests.harness.servers import Answer
from watcher import deliver
from watcher.deliver.discord import Discord, discord_body
from watcher.deliver.http_clients import HttpClients
from watcher.deliver.matrix import Matrix, matrix_body
from watcher.deliver.mattermost import Mattermost, mattermost_body
from watcher.deliver.ntfy import Ntfy, ntfy_body
from watcher.deliver.paging import split
from watcher.deliver.registry import build_channels
from watcher.deliver.slack import Slack, slack_body
from watcher.deliver.teams import Teams, teams_body
from watcher.deliver.telegram import Telegram, telegram_body
from watcher.errors import AttemptReason
from watcher.model.notification import GiveUp, Message, Notification, Outcome, TryAgain
from watcher.model.route import ChannelOptions, ChannelRef, Receiver
from watcher.model.secret import Secret
from watcher.render.message import render_message

TOKEN = "t0ken-of-nobody"


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def size(body: dict[str, Any]) -> int:
    return len(json.dumps(body, ensure_ascii=False).encode())


def web(link: str) -> None:
    assert urlsplit(link).scheme in {"http", "https"}, link
    assert not re.search(r"[\s<>\"]", link), link


def slack(body: dict[str, Any]) -> None:
    """https://docs.slack.dev/reference/block-kit/blocks/ (blocks, header, context, rich_text), …/methods/chat.postMessage."""
    assert set(body) <= {"channel", "text", "blocks", "unfurl_links", "unfurl_media", "thread_ts", "reply_broadcast"}
    assert len(body["text"]) <= 4_000
    if "thread_ts" in body:
        assert re.fullmatch(r"\d{10}\.\d{6}", body["thread_ts"])
        assert body["reply_broadcast"] is True
    blocks = body["blocks"]
    assert 1 <= len(blocks) <= 50
    assert len(json.dumps(blocks, ensure_ascii=False)) <= 13_000
    for block in blocks:
        match block["type"]:
            case "header":
                assert block["text"]["type"] == "plain_text"
                assert 1 <= len(block["text"]["text"]) <= 150
            case "context":
                assert 1 <= len(block["elements"]) <= 10
                assert all(element["type"] == "plain_text" for element in block["elements"])
            case "rich_text":
                for section in block["elements"]:
                    assert section["type"] == "rich_text_section"
                    for element in section["elements"]:
                        assert element["type"] in {"text", "link"}
                        assert 1 <= len(element["text"]) <= 3_000
                        if element["type"] == "link":
                            web(element["url"])
            case other:
                raise AssertionError(other)
    assert not re.search(r"[<>]", body["text"])


def discord(body: dict[str, Any]) -> None:
    """https://discord.com/developers/docs/resources/message (embed limits, allowed mentions), …/webhook#execute-webhook."""
    assert set(body) == {"content", "embeds", "allowed_mentions", "flags"}
    assert body["content"] or body["embeds"]
    assert body["flags"] in {0, 4}  # 4: SUPPRESS_EMBEDS
    assert utf16(body["content"]) <= 2_000
    assert body["allowed_mentions"] == {"parse": []}
    assert len(body["embeds"]) <= 10
    total = 0
    for embed in body["embeds"]:
        assert 1 <= utf16(embed["title"]) <= 256
        assert utf16(embed.get("description", "")) <= 4_096
        assert utf16(embed["footer"]["text"]) <= 2_048
        total += utf16(embed["title"] + embed.get("description", "") + embed["footer"]["text"])
        if "url" in embed:
            web(embed["url"])
    assert total <= 6_000


def ntfy(body: dict[str, Any]) -> None:
    """https://docs.ntfy.sh/publish/ (publish as JSON, limitations)."""
    assert set(body) <= {"topic", "title", "message", "priority", "click"}
    assert len(body["message"].encode()) <= 4_096
    assert body["message"]
    assert body["topic"]
    assert 1 <= body["priority"] <= 5
    assert "markdown" not in body
    if "click" in body:
        web(body["click"])


def teams(body: dict[str, Any]) -> None:
    """https://adaptivecards.io/explorer/ 1.4; 28 KB: learn.microsoft.com, "Create an Incoming Webhook"."""
    assert size(body) <= 28_000
    assert body["type"] == "message"
    (attachment,) = body["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    for element in card["body"]:
        assert element["type"] == "RichTextBlock"
        for run in element["inlines"]:
            assert run["type"] == "TextRun"
            assert isinstance(run["text"], str)
            assert set(run) <= {"type", "text", "size", "weight", "isSubtle", "highlight", "selectAction"}
            if "selectAction" in run:
                assert run["selectAction"]["type"] == "Action.OpenUrl"
                web(run["selectAction"]["url"])


def mattermost(body: dict[str, Any]) -> None:
    """https://developers.mattermost.com/integrate/webhooks/incoming/ (text) and …/reference/message-attachments."""
    assert set(body) == {"text"}
    assert 1 <= len(body["text"]) <= 16_383
    assert not re.search(r"@\w", body["text"])


def mattermost_post(body: dict[str, Any]) -> None:
    """https://developers.mattermost.com/api-documentation/#/operations/CreatePost: two fields needed, `root_id` may be empty."""
    assert set(body) == {"channel_id", "message", "root_id"}
    assert body["channel_id"]
    assert re.fullmatch(r"([a-z0-9]{26})?", body["root_id"])
    mattermost({"text": body["message"]})


class TelegramHtml(HTMLParser):
    """The tags that the Bot API knows ("HTML style"), properly nested; collects the visible text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"b", "a"}, tag
        assert [name for name, _ in attrs] == (["href"] if tag == "a" else [])
        for _, link in attrs:
            web(link or "")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def entities(text: str) -> None:
    """Every & begins a whole entity of those that the Bot API knows, or a numeric one."""
    assert not re.search(r"&(?!(?:amp|lt|gt|quot|#\d+|#x[0-9a-fA-F]+);)", text), text


def telegram(body: dict[str, Any]) -> None:
    """https://core.telegram.org/bots/api#sendmessage, #html-style and #replyparameters."""
    known = {"chat_id", "text", "parse_mode", "link_preview_options", "reply_parameters", "message_thread_id"}
    assert set(body) <= known
    if "reply_parameters" in body:
        assert set(body["reply_parameters"]) <= {"message_id", "chat_id", "allow_sending_without_reply", "quote"}
        assert type(body["reply_parameters"]["message_id"]) is int
    assert body["parse_mode"] == "HTML"
    entities(body["text"])
    parser = TelegramHtml()
    parser.feed(body["text"])
    parser.close()
    assert parser.open == []
    assert 1 <= utf16(parser.text) <= 4_096
    assert not re.search(r"@\w", parser.text)
    assert body["link_preview_options"] == {"is_disabled": True}


class MatrixHtml(TelegramHtml):
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"p", "br"}:
            assert attrs == []
            self.open += [tag] if tag == "p" else []
            return
        super().handle_starttag(tag, attrs)


def matrix(body: dict[str, Any]) -> None:
    """https://spec.matrix.org/latest/client-server-api/ (size limits, m.room.message, m.mentions, threading)."""
    assert set(body) <= {"msgtype", "body", "format", "formatted_body", "m.mentions", "m.relates_to"}
    if "m.relates_to" in body:
        relation = body["m.relates_to"]
        assert set(relation) == {"rel_type", "event_id", "is_falling_back", "m.in_reply_to"}
        assert (relation["rel_type"], relation["is_falling_back"]) == ("m.thread", True)
        assert relation["event_id"].startswith("$")
        assert set(relation["m.in_reply_to"]) == {"event_id"}
    assert size(body) <= 60_000
    assert body["msgtype"] in {"m.text", "m.notice"}
    assert body["m.mentions"] == {}
    assert body["body"]
    entities(body["formatted_body"])
    parser = MatrixHtml()
    parser.feed(body["formatted_body"])
    parser.close()
    assert parser.open == []


def unescaped(text: str) -> str:
    return html.unescape(text)


@dataclass(frozen=True)
class Chat:
    """A chat as all its tests see it. `check` fails for a body that the service's documents do not allow; `options` are
    those for a server at a URL, with `TOKEN` as the secret; `path` is where its requests go; `read` undoes the encoding.
    `success` is the documented answer to a message, `refusal` one that hides a refusal behind a status of success.
    `fits` is the service's own limit; `not_found` is what a 404 comes to.
    """

    body: Callable[[Message], dict[str, Any]]
    check: Callable[[dict[str, Any]], None]
    fits: Callable[[Message], bool]
    options: Callable[[str], ChannelOptions]
    path: str
    success: Answer
    content_type: str = "application/json"
    read: Callable[[bytes], dict[str, Any]] = json.loads
    refusal: Answer | None = None
    not_found: tuple[type[Outcome], AttemptReason] = (GiveUp, AttemptReason.GONE)

    def bodies(self, message: Message) -> list[dict[str, Any]]:
        """The bodies of the requests that a message is sent as."""
        return [self.body(part.message) for part in split(message, self.fits)]


def answered(text: str, status: int = 200) -> Answer:
    return Answer(status, {"Content-Type": "application/json"}, text.encode())


OK = Answer(200, {"Content-Type": "text/plain"}, b"ok")
"""What incoming webhooks of Slack and Mattermost answer."""

CHATS = {
    "slack": Chat(slack_body, slack, deliver.slack.fits, lambda url: Slack(f"{url}/{TOKEN}"), f"/{TOKEN}", success=OK),
    "discord": Chat(
        discord_body,
        discord,
        deliver.discord.fits,
        lambda url: Discord(Secret("env X", f"{url}/{TOKEN}")),
        f"/{TOKEN}",
        success=Answer(204),
    ),
    "ntfy": Chat(
        lambda message: ntfy_body(message, "news"),
        ntfy,
        deliver.ntfy.fits,
        lambda url: Ntfy(f"{url}/news", TOKEN),
        "/",
        success=answered('{"id":"sPs71M8A2T","event":"message","topic":"news"}'),
    ),
    "teams": Chat(
        teams_body,
        teams,
        deliver.teams.fits,
        lambda url: Teams(f"{url}/{TOKEN}"),
        f"/{TOKEN}",
        success=Answer(202),
        refusal=Answer(200, body=b"Webhook message delivery failed: Microsoft Teams endpoint returned HTTP error 400"),
    ),
    "mattermost": Chat(
        mattermost_body,
        mattermost,
        deliver.mattermost.fits,
        lambda url: Mattermost(f"{url}/{TOKEN}"),
        f"/{TOKEN}",
        success=OK,
    ),
    "telegram": Chat(
        lambda message: telegram_body(message, "-100"),
        telegram,
        deliver.telegram.fits,
        lambda url: Telegram(TOKEN, "-100", url=url),
        f"/bot{TOKEN}/sendMessage",
        success=answered('{"ok":true,"result":{"message_id":42}}'),
        not_found=(TryAgain, AttemptReason.AUTHENTICATION),
    ),
    "matrix": Chat(
        matrix_body,
        matrix,
        deliver.matrix.fits,
        lambda url: Matrix(url, "!room:example.org", TOKEN),
        "/_matrix/client/v3/rooms/%21room%3Aexample.org/send/m.room.message/",
        success=answered('{"event_id":"$YUwRidLecu:example.com"}'),
    ),
}
"""Every chat; all tests of chats run for each."""


def send(options: ChannelOptions, sent: Notification | None = None) -> Outcome:
    """What comes of one message, about one alert by default, through a channel with these options."""
    sent = sent or notification(alert())
    name = ChannelRef("chat", type(options).__name__.lower())

    async def once() -> Outcome:
        async with HttpClients() as clients:
            channel = build_channels({"chat": Receiver("chat", {name: options})}, None, clients)[name]
            return await channel.send(sent, render_message(sent, zone="UTC"), timedelta(seconds=60))

    return asyncio.run(once())
