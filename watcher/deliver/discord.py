"""The shape of Discord's webhooks: embeds. Pure.

Limits (https://discord.com/developers/docs/resources/message#embed-object-embed-limits): content 2,000; 10 embeds;
title 256, description 4,096, footer 2,048, author 256; 6,000 characters in all embeds together.
`allowed_mentions` with an empty `parse` makes every mention plain text.
"""

from __future__ import annotations

import re

from watcher.deliver.chat import BuildRequest, Service, json_request
from watcher.deliver.chat_text import also_line, facts, quote_runs
from watcher.deliver.http import Request
from watcher.deliver.shorten import more_line, shorten, utf16_size
from watcher.model.notification import Message, MessageItem
from watcher.model.route import Discord
from watcher.model.secret import reveal

CONTENT = 2_000
EMBEDS = 10
ALL_EMBEDS = 6_000
TITLE = 256
URL = 2_048

Embed = dict[str, object]

_MARKUP = re.compile(r"([\\`*_~|>\[\]()#<:@-])")
_COLOURS = {"focus": 0xC0392B, "mention": 0x7F8C8D}


def discord(options: Discord) -> BuildRequest:
    """The shape for one webhook."""
    url = reveal(options.url)

    def shape(message: Message, key: str, reply_to: str) -> Request:
        return json_request(url, discord_body(message))

    return shape


def discord_body(message: Message) -> dict[str, object]:
    """One embed an alert; what does not fit is counted in the content."""
    embeds = _embeds_that_fit(message)
    more = more_line(message.omitted + len(message.items) - len(embeds))
    lines = [escape_markdown(shorten(message.subject, 300)), more]
    return {
        "content": "\n".join(filter(None, lines)),
        "embeds": embeds,
        "allowed_mentions": {"parse": []},
        "flags": 4 if not embeds else 0,
    }


def _embeds_that_fit(message: Message) -> list[Embed]:
    embeds: list[Embed] = []
    size = 0
    for item in message.items[:EMBEDS]:
        embed = _embed(item)
        size += _size(embed)
        if size > ALL_EMBEDS:
            break
        embeds.append(embed)
    return embeds


def _embed(item: MessageItem) -> Embed:
    embed: Embed = {"title": _title(item.title), "footer": {"text": facts(item)}}
    description = "\n".join(filter(None, [_quote(item), escape_markdown(also_line(item))]))
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


SERVICE = Service(discord)
