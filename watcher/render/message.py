"""A notification made readable."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime

from watcher.model.notification import Message, Notification
from watcher.model.route import ChannelRef, Rank
from watcher.render.digest import Digest, compose
from watcher.render.digest_context import DigestContext
from watcher.render.environment import inlined, own_templates
from watcher.render.item import as_item, lines_of
from watcher.render.payload import noted, own_payload, payload
from watcher.render.printable import one_line
from watcher.render.sample import samples
from watcher.render.sanitize_html import cleaned
from watcher.render.user_templates import UserTemplates

MAX_ITEMS = 100
MAX_HTML_BYTES = 80_000
"""Gmail cuts messages near 102 KB; headers and encoding need the rest."""


def render_message(
    notification: Notification,
    *,
    zone: str,
    now: datetime | None = None,
    max_items: int = MAX_ITEMS,
    surroundings: DigestContext | None = None,
    templates: UserTemplates | None = None,
    rank: Rank = "score",
) -> Message:
    """The message of a notification for a reader in `zone`.

    `now` is what ages are counted from. Leave it out for anything that is sent: it is then the moment at which
    the notification was made, so that every attempt carries the same message under the same id. The HTML
    part stays within 80,000 bytes; alerts beyond that or `max_items` are counted, not listed. With `templates` it
    starts a process; without, it is pure.
    """
    made_at = now or notification.created_at
    lines = lines_of(notification.alerts, zone, made_at, rank)
    around = surroundings or DigestContext()
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
    message = Message(digest.subject, _text(digest), html, items, payload(notification), digest.omitted)
    return message if templates is None else _in_own_words(message, digest, notification, templates)


def template_problems(
    templates: UserTemplates, channel: ChannelRef, now: datetime, *, may_be_empty: bool = False
) -> tuple[str, ...]:
    """What is wrong with the templates that this channel would use, tried on samples; for `check`.

    The samples hold one alert, two whose texts have quotes, backslashes and line ends, and where a digest may be empty
    none: enough to find values that were written without `tojson`, and commas too many.
    """
    for told in samples(channel, now, may_be_empty=may_be_empty):
        message = render_message(told, zone="UTC")
        digest = compose(told, lines_of(told.alerts, "UTC", now), 0, "UTC", now, DigestContext())
        _, problems = own_payload(message, templates.render(channel, _values(digest, message)))
        if problems:
            return problems
    return ()


def _html(digest: Digest) -> str:
    return inlined(own_templates().get_template("message.html.j2").render(digest=digest))


def _text(digest: Digest) -> str:
    return own_templates().get_template("message.txt.j2").render(digest=digest)


def _in_own_words(message: Message, digest: Digest, notification: Notification, templates: UserTemplates) -> Message:
    """What the person's templates say in place of ours; a problem of theirs is told in the message itself."""
    rendered = templates.render(notification.group.channel, _values(digest, message))
    body, problems = own_payload(message, rendered)
    if problems:
        told = replace(digest, problems=tuple(f"{problem}; our own was used" for problem in problems))
        message = replace(message, text=_text(told), html=_html(told), problems=told.problems)
        body = noted(body, told.problems) if body is message.payload else body
    own_html = rendered.texts.get("message.html.j2")
    return replace(
        message,
        subject=one_line(rendered.texts.get("subject.txt.j2", message.subject)) or message.subject,
        text=rendered.texts.get("message.txt.j2", message.text),
        html=message.html if own_html is None else cleaned(own_html),
        payload=body,
    )


def _values(digest: Digest, message: Message) -> dict[str, object]:
    """What a template may name."""
    return {"digest": asdict(digest), "payload": message.payload}
