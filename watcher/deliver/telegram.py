"""The shape of Telegram's Bot API: sendMessage in HTML mode. Pure.

Limit (https://core.telegram.org/bots/api#sendmessage): 4,096 characters after the entities are parsed. Replies:
`reply_parameters` (https://core.telegram.org/bots/api#replyparameters). Refusals: `parameters` says how long to wait and
where a group has gone (https://core.telegram.org/bots/api#responseparameters); everything else is told apart by the
sentence in `description` alone, seen in https://github.com/TelegramBotAPI/errors and
https://github.com/tdlib/telegram-bot-api/issues/472.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import replace

from watcher.deliver.chat import BuildRequest, Receipts, Service, json_request
from watcher.deliver.chat_text import TITLE_CHARACTERS, also_line, facts, quote_runs, unmention
from watcher.deliver.http import DETAIL_CHARACTERS, FINAL, Answer, Request, judge_answer
from watcher.deliver.shorten import fit, more_line, shorten, utf16_size
from watcher.errors import AttemptReason
from watcher.http_headers import bounded_wait
from watcher.model.notification import Delivered, GiveUp, Message, MessageItem, Outcome, TryAgain
from watcher.model.route import Telegram
from watcher.model.secret import reveal

TEXT_CHARACTERS = 4_000

MESSAGE_ID = re.compile(r'"message_id": ?(\d+)')
"""In the answer; the first is that of the message itself."""

_TAG = re.compile(r"<[^<>]*>")


def telegram(options: Telegram) -> BuildRequest:
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
    """What a refusal means. The Bot API says 400 for nearly everything, also for what only a person can mend."""
    outcome = judge_answer(answer)
    if isinstance(outcome, Delivered):
        return outcome
    parameters = _parameters(answer.text)
    reason, remedy = _reason(answer, parameters)
    if reason is None and isinstance(outcome, TryAgain):
        return replace(outcome, retry_after=outcome.retry_after or bounded_wait(parameters.get("retry_after")))
    if reason is None:
        return outcome
    detail = f"{answer.summary[:DETAIL_CHARACTERS]}: {remedy}"
    return GiveUp(reason, detail) if reason in FINAL else TryAgain(reason, detail)


def _reason(answer: Answer, parameters: Mapping[str, object]) -> tuple[AttemptReason | None, str]:
    """What a refusal says more precisely than its status, with the remedy; None when it does not."""
    moved = parameters.get("migrate_to_chat_id")
    if isinstance(moved, int):
        return AttemptReason.GONE, f"the group has become another one; configure chat: {moved}"
    if answer.status == 404:  # the address holds the token: what is not found is the bot
        return AttemptReason.AUTHENTICATION, "check this channel's token"
    found = _SENTENCES.search(answer.text) if answer.status in (400, 403) else None
    if found is None:
        return (AttemptReason.AUTHENTICATION, _INVITE) if answer.status == 403 else (None, "")
    return _MEANINGS[found[0].lower()]


_INVITE = "invite the bot to the chat again, and let it write there"
_NO_CHAT = "configure a chat that exists, and add the bot to it"
_NO_THREAD = "open the thread again, or configure another one"
_MEANINGS: Mapping[str, tuple[AttemptReason, str]] = {
    "chat not found": (AttemptReason.GONE, _NO_CHAT),
    "bot was kicked": (AttemptReason.AUTHENTICATION, _INVITE),
    "not enough rights": (AttemptReason.AUTHENTICATION, _INVITE),
    "have no rights": (AttemptReason.AUTHENTICATION, _INVITE),
    "need administrator rights": (AttemptReason.AUTHENTICATION, _INVITE),
    "topic_closed": (AttemptReason.AUTHENTICATION, _NO_THREAD),
    "message thread not found": (AttemptReason.GONE, _NO_THREAD),
    "message is too long": (AttemptReason.TOO_LARGE, "shorten the template, if it is your own"),
}
_SENTENCES = re.compile("|".join(map(re.escape, _MEANINGS)), re.IGNORECASE)


def _parameters(text: str) -> Mapping[str, object]:
    try:
        found = json.loads(text)["parameters"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


SERVICE = Service(telegram, judge_telegram, lambda options: Receipts(MESSAGE_ID, options.chat))
