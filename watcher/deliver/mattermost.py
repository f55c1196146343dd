"""The shape of Mattermost's incoming webhooks, and of its API for bots, which can reply: Markdown text. Pure.

Limit (https://developers.mattermost.com/integrate/webhooks/incoming/): 16,383 characters a post since version 5.0.
Posts of a bot: https://developers.mattermost.com/api-documentation/#/operations/CreatePost (`root_id`; 201, 400, 401, 403).
A webhook that was removed is a 400 with the word below, one that an administrator switched off a 501 (HandleIncomingWebhook in
https://github.com/mattermost/mattermost).
"""

from __future__ import annotations

import re
from dataclasses import replace

from watcher.deliver.chat import BuildRequest, Receipts, Service, json_request
from watcher.deliver.chat_text import TITLE_CHARACTERS, also_line, facts, quote_runs, unmention
from watcher.deliver.http import Answer, Request, judge_answer
from watcher.deliver.shorten import fit, more_line, shorten
from watcher.errors import AttemptReason
from watcher.model.notification import Delivered, GiveUp, Message, MessageItem, Outcome, TryAgain
from watcher.model.route import Mattermost
from watcher.model.secret import reveal

TEXT_CHARACTERS = 16_000

POST_ID = re.compile(r'"id": ?"([a-z0-9]{26})"')
"""In the answer; the first is that of the post itself."""

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>])")


def mattermost(options: Mattermost) -> BuildRequest:
    """The shape for one webhook, or for one channel that a bot writes to."""
    url = reveal(options.url)
    if options.token is None:
        return lambda message, key, reply_to: json_request(url, mattermost_body(message))
    token, channel = reveal(options.token), options.channel or ""
    posts = f"{url.rstrip('/')}/api/v4/posts"

    def shape(message: Message, key: str, reply_to: str) -> Request:
        body = {"channel_id": channel, "message": mattermost_body(message)["text"], "root_id": reply_to}
        request = json_request(posts, body, Authorization=f"Bearer {token}")
        return replace(request, secrets=(token,))

    return shape


def mattermost_body(message: Message) -> dict[str, object]:
    """The subject in bold, then a list item an alert; what does not fit is counted in the last line."""
    head = f"**{escape_markdown(shorten(message.subject, 300))}**"

    def more(left_out: int) -> str:
        return more_line(left_out + message.omitted)

    lines = fit([_lines(item) for item in message.items], TEXT_CHARACTERS - len(head) - 1, more)
    return {"text": "\n".join([head, *lines])}


def _lines(item: MessageItem) -> str:
    title = escape_markdown(shorten(item.title, TITLE_CHARACTERS))
    linked = f"[{title}]({_target(item.link)})" if item.link else f"**{title}**"
    quote = "".join(
        f"**{escape_markdown(text)}**" if marked and text.strip() == text else escape_markdown(text)
        for text, marked in quote_runs(item)
    )
    rest = [escape_markdown(facts(item)), quote, escape_markdown(also_line(item))]
    return "\n".join([f"* {linked}", *(f"  {line}" for line in rest if line)])


def _target(link: str) -> str:
    """The link without what would end the construct or name somebody."""
    return link.replace("(", "%28").replace(")", "%29").replace("@", "%40")


def escape_markdown(text: str) -> str:
    """The text with a backslash before every character that Markdown gives a meaning, and no mention in it."""
    return unmention(_MARKUP.sub(r"\\\1", text))


def judge_mattermost(answer: Answer) -> Outcome:
    """What a status does not tell: that the webhook is gone, and that a bot is not in the channel."""
    outcome = judge_answer(answer)
    if isinstance(outcome, Delivered):
        return outcome
    if _NO_WEBHOOK in answer.text:
        return GiveUp(AttemptReason.GONE, f"{outcome.detail}: the webhook was removed; configure another one")
    if _NO_WEBHOOKS in answer.text:
        remedy = "an administrator has switched incoming webhooks off"
        return TryAgain(AttemptReason.AUTHENTICATION, f"{outcome.detail}: {remedy}")
    if answer.status == 403:
        return replace(outcome, detail=f"{outcome.detail}; or add the bot to the channel")
    return outcome


_NO_WEBHOOK = "web.incoming_webhook.invalid.app_error"
_NO_WEBHOOKS = "web.incoming_webhook.disabled.app_error"


SERVICE = Service(mattermost, judge_mattermost, lambda options: Receipts(POST_ID, options.channel or ""))
