"""The shape of the Matrix client-server API: one m.room.message event. Pure.

Limit (https://spec.matrix.org/latest/client-server-api/#size-limits): 65,536 bytes an event. The transaction id is
the notification's key, so that a homeserver takes a retry for the same event. Replies: sections "Threading" and "Fallback for
unthreaded clients"; a thread begins at an event that is no reply itself, else the homeserver says 400. An empty `m.mentions`
(section "User and room mentions") keeps names in titles from alerting anybody. Errors: section "Standard error response".
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

from watcher.deliver.chat import BuildRequest, Receipts, Service, encode
from watcher.deliver.chat_text import TITLE_CHARACTERS, also_line, facts, quote_runs
from watcher.deliver.http import Answer, Request, judge_answer
from watcher.deliver.shorten import fit, more_line, shorten, utf8_size
from watcher.http_headers import bounded_wait
from watcher.model.notification import Message, MessageItem, Outcome, TryAgain
from watcher.model.route import Matrix
from watcher.model.secret import reveal

EVENT_ID = re.compile(r'"event_id": ?"([^"]+)"')
"""In the answer."""
PART_BYTES = 24_000
"""For each of the two texts; quoting in JSON and the envelope need the rest."""


def matrix(options: Matrix) -> BuildRequest:
    """The shape for one room."""
    token = reveal(options.token)
    base = f"{reveal(options.url).rstrip('/')}/_matrix/client/v3/rooms/{quote(options.room, safe='')}"
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    def shape(message: Message, key: str, reply_to: str) -> Request:
        url = f"{base}/send/m.room.message/{key}"
        return Request(url, encode(matrix_body(message, reply_to)), headers, method="PUT", secrets=(token,))

    return shape


def matrix_body(message: Message, reply_to: str = "") -> dict[str, object]:
    """Plain text and HTML of the same alerts; what does not fit is counted in the last line."""

    def more(left_out: int) -> str:
        return more_line(left_out + message.omitted)

    subject = shorten(message.subject, 300)
    plain = fit([subject, *(_plain(item) for item in message.items)], PART_BYTES, more, size=utf8_size)
    rich = fit([f"<p><b>{html.escape(subject)}</b></p>", *map(_rich, message.items)], PART_BYTES, more, size=utf8_size)
    return {
        "msgtype": "m.notice",
        "body": "\n".join(plain),
        "format": "org.matrix.custom.html",
        "formatted_body": "".join(rich),
        "m.mentions": {},
        **({"m.relates_to": _thread(reply_to)} if reply_to else {}),
    }


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
    return "\n".join(filter(None, [f"* {title}", f"  {facts(item)}", f"  {item.link}" if item.link else ""]))


def _rich(item: MessageItem) -> str:
    title = html.escape(shorten(item.title, TITLE_CHARACTERS))
    linked = f'<a href="{html.escape(item.link)}">{title}</a>' if item.link else f"<b>{title}</b>"
    quoted = "".join(
        f"<b>{html.escape(text)}</b>" if marked else html.escape(text) for text, marked in quote_runs(item)
    )
    lines = [linked, html.escape(facts(item)), quoted, html.escape(also_line(item))]
    return f"<p>{'<br>'.join(filter(None, lines))}</p>"


def judge_matrix(answer: Answer) -> Outcome:
    """403 is also a room that the account is not in; older homeservers say how long to wait only in JSON, in milliseconds."""
    outcome = judge_answer(answer)
    if isinstance(outcome, TryAgain) and answer.status == 403:
        return replace(outcome, detail=f"{outcome.detail}; or invite the account to the room and let it join")
    if isinstance(outcome, TryAgain) and outcome.retry_after is None:
        return replace(outcome, retry_after=_retry_after(answer.text))
    return outcome


def _retry_after(text: str) -> timedelta | None:
    try:
        return bounded_wait(json.loads(text)["retry_after_ms"], per_second=1_000)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


SERVICE = Service(matrix, judge_matrix, lambda options: Receipts(EVENT_ID, options.room))
