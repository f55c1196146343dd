"""ntfy: its JSON publishing. Pure.

Limits (https://docs.ntfy.sh/publish/ and the server's `message-size-limit`): a message of more than 4,096 bytes
becomes an attachment; three actions. Text is plain unless `markdown` is asked for, so nothing in it has a meaning.
The answer is the published message as JSON, with its `id` (https://docs.ntfy.sh/subscribe/api/#json-message-format).
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from watcher.deliver.channel import ChannelKind, OptionProblem
from watcher.deliver.chat import ChatService, chat, encode
from watcher.deliver.chat_text import plain_text
from watcher.deliver.http_answers import Answer, Request, judge_answer
from watcher.deliver.options import Token, WebAddress, host_of
from watcher.lazy_dataclass import dataclass
from watcher.model.notification import Message, Outcome
from watcher.model.route import ChannelOptions
from watcher.model.secret import Secret, reveal
from watcher.model.topic import Level
from watcher.text.shorten import shorten, utf8_size

MESSAGE_BYTES = 4_000
HIGH, DEFAULT = 4, 3


@dataclass(frozen=True, slots=True)
class Ntfy(ChannelOptions):
    """A topic of an ntfy server: `url` with the topic's name as its last part."""

    url: WebAddress
    token: Token | None = None

    @property
    def recipients(self) -> tuple[str, ...]:
        return host_of(self.url)


def ntfy(options: Ntfy) -> ChatService:
    """One topic; the last part of the URL is the topic, what precedes it the server."""
    server, _, topic = reveal(options.url).rstrip("/").rpartition("/")
    token = reveal(options.token) if options.token is not None else ""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}

    def build_request(message: Message, key: str, reply_to: str) -> Request:
        return Request(f"{server}/", encode(ntfy_body(message, topic)), headers, secrets=(token, topic))

    return ChatService(build_request, fits, judge_ntfy)


def ntfy_problems(options: Ntfy) -> Iterator[OptionProblem]:
    url = options.url.value if isinstance(options.url, Secret) else options.url
    if url is not None and not urlsplit(url).path.strip("/"):
        yield OptionProblem("url", "names no topic; write it like https://ntfy.sh/my-topic")


def ntfy_body(message: Message, topic: str) -> dict[str, object]:
    """A push message: subject as title, a few lines an alert; a tap opens the first alert's link."""
    body: dict[str, object] = {
        "topic": topic,
        "title": shorten(message.subject, 250),
        "message": plain_text(message).rstrip() or message.subject,
        "priority": HIGH if any(item.level == Level.FOCUS for item in message.items) else DEFAULT,
    }
    link = next((item.link for item in message.items if item.link), "")
    if link:
        body["click"] = link
    return body


def fits(message: Message) -> bool:
    return utf8_size(plain_text(message)) <= MESSAGE_BYTES


def judge_ntfy(answer: Answer) -> Outcome:
    """Success is 200 with the id of the published message."""
    return judge_answer(answer, lambda answer: answer.status == 200 and answer.has_id())


NTFY = ChannelKind("ntfy", Ntfy, chat(ntfy), ntfy_problems)
