"""Telegram: the Bot API, sendMessage in HTML mode. Pure.

Limit (https://core.telegram.org/bots/api#sendmessage): 4,096 characters after the entities are parsed. Replies:
`reply_parameters` (https://core.telegram.org/bots/api#replyparameters). An answer is JSON with `ok` true or false
(https://core.telegram.org/bots/api#making-requests). Refusals: `parameters` says how long to wait and
where a group has gone (https://core.telegram.org/bots/api#responseparameters); everything else only differs in the
sentence in `description`, as listed in https://github.com/TelegramBotAPI/errors and
https://github.com/tdlib/telegram-bot-api/issues/472.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from watcher.deliver.channel import ChannelKind, OptionProblem
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
from watcher.deliver.http_answers import DETAIL_CHARACTERS, FINAL, Answer, Request, judge_answer
from watcher.deliver.options import Name, Token, WebAddress
from watcher.errors import AttemptReason
from watcher.http_headers import bounded_wait
from watcher.lazy_dataclass import dataclass
from watcher.model.notification import Delivered, GiveUp, Message, MessageItem, Outcome, TryAgain
from watcher.model.route import ChannelOptions
from watcher.model.secret import reveal
from watcher.text.shorten import shorten, utf16_size

TEXT_CHARACTERS = 4_000

MESSAGE_ID = re.compile(r'"message_id": ?(\d+)')
"""In the answer; the first is that of the message itself."""

_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Telegram(ChannelOptions):
    """A chat that a bot writes to. `chat` is its number or `@name`; `thread` a topic's number in a forum."""

    token: Token
    chat: Name
    thread: Name | None = None
    url: WebAddress = "https://api.telegram.org"

    @property
    def recipients(self) -> tuple[str, ...]:
        return (self.chat,)


def telegram(options: Telegram) -> ChatService:
    """One chat. The token is part of the URL."""
    token = reveal(options.token)
    url = f"{reveal(options.url).rstrip('/')}/bot{token}/sendMessage"

    def build_request(message: Message, key: str, reply_to: str) -> Request:
        request = json_request(url, telegram_body(message, options.chat, options.thread, reply_to))
        return replace(request, secrets=(token,))

    return ChatService(build_request, fits, judge_telegram, Receipts(MESSAGE_ID, options.chat))


def telegram_problems(options: Telegram) -> Iterator[OptionProblem]:
    if options.thread is not None and not (options.thread.isascii() and options.thread.isdecimal()):
        yield OptionProblem("thread", "must be the number of a topic in the chat")


def telegram_body(message: Message, chat: str, thread: str | None = None, reply_to: str = "") -> dict[str, object]:
    """The subject in bold, then a paragraph an alert; the last line counts what is not shown."""
    body: dict[str, object] = {
        "chat_id": chat,
        "text": _text(message),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    if reply_to:
        body["reply_parameters"] = {"message_id": int(reply_to), "allow_sending_without_reply": True}
    return {**body, "message_thread_id": int(thread)} if thread else body


def fits(message: Message) -> bool:
    return visible_size(_text(message)) <= TEXT_CHARACTERS


def _text(message: Message) -> str:
    head = f"<b>{_escape(shorten(message.subject, SUBJECT_CHARACTERS))}</b>\n"
    return "\n".join(filter(None, [head, *map(_lines, message.items), more_line(message)]))


def visible_size(markup: str) -> int:
    """UTF-16 units that remain once tags and character references are read."""
    return utf16_size(html.unescape(_TAG.sub("", markup)))


def _lines(item: MessageItem) -> str:
    title = _escape(shorten(item.title, TITLE_CHARACTERS))
    linked = f'<a href="{html.escape(item.link)}">{title}</a>' if item.link else f"<b>{title}</b>"
    quote = "".join(f"<b>{_escape(text)}</b>" if marked else _escape(text) for text, marked in quote_runs(item))
    return "\n".join(filter(None, [linked, _escape(facts(item)), quote, *map(_escape, notes(item))])) + "\n"


def _escape(text: str) -> str:
    return html.escape(unmention(text), quote=False)


def judge_telegram(answer: Answer) -> Outcome:
    """Success is 200 with `ok` true. A 400 means nearly everything, also what only the operator can fix."""
    said = answer.json()
    outcome = judge_answer(answer, lambda answer: answer.status == 200 and said.get("ok") is True)
    if isinstance(outcome, Delivered) or outcome.reason is AttemptReason.NOT_THE_SERVICE:
        return outcome
    found = said.get("parameters")
    parameters: Mapping[str, object] = found if isinstance(found, dict) else {}
    is_limit = outcome.reason is AttemptReason.SLOW_DOWN
    reason, remedy = (None, "") if is_limit else _reason(answer, parameters)
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
    found = _SENTENCES.search(answer.said) if answer.status in (400, 403) else None
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


TELEGRAM = ChannelKind("telegram", Telegram, chat(telegram), telegram_problems)
