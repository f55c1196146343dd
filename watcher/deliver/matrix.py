"""Matrix: the client-server API, one m.room.message event. Pure.

Limit (https://spec.matrix.org/latest/client-server-api/#size-limits): 65,536 bytes an event. The transaction id is
the message's key, so that a homeserver takes a retry for the same event. Replies: sections "Threading" and "Fallback
for unthreaded clients"; a thread begins at an event that is no reply itself, else the homeserver says 400. An empty
`m.mentions` (section "User and room mentions") keeps names in titles from alerting anybody. Errors: section "Standard
error response". Success is 200 with `event_id` (section "PUT /rooms/{roomId}/send/{eventType}/{txnId}").
"""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

from watcher.deliver.channel import ChannelKind
from watcher.deliver.chat import ChatService, Receipts, chat, encode
from watcher.deliver.chat_text import SUBJECT_CHARACTERS, TITLE_CHARACTERS, facts, more_line, notes, quote_runs
from watcher.deliver.http_answers import Answer, Request, judge_answer
from watcher.deliver.options import Name, Token, WebAddress
from watcher.errors import AttemptReason
from watcher.http_headers import bounded_wait
from watcher.lazy_dataclass import dataclass
from watcher.model.notification import Message, MessageItem, Outcome, TryAgain
from watcher.model.route import ChannelOptions
from watcher.model.secret import reveal
from watcher.text.shorten import shorten, utf8_size

EVENT_ID = re.compile(r'"event_id": ?"([^"]+)"')
"""In the answer."""
PART_BYTES = 24_000
"""For each of the two texts; quoting in JSON and the envelope need the rest."""


@dataclass(frozen=True, slots=True)
class Matrix(ChannelOptions):
    """A room (`!id:server`) of a homeserver, and the access token of a member."""

    url: WebAddress
    room: Name
    token: Token

    @property
    def recipients(self) -> tuple[str, ...]:
        return (self.room,)


def matrix(options: Matrix) -> ChatService:
    """One room."""
    token = reveal(options.token)
    base = f"{reveal(options.url).rstrip('/')}/_matrix/client/v3/rooms/{quote(options.room, safe='')}"
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    def build_request(message: Message, key: str, reply_to: str) -> Request:
        url = f"{base}/send/m.room.message/{key}"
        return Request(url, encode(matrix_body(message, reply_to)), headers, method="PUT", secrets=(token,))

    return ChatService(build_request, fits, judge_matrix, Receipts(EVENT_ID, options.room))


def matrix_body(message: Message, reply_to: str = "") -> dict[str, object]:
    """Plain text and HTML of the same alerts; the last line counts what is not shown."""
    plain, rich = _texts(message)
    return {
        "msgtype": "m.notice",
        "body": plain,
        "format": "org.matrix.custom.html",
        "formatted_body": rich,
        "m.mentions": {},
        **({"m.relates_to": _thread(reply_to)} if reply_to else {}),
    }


def fits(message: Message) -> bool:
    return all(utf8_size(text) <= PART_BYTES for text in _texts(message))


def _texts(message: Message) -> tuple[str, str]:
    subject, more = shorten(message.subject, SUBJECT_CHARACTERS), more_line(message)
    plain = [subject, *map(_plain, message.items), more]
    rich = [f"<p><b>{html.escape(subject)}</b></p>", *map(_rich, message.items), html.escape(more)]
    return "\n".join(filter(None, plain)), "".join(rich)


def _thread(root: str) -> dict[str, object]:
    """Part of the root's thread, and a plain reply to it for clients that know no threads."""
    return {
        "rel_type": "m.thread",
        "event_id": root,
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": root},
    }


def _plain(item: MessageItem) -> str:
    title = shorten(item.title, TITLE_CHARACTERS)
    return "\n".join([f"* {title}", *(f"  {line}" for line in (facts(item), *notes(item), item.link) if line)])


def _rich(item: MessageItem) -> str:
    title = html.escape(shorten(item.title, TITLE_CHARACTERS))
    linked = f'<a href="{html.escape(item.link)}">{title}</a>' if item.link else f"<b>{title}</b>"
    quoted = "".join(
        f"<b>{html.escape(text)}</b>" if marked else html.escape(text) for text, marked in quote_runs(item)
    )
    lines = [linked, html.escape(facts(item)), quoted, *map(html.escape, notes(item))]
    return f"<p>{'<br>'.join(filter(None, lines))}</p>"


def judge_matrix(answer: Answer) -> Outcome:
    """403 is also a room that the account is not in; older homeservers say only in JSON how long to wait, in
    milliseconds.
    """
    said = answer.json()
    outcome = judge_answer(answer, lambda answer: answer.status == 200 and answer.has_id("event_id"))
    if not isinstance(outcome, TryAgain) or outcome.reason is AttemptReason.NOT_THE_SERVICE:
        return outcome
    if answer.status == 403:
        return replace(outcome, detail=f"{outcome.detail}; or invite the account to the room and let it join")
    wait = outcome.retry_after or _wait(said.get("retry_after_ms"))
    return replace(outcome, retry_after=wait)


def _wait(milliseconds: object) -> timedelta | None:
    return bounded_wait(milliseconds, per_second=1_000)


MATRIX = ChannelKind("matrix", Matrix, chat(matrix))
