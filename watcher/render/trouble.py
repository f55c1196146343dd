"""A message about the program itself, for a person who can mend it. Pure."""

from __future__ import annotations

import html
from datetime import datetime

from watcher.errors import NotifyReason
from watcher.model.alert import stable_hash
from watcher.model.notification import GroupKey, Message, MessageItem, Notification
from watcher.model.route import ChannelRef
from watcher.render.environment import inlined
from watcher.render.moments import iso
from watcher.render.plain import one_line


def trouble_notification(channel: ChannelRef, subject: str, now: datetime) -> Notification:
    """Carries no alerts; the same trouble told to the same channel at the same time is the same message."""
    key = stable_hash("trouble", str(channel), subject, now.isoformat())
    return Notification(key, GroupKey("", channel, {}), NotifyReason.TROUBLE, (), now)


def trouble_message(subject: str, remedy: str, now: datetime) -> Message:
    """`subject` says what is wrong, `remedy` what to do; both on one line."""
    subject, remedy = one_line(subject), one_line(remedy)
    page = f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{html.escape(subject)}</title></head>"
    page += f"<body><p><strong>{html.escape(subject)}</strong></p><p>{html.escape(remedy)}</p></body></html>"
    item = MessageItem(title=remedy, link="", topic="", level="", score="", source="", age="", why="")
    data = {"reason": NotifyReason.TROUBLE.value, "trouble": subject, "remedy": remedy}
    body = {"type": "trouble", "timestamp": iso(now), "data": data}
    return Message(subject, f"{subject}\n\n{remedy}\n", inlined(page), (item,), body)
