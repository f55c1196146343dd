"""The shape of ntfy: its JSON publishing. Pure.

Limits (https://docs.ntfy.sh/publish/ and the server's `message-size-limit`): a message of more than 4,096 bytes
becomes an attachment; three actions. Text is plain unless `markdown` is asked for, so nothing in it has a meaning.
"""

from __future__ import annotations

from watcher.deliver.chat import BuildRequest, Service, encode
from watcher.deliver.chat_text import plain_text
from watcher.deliver.http import Request
from watcher.deliver.shorten import shorten, utf8_size
from watcher.model.notification import Message
from watcher.model.route import Ntfy
from watcher.model.secret import reveal

MESSAGE_BYTES = 4_000
HIGH, DEFAULT = 4, 3


def ntfy(options: Ntfy) -> BuildRequest:
    """The shape for one topic; the last part of the URL is the topic, what precedes it the server."""
    server, _, topic = reveal(options.url).rstrip("/").rpartition("/")
    token = reveal(options.token) if options.token is not None else ""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}

    def shape(message: Message, key: str, reply_to: str) -> Request:
        return Request(f"{server}/", encode(ntfy_body(message, topic)), headers, secrets=(token, topic))

    return shape


def ntfy_body(message: Message, topic: str) -> dict[str, object]:
    """A push message: subject as title, a few lines an alert, a tap opens the first alert's link."""
    text = plain_text(message, MESSAGE_BYTES, utf8_size).rstrip()
    body: dict[str, object] = {
        "topic": topic,
        "title": shorten(message.subject, 250),
        "message": text or message.subject,
        "priority": HIGH if any(item.level == "focus" for item in message.items) else DEFAULT,
    }
    link = next((item.link for item in message.items if item.link), "")
    if link:
        body["click"] = link
    return body


SERVICE = Service(ntfy)
