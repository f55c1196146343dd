"""The shape of Slack's incoming webhooks: Block Kit. Pure.

Limits (https://docs.slack.dev/reference/block-kit/blocks and …/messaging/formatting-message-text): 50 blocks,
3,000 characters a text object, header 150. Blocks of more than about 13,000 characters in all are refused as
`msg_blocks_too_long` (https://github.com/slackapi/bolt-js/issues/2509), and each block counts for more than its text.
Titles go into rich_text elements, which Slack shows as they are: no markup, no mentions.
"""

from __future__ import annotations

import json

from watcher.deliver.chat import Shape, json_request
from watcher.deliver.facts import TITLE_CHARACTERS, also_line, facts, quote_runs
from watcher.deliver.post import Request
from watcher.deliver.shorten import more_line, shorten
from watcher.model.notification import Message, MessageItem
from watcher.model.route import Slack
from watcher.model.secret import reveal

HEADER_CHARACTERS = 150
MESSAGE_CHARACTERS = 12_000
BLOCK_CHARACTERS = 125
"""What a block weighs by itself, as a divider was seen to."""
MAX_BLOCKS = 50
LINK_CHARACTERS = 2_000

Block = dict[str, object]


def slack(options: Slack) -> Shape:
    """The shape for one incoming webhook."""
    url = reveal(options.url)

    def shape(message: Message, key: str) -> Request:
        return json_request(url, slack_body(message))

    return shape


def slack_body(message: Message) -> dict[str, object]:
    """One block an alert; what does not fit is counted in the last one."""
    header: Block = {"type": "header", "text": _plain(shorten(message.subject, HEADER_CHARACTERS))}
    shown = _items_that_fit(message)
    blocks = [header, *(_item_block(item) for item in shown)]
    more = more_line(message.omitted + len(message.items) - len(shown))
    if more:
        blocks.append({"type": "context", "elements": [_plain(more)]})
    return {
        "text": _escape(shorten(message.subject, HEADER_CHARACTERS)),
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _items_that_fit(message: Message) -> tuple[MessageItem, ...]:
    size = 0
    for count, item in enumerate(message.items):
        size += len(json.dumps(_item_block(item), ensure_ascii=False)) + BLOCK_CHARACTERS
        if size > MESSAGE_CHARACTERS or count == MAX_BLOCKS - 2:
            return message.items[:count]
    return message.items


def _item_block(item: MessageItem) -> Block:
    lines = [_text("\n" + facts(item))]
    quote = quote_runs(item)
    if quote:
        lines += [_text("\n"), *(_text(text, bold=marked) for text, marked in quote if text)]
    if item.also:
        lines.append(_text("\n" + also_line(item)))
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [_title(item), *lines]}]}


def _title(item: MessageItem) -> Block:
    title = shorten(item.title, TITLE_CHARACTERS)
    if not item.link or len(item.link) > LINK_CHARACTERS:
        return _text(title, bold=True)
    return {"type": "link", "url": item.link, "text": title, "style": {"bold": True}}


def _text(text: str, *, bold: bool = False) -> Block:
    element: Block = {"type": "text", "text": text}
    if bold:
        element["style"] = {"bold": True}
    return element


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
