"""Slack: incoming webhooks, and the API for bots, which can reply. Block Kit. Pure.

Limits (https://docs.slack.dev/reference/block-kit/blocks and …/messaging/formatting-message-text): 50 blocks,
3,000 characters a text object, header 150. Blocks of more than about 13,000 characters in all are refused as
`msg_blocks_too_long` (https://github.com/slackapi/bolt-js/issues/2509), and each block counts for more than its text.
Titles go into rich_text elements, which Slack shows as they are: no markup, no mentions.

An incoming webhook answers 200 with the text `ok`
(https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks). A bot posts with
https://docs.slack.dev/reference/methods/chat.postMessage, which answers HTTP 200 with `ok` true or false; only its
rate limit is a 429 with Retry-After (https://docs.slack.dev/apis/web-api/rate-limits). A reply names the first
message of its thread, never another reply (`thread_ts`), and is shown in the channel as well (`reply_broadcast`),
because an update concerns everybody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from watcher.deliver.channel import ChannelKind, OptionProblem
from watcher.deliver.chat import ChatService, Receipts, chat, json_request
from watcher.deliver.chat_text import TITLE_CHARACTERS, facts, more_line, notes, quote_runs
from watcher.deliver.http_answers import DETAIL_CHARACTERS, FINAL, Answer, Request, judge_answer
from watcher.deliver.options import Name, Token, WebAddress, host_of
from watcher.errors import AttemptReason
from watcher.http_headers import retry_after
from watcher.lazy_dataclass import dataclass
from watcher.model.notification import GiveUp, Message, MessageItem, Outcome, TryAgain
from watcher.model.route import ChannelOptions
from watcher.model.secret import reveal
from watcher.text.shorten import shorten

SLACK_API = "https://slack.com/api"
TIMESTAMP = re.compile(r'"ts": ?"(\d+\.\d+)"')
"""In the answer to a bot: what Slack calls a message."""

HEADER_CHARACTERS = 150
MESSAGE_CHARACTERS = 12_000
BLOCK_CHARACTERS = 125
"""What a block counts by itself, measured with dividers."""
MAX_BLOCKS = 50
LINK_CHARACTERS = 2_000

Block = dict[str, object]


@dataclass(frozen=True, slots=True)
class Slack(ChannelOptions):
    """An incoming webhook of Slack (`url`), or a channel that a bot writes to (`token`, `channel`), which can reply.

    With a token, `url` is the API's address if it is not the usual one.
    """

    url: WebAddress | None = None
    token: Token | None = None
    channel: Name | None = None

    @property
    def recipients(self) -> tuple[str, ...]:
        return (self.channel,) if self.channel else host_of(self.url)


def slack(options: Slack) -> ChatService:
    """One incoming webhook, or one channel that a bot writes to."""
    if options.token is None:
        url = reveal(options.url or "")
        return ChatService(lambda message, key, reply_to: json_request(url, slack_body(message)), fits, judge_webhook)
    token, channel = reveal(options.token), options.channel or ""
    posts = f"{reveal(options.url or SLACK_API).rstrip('/')}/chat.postMessage"

    def build_request(message: Message, key: str, reply_to: str) -> Request:
        thread = {"thread_ts": reply_to, "reply_broadcast": True} if reply_to else {}
        body = {"channel": channel, **slack_body(message), **thread}
        return replace(json_request(posts, body, Authorization=f"Bearer {token}"), secrets=(token,))

    return ChatService(build_request, fits, judge_bot, Receipts(TIMESTAMP, channel))


def bot_problems(options: ChannelOptions) -> Iterator[OptionProblem]:
    """The token of a bot and the channel that it writes to go together; without them there must be a webhook."""
    url, token, channel = (getattr(options, name) for name in ("url", "token", "channel"))
    if url is None and token is None and channel is None:
        yield OptionProblem("", "needs the url of an incoming webhook, or the token and the channel of a bot")
    elif (token is None) != (channel is None):
        missing = "channel" if channel is None else "token"
        yield OptionProblem("", f"has no {missing}; a bot needs token and channel, an incoming webhook only its url")


def slack_body(message: Message) -> dict[str, object]:
    """One block an alert; the last one counts what is not shown."""
    header: Block = {"type": "header", "text": _plain(shorten(message.subject, HEADER_CHARACTERS))}
    blocks = [header, *(_item_block(item) for item in message.items)]
    more = more_line(message)
    if more:
        blocks.append({"type": "context", "elements": [_plain(more)]})
    return {
        "text": _escape(shorten(message.subject, HEADER_CHARACTERS)),
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def fits(message: Message) -> bool:
    sizes = [len(json.dumps(_item_block(item), ensure_ascii=False)) + BLOCK_CHARACTERS for item in message.items]
    return sum(sizes) <= MESSAGE_CHARACTERS and len(sizes) <= MAX_BLOCKS - 2


def _item_block(item: MessageItem) -> Block:
    lines = [_text("\n" + facts(item))]
    quote = quote_runs(item)
    if quote:
        lines += [_text("\n"), *(_text(text, bold=marked) for text, marked in quote if text)]
    lines += [_text("\n" + note) for note in notes(item)]
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


def judge_webhook(answer: Answer) -> Outcome:
    """Success is 200 with the text `ok`."""
    return judge_answer(answer, lambda answer: answer.status == 200 and answer.said == "ok")


def judge_bot(answer: Answer) -> Outcome:
    """The JSON of a 200 says whether it worked, and by a word what went wrong."""
    said = answer.json()
    error = str(said.get("error", "")) if answer.status == 200 and said.get("ok") is False else ""
    if not error:
        return judge_answer(answer, lambda answer: answer.status == 200 and said.get("ok") is True)
    reason, remedy = _ERRORS.get(error, (AttemptReason.REFUSED, ""))
    detail = f"Slack says {error}"[:DETAIL_CHARACTERS] + (f": {remedy}" if remedy else "")
    if reason in FINAL:
        return GiveUp(reason, detail)
    return TryAgain(reason, detail, retry_after(answer.headers))


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
"""Any other word refuses this message."""


SLACK = ChannelKind("slack", Slack, chat(slack), bot_problems)
