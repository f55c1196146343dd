"""A notification made readable."""

from __future__ import annotations

from datetime import datetime

from watcher.model.notification import Message, Notification
from watcher.render.digest import Digest, Surroundings, compose
from watcher.render.environment import inlined, own_templates
from watcher.render.item import as_item, lines_of
from watcher.render.payload import payload

MAX_ITEMS = 100
MAX_HTML_BYTES = 80_000
"""Gmail cuts messages near 102 KB; headers and encoding need the rest."""


def render_message(
    notification: Notification,
    *,
    zone: str,
    now: datetime | None = None,
    max_items: int = MAX_ITEMS,
    surroundings: Surroundings | None = None,
) -> Message:
    """The message of a notification for a reader in `zone`.

    `now` is what ages are counted from. Leave it out for anything that is sent: it is then the moment at which
    the notification was made, so that every attempt carries the same message under the same id. The HTML
    part stays within 80,000 bytes; alerts beyond that or `max_items` are counted, not listed.
    """
    made_at = now or notification.created_at
    lines = lines_of(notification.alerts, zone, made_at)
    around = surroundings or Surroundings()
    shown = min(len(lines), max_items)
    while True:
        omitted = notification.omitted + len(lines) - shown
        digest = compose(notification, lines[:shown], omitted, zone, made_at, around)
        html = _html(digest)
        size = len(html.encode("utf-8", "replace"))
        if shown <= 1 or size <= MAX_HTML_BYTES:
            break
        shown = max(min(shown * MAX_HTML_BYTES // size, shown - 1), 1)
    items = tuple(as_item(line) for line in lines[:shown])
    return Message(digest.subject, _text(digest), html, items, payload(notification), omitted)


def _html(digest: Digest) -> str:
    return inlined(own_templates().get_template("message.html.j2").render(digest=digest))


def _text(digest: Digest) -> str:
    return own_templates().get_template("message.txt.j2").render(digest=digest)
