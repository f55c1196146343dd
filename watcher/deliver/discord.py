"""Discord: webhooks. Embeds. Pure.

Limits (https://discord.com/developers/docs/resources/message#embed-object-embed-limits): content 2,000; 10 embeds;
title 256, description 4,096, footer 2,048, author 256; 6,000 characters in all embeds together.
`allowed_mentions` with an empty `parse` makes every mention plain text.
An answer is 204, or with `?wait=true` in the address the message as JSON
(https://discord.com/developers/docs/resources/webhook#execute-webhook).
"""

from __future__ import annotations

import re

from watcher.deliver.channel import ChannelKind
from watcher.deliver.chat import ChatService, chat, json_request
from watcher.deliver.chat_text import SUBJECT_CHARACTERS, facts, more_line, notes, quote_runs
from watcher.deliver.http_answers import Answer, Request, judge_answer
from watcher.deliver.options import WebAddress, host_of
from watcher.lazy_dataclass import dataclass
from watcher.model.notification import Message, MessageItem, Outcome
from watcher.model.route import ChannelOptions
from watcher.model.secret import reveal
from watcher.text.shorten import shorten, utf16_size

EMBEDS = 10
ALL_EMBEDS = 6_000
TITLE = 256
URL = 2_048
SUPPRESS_EMBEDS = 4

Embed = dict[str, object]

_MARKUP = re.compile(r"([\\`*_~|>\[\]()#<:@-])")
_COLOURS = {"focus": 0xC0392B, "mention": 0x7F8C8D}


@dataclass(frozen=True, slots=True)
class Discord(ChannelOptions):
    """An incoming webhook of Discord."""

    url: WebAddress

    @property
    def recipients(self) -> tuple[str, ...]:
        return host_of(self.url)


def discord(options: Discord) -> ChatService:
    url = reveal(options.url)

    def build_request(message: Message, key: str, reply_to: str) -> Request:
        return json_request(url, discord_body(message))

    return ChatService(build_request, fits, judge_discord)


def discord_body(message: Message) -> dict[str, object]:
    """One embed an alert; the content counts what is not shown."""
    embeds = [_embed(item) for item in message.items]
    lines = [escape_markdown(shorten(message.subject, SUBJECT_CHARACTERS)), escape_markdown(more_line(message))]
    return {
        "content": "\n".join(filter(None, lines)),
        "embeds": embeds,
        "allowed_mentions": {"parse": []},
        "flags": 0 if embeds else SUPPRESS_EMBEDS,
    }


def fits(message: Message) -> bool:
    return len(message.items) <= EMBEDS and sum(_size(_embed(item)) for item in message.items) <= ALL_EMBEDS


def judge_discord(answer: Answer) -> Outcome:
    """Success is 204, or 200 with the JSON of the message."""
    return judge_answer(answer, lambda answer: answer.status == 204 or answer.has_id())


def _embed(item: MessageItem) -> Embed:
    embed: Embed = {"title": _title(item.title), "footer": {"text": facts(item)}}
    description = "\n".join(filter(None, [_quote(item), *map(escape_markdown, notes(item))]))
    if description:
        embed["description"] = description
    if item.link and len(item.link) <= URL:
        embed["url"] = item.link
    if item.level in _COLOURS:
        embed["color"] = _COLOURS[item.level]
    return embed


def _title(title: str) -> str:
    for limit in range(TITLE, 0, -32):
        escaped = escape_markdown(shorten(title, limit))
        if utf16_size(escaped) <= TITLE:
            return escaped
    return ""


def _quote(item: MessageItem) -> str:
    return "".join(
        f"**{escape_markdown(text)}**" if marked else escape_markdown(text) for text, marked in quote_runs(item)
    )


def _size(embed: Embed) -> int:
    footer = embed["footer"]
    texts = [embed["title"], embed.get("description", ""), footer["text"] if isinstance(footer, dict) else ""]
    return sum(utf16_size(str(text)) for text in texts)


def escape_markdown(text: str) -> str:
    """The text with every character that Discord's Markdown gives a meaning preceded by a backslash."""
    return _MARKUP.sub(r"\\\1", text)


DISCORD = ChannelKind("discord", Discord, chat(discord))
