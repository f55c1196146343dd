"""Mattermost: incoming webhooks, and the API for bots, which can reply. Markdown. Pure.

Limit (https://developers.mattermost.com/integrate/webhooks/incoming/): 16,383 characters a post since version 5.0. A
webhook answers 200 with the text `ok`. One that was removed answers 400 with the word below, one that an
administrator switched off 501 (HandleIncomingWebhook in https://github.com/mattermost/mattermost). Posts of a bot:
https://developers.mattermost.com/api-documentation/#/operations/CreatePost (`root_id`; 201 with the post, 400, 401,
403).
"""

from __future__ import annotations

import re
from dataclasses import replace

from watcher.deliver.channel import ChannelKind
from watcher.deliver.chat import ChatService, Receipts, chat, json_request
from watcher.deliver.chat_text import (
    SUBJECT_CHARACTERS,
    TITLE_CHARACTERS,
    facts,
    more_line,
    notes,
    quote_runs,
    unmention,
)
from watcher.deliver.http_answers import Answer, Request, judge_answer
from watcher.deliver.options import Name, Token, WebAddress, host_of
from watcher.deliver.slack import bot_problems
from watcher.errors import AttemptReason
from watcher.lazy_dataclass import dataclass
from watcher.model.notification import Delivered, GiveUp, Message, MessageItem, Outcome, TryAgain
from watcher.model.route import ChannelOptions
from watcher.model.secret import reveal
from watcher.text.shorten import shorten

TEXT_CHARACTERS = 16_000

POST_ID = re.compile(r'"id": ?"([a-z0-9]{26})"')
"""In the answer; the first is that of the post itself."""

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>])")


@dataclass(frozen=True, slots=True)
class Mattermost(ChannelOptions):
    """An incoming webhook of Mattermost, or, with `token` and `channel` (its id), a bot on the server `url`."""

    url: WebAddress
    token: Token | None = None
    channel: Name | None = None

    @property
    def recipients(self) -> tuple[str, ...]:
        return (self.channel,) if self.channel else host_of(self.url)


def mattermost(options: Mattermost) -> ChatService:
    """One webhook, or one channel that a bot writes to."""
    url = reveal(options.url)
    if options.token is None:
        return ChatService(
            lambda message, key, reply_to: json_request(url, mattermost_body(message)), fits, judge_webhook
        )
    token, channel = reveal(options.token), options.channel or ""
    posts = f"{url.rstrip('/')}/api/v4/posts"

    def build_request(message: Message, key: str, reply_to: str) -> Request:
        body = {"channel_id": channel, "message": mattermost_body(message)["text"], "root_id": reply_to}
        return replace(json_request(posts, body, Authorization=f"Bearer {token}"), secrets=(token,))

    return ChatService(build_request, fits, judge_bot, Receipts(POST_ID, channel))


def mattermost_body(message: Message) -> dict[str, str]:
    """The subject in bold, then a list item an alert; the last line counts what is not shown."""
    head = f"**{escape_markdown(shorten(message.subject, SUBJECT_CHARACTERS))}**"
    return {"text": "\n".join(filter(None, [head, *map(_lines, message.items), more_line(message)]))}


def fits(message: Message) -> bool:
    return len(mattermost_body(message)["text"]) <= TEXT_CHARACTERS


def _lines(item: MessageItem) -> str:
    title = escape_markdown(shorten(item.title, TITLE_CHARACTERS))
    linked = f"[{title}]({_target(item.link)})" if item.link else f"**{title}**"
    quote = "".join(
        f"**{escape_markdown(text)}**" if marked and text.strip() == text else escape_markdown(text)
        for text, marked in quote_runs(item)
    )
    rest = [escape_markdown(facts(item)), quote, *map(escape_markdown, notes(item))]
    return "\n".join([f"* {linked}", *(f"  {line}" for line in rest if line)])


def _target(link: str) -> str:
    """The link without what would end the construct or name somebody."""
    return link.replace("(", "%28").replace(")", "%29").replace("@", "%40")


def escape_markdown(text: str) -> str:
    """The text with a backslash before every character that Markdown gives a meaning, and no mention in it."""
    return unmention(_MARKUP.sub(r"\\\1", text))


def judge_webhook(answer: Answer) -> Outcome:
    """Success is 200 with the text `ok`. Refusals say more precisely than their status what to do."""
    outcome = judge_answer(answer, lambda answer: answer.status == 200 and answer.said == "ok")
    if isinstance(outcome, Delivered):
        return outcome
    if _NO_WEBHOOK in answer.said:
        return GiveUp(AttemptReason.GONE, f"{outcome.detail}: the webhook was removed; configure another one")
    if _NO_WEBHOOKS in answer.said:
        remedy = "an administrator has switched incoming webhooks off"
        return TryAgain(AttemptReason.AUTHENTICATION, f"{outcome.detail}: {remedy}")
    return outcome


def judge_bot(answer: Answer) -> Outcome:
    """Success is 201 with the post as JSON; a bot that is not in the channel gets 403."""
    outcome = judge_answer(answer, lambda answer: answer.status == 201 and answer.has_id())
    if not isinstance(outcome, Delivered) and outcome.reason is AttemptReason.AUTHENTICATION and answer.status == 403:
        return replace(outcome, detail=f"{outcome.detail}; or add the bot to the channel")
    return outcome


_NO_WEBHOOK = "web.incoming_webhook.invalid.app_error"
_NO_WEBHOOKS = "web.incoming_webhook.disabled.app_error"


MATTERMOST = ChannelKind("mattermost", Mattermost, chat(mattermost), bot_problems)
