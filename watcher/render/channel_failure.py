"""An alarm about a channel that fails, for the operator. Pure but for user templates."""

from __future__ import annotations

import html
from dataclasses import asdict, replace
from datetime import datetime

from watcher.errors import NotifyReason
from watcher.model.alert import stable_hash
from watcher.model.notification import GroupKey, Message, MessageItem, Notification
from watcher.model.route import ChannelRef
from watcher.render.dates import iso, local_date
from watcher.render.digest import Digest
from watcher.render.mail_html import inlined
from watcher.render.payload import noted, own_payload
from watcher.render.user_templates import UserTemplates
from watcher.text.printable import one_line


def trouble_notification(channel: ChannelRef, subject: str, now: datetime) -> Notification:
    """Carries no alerts; the same alarm to the same channel at the same time is the same message."""
    key = stable_hash("trouble", str(channel), subject, now.isoformat())
    return Notification(key, GroupKey("", channel, {}), NotifyReason.TROUBLE, (), now)


def trouble_message(
    channel: ChannelRef, subject: str, remedy: str, now: datetime, templates: UserTemplates | None = None
) -> Message:
    """`subject` says what is wrong, `remedy` what to do; both on one line.

    Only the JSON of a webhook is made by the user's template, since its receiver may know no other form: a template
    that leaves the alarm out must not hide it from anybody else. With `templates` it may start a process.
    """
    subject, remedy = one_line(subject), one_line(remedy)
    page = f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{html.escape(subject)}</title></head>"
    page += f"<body><p><strong>{html.escape(subject)}</strong></p><p>{html.escape(remedy)}</p></body></html>"
    item = MessageItem(title=remedy, link="", topic="", level="", score="", source="", age="", why="")
    message = Message(
        subject, f"{subject}\n\n{remedy}\n", inlined(page), (item,), _payload(channel, subject, remedy, now)
    )
    if templates is None or channel.kind != "webhook":
        return message
    rendered = templates.render_payload(
        channel, {"digest": asdict(_digest(message, remedy, now)), "payload": message.payload}
    )
    body, problems = own_payload(message, rendered)
    return replace(message, payload=noted(body, problems) if problems else body, problems=problems)


def _payload(channel: ChannelRef, subject: str, remedy: str, now: datetime) -> dict[str, object]:
    """Laid out like that of alerts, so that a template written for those finds no alert, but fails at nothing."""
    alarm = {"reason": NotifyReason.TROUBLE.value, "trouble": subject, "remedy": remedy}
    data = {"receiver": channel.receiver, **alarm, "group": {}, "alerts": []}
    return {"type": "trouble", "timestamp": iso(now), "data": data}


def _digest(message: Message, remedy: str, now: datetime) -> Digest:
    return Digest(message.subject, remedy, local_date(now, "UTC"), "UTC", sections=(), omitted=0, feed_notes=())
