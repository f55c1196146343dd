"""The shape of Slack's incoming webhooks, and of its API for bots, which can reply: Block Kit. Pure.

Limits (https://docs.slack.dev/reference/block-kit/blocks and …/messaging/formatting-message-text): 50 blocks,
3,000 characters a text object, header 150. Blocks of more than about 13,000 characters in all are refused as
`msg_blocks_too_long` (https://github.com/slackapi/bolt-js/issues/2509), and each block counts for more than its text.
Titles go into rich_text elements, which Slack shows as they are: no markup, no mentions.

A bot posts with https://docs.slack.dev/reference/methods/chat.postMessage, which answers HTTP 200 whatever happened, but
for its rate limit: 429 with Retry-After (https://docs.slack.dev/apis/web-api/rate-limits). A reply names the first message of
its thread, never another reply (`thread_ts`), and is shown in the channel, too (`reply_broadcast`): what is told again is
meant for everybody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace

from watcher.deliver.chat import BuildRequest, Receipts, Service, json_request
from watcher.deliver.chat_text import TITLE_CHARACTERS, also_line, facts, quote_runs
from watcher.deliver.http import DETAIL_CHARACTERS, FINAL, Answer, Request, judge_answer
from watcher.deliver.shorten import more_line, shorten
from watcher.errors import AttemptReason
from watcher.http_headers import retry_after
from watcher.model.notification import GiveUp, Message, MessageItem, Outcome, TryAgain
from watcher.model.route import Slack
from watcher.model.secret import reveal

SLACK_API = "https://slack.com/api"
TIMESTAMP = re.compile(r'"ts": ?"(\d+\.\d+)"')
"""In the answer to a bot: what Slack calls a message."""

HEADER_CHARACTERS = 150
MESSAGE_CHARACTERS = 12_000
BLOCK_CHARACTERS = 125
"""What a block weighs by itself, as a divider was seen to."""
MAX_BLOCKS = 50
LINK_CHARACTERS = 2_000

Block = dict[str, object]


def slack(options: Slack) -> BuildRequest:
    """The shape for one incoming webhook, or for one channel that a bot writes to."""
    if options.token is None:
        url = reveal(options.url or "")
        return lambda message, key, reply_to: json_request(url, slack_body(message))
    token, channel = reveal(options.token), options.channel or ""
    posts = f"{reveal(options.url or SLACK_API).rstrip('/')}/chat.postMessage"

    def shape(message: Message, key: str, reply_to: str) -> Request:
        thread = {"thread_ts": reply_to, "reply_broadcast": True} if reply_to else {}
        body = {"channel": channel, **slack_body(message), **thread}
        return replace(json_request(posts, body, Authorization=f"Bearer {token}"), secrets=(token,))

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


def judge_slack(answer: Answer) -> Outcome:
    """A bot is told what went wrong by a word in the JSON of a 200; a webhook by the status alone."""
    error = _ERROR.search(answer.text) if answer.status == 200 and _REFUSED.search(answer.text) else None
    if error is None:
        return judge_answer(answer)
    reason, remedy = _ERRORS.get(error[1], (AttemptReason.REFUSED, ""))
    detail = f"Slack says {error[1]}"[:DETAIL_CHARACTERS] + (f": {remedy}" if remedy else "")
    if reason in FINAL:
        return GiveUp(reason, detail)
    return TryAgain(reason, detail, retry_after(answer.headers))


_REFUSED = re.compile(r'"ok": ?false')
_ERROR = re.compile(r'"error": ?"(\w+)"')
_NEW_TOKEN = (AttemptReason.AUTHENTICATION, "check this channel's token, which needs the scope chat:write")
_INVITE = (AttemptReason.AUTHENTICATION, "invite the bot to the channel, and let it write there")
_LATER = (AttemptReason.UNAVAILABLE, "")
_NO_CHANNEL = (AttemptReason.GONE, "configure a channel that exists, by its id")
_ERRORS: Mapping[str, tuple[AttemptReason, str]] = {
    **dict.fromkeys(("not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired"), _NEW_TOKEN),
    **dict.fromkeys(("missing_scope", "no_permission", "not_allowed_token_type", "ekm_access_denied"), _NEW_TOKEN),
    **dict.fromkeys(("not_in_channel", "access_denied", "restricted_action"), _INVITE),
    **dict.fromkeys(("restricted_action_read_only_channel", "restricted_action_thread_only_channel"), _INVITE),
    **dict.fromkeys(("internal_error", "fatal_error", "service_unavailable", "request_timeout"), _LATER),
    **dict.fromkeys(("org_login_required", "team_added_to_org"), _LATER),
    **dict.fromkeys(("rate_limited", "ratelimited", "message_limit_exceeded"), (AttemptReason.SLOW_DOWN, "")),
    **dict.fromkeys(("channel_not_found", "is_archived"), _NO_CHANNEL),
    **dict.fromkeys(("msg_too_long", "msg_blocks_too_long"), (AttemptReason.TOO_LARGE, "")),
}
"""What is not here is wrong with the message."""


SERVICE = Service(slack, judge_slack, lambda options: Receipts(TIMESTAMP, options.channel or ""))
