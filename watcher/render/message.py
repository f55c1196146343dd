"""A notification rendered for its readers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from itertools import accumulate, takewhile

from watcher.model.alert import Alert
from watcher.model.alert_link import PageOf
from watcher.model.notification import Message, Notification
from watcher.model.route import ChannelRef, Rank
from watcher.render.digest import Digest, Extent, compose
from watcher.render.digest_context import DigestContext
from watcher.render.item import Line, as_item, late_item, lines_of
from watcher.render.mail_html import cleaned, inlined, own_templates
from watcher.render.payload import noted, own_payload, payload
from watcher.render.sample import samples
from watcher.render.user_templates import UserTemplates
from watcher.text.printable import one_line
from watcher.text.shorten import utf8_size

MAX_FULL = 100
"""Alerts that are shown with passage and reasons; further ones by title and link, as far as the limits go."""
MAX_HTML_BYTES = 80_000
"""Gmail cuts messages near 102 KB; headers and encoding need the rest."""
MAX_TEXT_BYTES = 80_000


def render_message(
    notification: Notification,
    *,
    zone: str,
    now: datetime | None = None,
    max_full: int = MAX_FULL,
    context: DigestContext | None = None,
    templates: UserTemplates | None = None,
    rank: Rank = "score",
    page_of: PageOf | None = None,
) -> Message:
    """The message of a notification for a reader in `zone`.

    `now` is what ages are counted from. Leave it out for anything that is sent: it is then the moment at which
    the notification was made, so that every attempt carries the same message under the same id. HTML and text
    stay within 80,000 bytes each: beyond `max_full` alerts show only title and link, and what exceeds that is
    counted. An alert that cannot be rendered is left out with a note. With `templates` it starts a process; without, it
    is pure.
    """
    made_at = now or notification.created_at
    lines, failed = lines_of(notification.alerts, zone, made_at, rank)
    if page_of is not None:
        lines = [replace(line, page=page_of(line.id)) for line in lines]

    def digest_of(extent: Extent) -> Digest:
        return compose(notification, lines, extent, zone, made_at, context or DigestContext(), len(failed))

    extent = _html_extent(lines, max_full)
    html = _html(digest_of(extent))
    while extent.shown > 1 and utf8_size(html) > MAX_HTML_BYTES:
        extent = _smaller(extent)
        html = _html(digest_of(extent))
    text = _text(digest_of(Extent(extent.full)))
    listed = Extent(extent.full, _fitting(map(_title_size, lines[extent.full :]), MAX_TEXT_BYTES - utf8_size(text)))
    text = _text(digest_of(listed))
    digest = replace(digest_of(extent), only_in_text=_count(lines[extent.shown : listed.shown]))
    html = _html(digest) if digest.only_in_text else html
    message = Message(
        subject=digest.subject,
        text=text,
        html=html,
        items=(*map(as_item, lines), *map(late_item, digest.late)),
        payload=payload(replace(notification, alerts=_without(notification.alerts, failed))),
        omitted=notification.omitted + len(failed) if lines or failed else 0,
        unrendered=tuple(failed),
        listed=frozenset(alert for line in lines[: max(extent.shown, listed.shown)] for alert in line.ids),
    )
    return message if templates is None else _in_own_words(message, digest, notification, templates)


def _without(alerts: Sequence[Alert], failed: Sequence[str]) -> tuple[Alert, ...]:
    return tuple(alert for alert in alerts if alert.id not in failed)


def _count(lines: Sequence[Line]) -> int:
    """Alerts in the lines."""
    return sum(len(line.ids) for line in lines)


def _html_extent(lines: Sequence[Line], most: int) -> Extent:
    """How many lines fit into the page, in full and by title, by estimate.

    Titles get two fifths of the space where not all lines fit in full.
    """
    sizes = [_full_size(line) for line in lines[:most]]
    space = MAX_HTML_BYTES - FIXED_BYTES
    is_all = len(lines) <= most and sum(sizes) <= space
    full = _fitting(sizes, space if is_all else space * 3 // 5)
    titles = _fitting((260 + _title_size(line) for line in lines[full:]), space - sum(sizes[:full]))
    return Extent(full, titles)


def _fitting(sizes: Iterable[int], limit: int) -> int:
    """How many from the front keep the limit."""
    return sum(1 for _ in takewhile(lambda total: total <= limit, accumulate(sizes)))


FIXED_BYTES = 9_000
"""Style, headings, bars and footer of a page."""


def _title_size(line: Line) -> int:
    """Bytes of a line of which only title and link are shown, in the text part."""
    return 40 + utf8_size(line.title_text) + utf8_size(line.source) + utf8_size(line.link)


def _full_size(line: Line) -> int:
    """Bytes of a line in the page; a little too many rather than too few."""
    marks = 60 * sum(marked for _, marked in (*line.title, *line.quote))
    names = sum(90 + utf8_size(name) for name in line.also_named)
    others = sum(260 + utf8_size(one.title + one.source + one.link) for one in line.other_titles)
    quote = "".join(text for text, _ in line.quote)
    return (
        900
        + (120 + len(line.page) if line.page else 0)
        + marks
        + names
        + others
        + _title_size(line)
        + utf8_size(line.why)
        + utf8_size(quote)
    )


def _smaller(extent: Extent) -> Extent:
    """A tenth less; titles go before whole lines."""
    if extent.titles:
        return Extent(extent.full, extent.titles * 9 // 10)
    return Extent(max(extent.full * 9 // 10, 1))


def template_problems(
    templates: UserTemplates, channel: ChannelRef, now: datetime, *, may_be_empty: bool = False
) -> tuple[str, ...]:
    """What is wrong with the templates that this channel would use, tried on samples; for `check`.

    The samples hold one alert, two whose texts have quotes, backslashes and line ends, and where a digest may be empty
    none: enough to find values that were written without `tojson`, and commas too many.
    """
    for sample in samples(channel, now, may_be_empty=may_be_empty):
        message = render_message(sample, zone="UTC")
        lines, _ = lines_of(sample.alerts, "UTC", now)
        digest = compose(sample, lines, Extent(len(lines)), "UTC", now, DigestContext())
        _, problems = own_payload(message, templates.render(channel, _values(digest, message)))
        if problems:
            return problems
    return ()


def _html(digest: Digest) -> str:
    return inlined(own_templates().get_template("message.html.j2").render(digest=digest))


def _text(digest: Digest) -> str:
    return own_templates().get_template("message.txt.j2").render(digest=digest)


def _in_own_words(message: Message, digest: Digest, notification: Notification, templates: UserTemplates) -> Message:
    """The user's templates in place of ours; what is wrong with them is said in the message itself."""
    rendered = templates.render(notification.group.channel, _values(digest, message))
    body, problems = own_payload(message, rendered)
    if problems:
        noted_digest = replace(digest, problems=tuple(f"{problem}; the built-in one was used" for problem in problems))
        message = replace(message, text=_text(noted_digest), html=_html(noted_digest), problems=noted_digest.problems)
        body = noted(body, noted_digest.problems) if body is message.payload else body
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
