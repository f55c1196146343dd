"""Texts that try to act instead of being read: inert in every channel.

Each sample stands in the title, the passage, the feed's name and a source at once, and where it can in the link.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.harness.chats import CHATS
from tests.harness.factories import alert, notification
from tests.harness.servers import WebhookSink
from watcher.deliver.apprise import Apprise, AppriseChannel
from watcher.deliver.discord import discord_body
from watcher.deliver.mail_message import Email, build_mail
from watcher.deliver.mattermost import mattermost_body
from watcher.deliver.ntfy import Ntfy, ntfy
from watcher.deliver.slack import slack_body
from watcher.deliver.teams import teams_body
from watcher.deliver.webhook import Webhook, signed_request
from watcher.model.notification import Delivered, Message
from watcher.model.route import ChannelRef, OwnTemplate
from watcher.model.settings import Smtp
from watcher.render.message import render_message
from watcher.render.user_templates import UserTemplates

SAMPLES = {
    "crlf": "Camp\r\nBcc: everybody@example.org\r\n\r\nnew body",
    "nul": "Camp\x00 emptied\x1b[2J\x07",
    "bidi": "Camp \u202egnp.exe\u202c \u2066isolated \u200f",
    "unfinished bidi": "\u2067 \u202b never closed",
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "attribute": '" onmouseover="alert(1)" x=\'',
    "comment": "<!-- --><style>*{display:none}</style></div></p>",
    "everyone": "@everyone @here @channel <!channel> <@U123> <@&1> @all",
    "markdown": "*_[` `](https://evil.example) **bold** ~~x~~ ||x|| # head\n> quote `code` __u__",
    "link": "[click](javascript:alert(1)) <https://evil.example|safe> https://evil.example",
    "template": "{{7*7}} {% raw %} ${7*7} #{7*7} {{config}} {#",
    "entity": "&lt;script&gt; &#60;b&#62; &amp;amp;",
    "invisible": "Ca\u200bmp\ufeff \U000e0041\U000e0042 \u2028line\u2029paragraph",
    "surrogate": "half \ud83d a pair",
}
LINKS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "\x01javascript:alert(1)",
    "javascript://news.example/%0aalert(1)",
    "data:text/html,<script>",
    "file:///etc/passwd",
    "//evil.example/x",
    "https:///nohost",
    "http://[broken",
    "",
]
SAMPLE = pytest.mark.parametrize("name", SAMPLES)


def message_of(text: str, link: str = "https://news.example/a") -> Message:
    return render_message(notification(_alert(text, link)), zone="UTC")


def _alert(text: str, link: str):
    return alert(text, body=text, feed=text, sources=[text + "2"], topic_title=text, link=link)


CHAT = pytest.mark.parametrize("kind", CHATS)


def texts(value: object) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)


@CHAT
@SAMPLE
def test_chats(kind: str, name: str) -> None:
    chat = CHATS[kind]
    body = chat.body(message_of(SAMPLES[name]))
    chat.check(body)
    for text in texts(body):
        _is_inert(text)


def _is_inert(text: str) -> None:
    """No control characters, nothing that reorders beyond its own text, nothing invisible that carries data."""
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\U000e0000-\U000e007f]", text)
    assert not re.search("[\u202a-\u202e\u2066\u2067\u2028\u2029]", text)
    depth = 0
    for character in text:
        depth += (character == "\u2068") - (character == "\u2069")
        assert depth in {0, 1}
    assert depth == 0


@CHAT
@pytest.mark.parametrize("link", LINKS)
def test_links_are_of_the_web_or_absent(kind: str, link: str) -> None:
    chat = CHATS[kind]
    body = chat.body(message_of("Camp emptied", link))
    chat.check(body)
    written = json.dumps(body)
    assert "javascript" not in written.lower()
    assert "evil.example" not in written
    assert "passwd" not in written


def test_slack_has_no_markup_at_all() -> None:
    body = slack_body(message_of(SAMPLES["everyone"]))
    kinds = {
        element["type"] for block in body["blocks"][1:] for part in block["elements"] for element in part["elements"]
    }
    assert kinds <= {"text", "link"}
    assert "<!" not in body["text"]


def test_discord_shows_markdown_as_it_is() -> None:
    body = discord_body(message_of(SAMPLES["markdown"]))
    shown = body["content"] + "".join(embed["title"] + embed.get("description", "") for embed in body["embeds"])
    assert not re.search(r"(?<![\\*])[*_`~|\[\]](?![*])", shown.replace("**", "")), shown


def test_mattermost_shows_markdown_as_it_is() -> None:
    text = mattermost_body(message_of(SAMPLES["link"]))["text"]
    assert "](javascript" not in text
    assert "[click]" not in text


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


@SAMPLE
def test_mail(name: str) -> None:
    message = message_of(SAMPLES[name])
    plain = Tags(message_of("Camp emptied").html)
    page = Tags(message.html)
    assert page.seen <= plain.seen | {"mark"}
    assert page.attributes == plain.attributes
    assert "{{7*7}}" in page.text or "49" not in page.text
    for text in (message.subject, *message.text.splitlines(), page.text.replace("\n", " ")):
        _is_inert(text)
    _headers_are_ours(message)


def _headers_are_ours(message: Message) -> None:
    smtp = Smtp("mail.example", "watcher@example.org")
    content = build_mail(Email(("desk@example.org",)), smtp, notification(), message).content
    got = message_from_bytes(content, policy=policy.default)
    assert got["Bcc"] is None
    assert got["Subject"] == message.subject[:250].strip()
    assert got.get_all("Subject") is not None
    assert len(got.get_all("Subject")) == 1
    assert b"\x00" not in content


@pytest.mark.parametrize("link", LINKS)
def test_mail_has_no_other_links(link: str) -> None:
    assert not re.search(r'href="(?!https?://)', message_of("Camp emptied", link).html)
    assert message_of("Camp emptied", link).items[0].link == ""


@SAMPLE
def test_the_payload_is_json_that_any_reader_takes(name: str) -> None:
    payload = message_of(SAMPLES[name]).payload
    encoded = json.dumps(payload).encode("ascii")
    entry = json.loads(encoded)["data"]["alerts"][0]["entry"]
    _is_inert(entry["title"])


@SAMPLE
def test_apprise(name: str, webhook_sink: WebhookSink) -> None:
    pytest.importorskip("apprise", reason="the extra watcher[apprise] is not installed")
    told = notification(_alert(SAMPLES[name], "https://news.example/a"))
    channel = AppriseChannel(Apprise(webhook_sink.url("/hook").replace("http:", "json:")))
    message = render_message(told, zone="UTC")
    assert isinstance(asyncio.run(channel.send(told, message, timedelta(seconds=20))), Delivered)
    sent = json.loads(webhook_sink.requests[0].body)
    for text in (sent["title"], *sent["message"].splitlines()):
        _is_inert(text)
        assert not re.search(r"@\w", text)
    assert "49" not in sent["title"] + sent["message"] or name != "template"


TITLES = '{"cards": [{% for alert in payload.data.alerts %}{{ alert.entry.title | tojson }}{% endfor %}]}'


@SAMPLE
def test_a_webhooks_own_template(name: str, tmp_path: Path) -> None:
    hook = ChannelRef("desk", "webhook")
    templates = UserTemplates(tmp_path, {hook: OwnTemplate(TITLES, "titles.json.j2")})
    told = notification(_alert(SAMPLES[name], "https://news.example/a"), channel=hook)
    message = render_message(told, zone="UTC", templates=templates)
    request = signed_request(Webhook("https://hook.example", "secret"), told.key, 1, message.payload)
    assert message.problems == ()
    (title,) = json.loads(request.body)["cards"]
    _is_inert(title)
    if name == "template":
        assert "{{7*7}}" in title


def test_what_ntfy_says_of_a_message_stands_in_its_body_never_in_a_header() -> None:
    build_request = ntfy(Ntfy("https://ntfy.example/news", "token")).build_request
    for text in SAMPLES.values():
        assert build_request(message_of(text), "key", "").headers == {
            "Content-Type": "application/json",
            "Authorization": "Bearer token",
        }


def test_teams_shows_texts_as_they_are() -> None:
    for text in SAMPLES.values():
        (attachment,) = teams_body(message_of(text))["attachments"]
        kinds = {run["type"] for block in attachment["content"]["body"] for run in block["inlines"]}
        assert kinds == {"TextRun"}
