"""The shape of Telegram's Bot API: sendMessage in HTML mode. Pure.

Limit (https://core.telegram.org/bots/api#sendmessage): 4,096 characters after the entities are parsed. Replies:
`reply_parameters` (https://core.telegram.org/bots/api#replyparameters).
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from datetime import timedelta

from watcher.deliver.chat import Receipts, Service, Shape, json_request
from watcher.deliver.facts import TITLE_CHARACTERS, also_line, facts, quote_runs, unmention
from watcher.deliver.post import Answer, Request, judge_answer
from watcher.deliver.shorten import fit, more_line, shorten, utf16_size
from watcher.model.notification import Message, MessageItem, Outcome, TryAgain
from watcher.model.route import Telegram
from watcher.model.secret import reveal

TEXT_CHARACTERS = 4_000

MESSAGE_ID = re.compile(r'"message_id": ?(\d+)')
"""In the answer; the first is that of the message itself."""

_TAG = re.compile(r"<[^<>]*>")


def telegram(options: Telegram) -> Shape:
    """The shape for one chat. The token is part of the URL."""
    token = reveal(options.token)
    url = f"{reveal(options.url).rstrip('/')}/bot{token}/sendMessage"

    def shape(message: Message, key: str, reply_to: str) -> Request:
        request = json_request(url, telegram_body(message, options.chat, options.thread, reply_to))
        return Request(request.url, request.body, request.headers, secrets=(token,))

    return shape


def telegram_body(message: Message, chat: str, thread: str | None = None, reply_to: str = "") -> dict[str, object]:
    """The subject in bold, then a paragraph an alert; what does not fit is counted in the last line."""
    head = f"<b>{_escape(shorten(message.subject, 300))}</b>\n"

    def more(left_out: int) -> str:
        return more_line(left_out + message.omitted)

    lines = [head, *(_lines(item) for item in message.items)]
    text = "\n".join(fit(lines, TEXT_CHARACTERS, more, size=visible_size)) or head
    body: dict[str, object] = {
        "chat_id": chat,
        "text": text,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    if reply_to:
        body["reply_parameters"] = {"message_id": int(reply_to), "allow_sending_without_reply": True}
    return {**body, "message_thread_id": int(thread)} if thread else body


def visible_size(markup: str) -> int:
    """UTF-16 units that remain once tags and character references are read."""
    return utf16_size(html.unescape(_TAG.sub("", markup)))


def _lines(item: MessageItem) -> str:
    title = _escape(shorten(item.title, TITLE_CHARACTERS))
    linked = f'<a href="{html.escape(item.link)}">{title}</a>' if item.link else f"<b>{title}</b>"
    quote = "".join(f"<b>{_escape(text)}</b>" if marked else _escape(text) for text, marked in quote_runs(item))
    return "\n".join(filter(None, [linked, _escape(facts(item)), quote, _escape(also_line(item))])) + "\n"


def _escape(text: str) -> str:
    return html.escape(unmention(text), quote=False)


def judge_telegram(answer: Answer) -> Outcome:
    """403 means that the bot was put out of the chat, which a person can mend; a 429's wait stands in the JSON, too."""
    outcome = judge_answer(answer)
    if not isinstance(outcome, TryAgain):
        return outcome
    if answer.status == 403:
        return replace(outcome, detail=f"{outcome.detail}; or invite the bot again")
    return replace(outcome, retry_after=outcome.retry_after or _wish(answer.text))


def _wish(text: str) -> timedelta | None:
    try:
        seconds = json.loads(text)["parameters"]["retry_after"]
    except (ValueError, KeyError, TypeError):
        return None
    return timedelta(seconds=seconds) if isinstance(seconds, int) else None


SERVICE = Service(telegram, judge_telegram, lambda options: Receipts(MESSAGE_ID, options.chat))
