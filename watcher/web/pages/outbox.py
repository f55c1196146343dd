"""Messages: where each is, its attempts, the message itself, and retrying or dropping one that was not delivered."""

from __future__ import annotations

from datetime import datetime

from watcher.model.notification import Message, Notification, NotificationState
from watcher.model.route import ChannelRef
from watcher.model.web import May
from watcher.queries.attention import is_running
from watcher.queries.outbox import read_message_rows
from watcher.route.tree import rank_of, routes_by_path, zone_of
from watcher.store.store import Store
from watcher.views.outbox import remedy_of
from watcher.web.exchange import Asked, Refused, Reply, with_query
from watcher.web.nearest import near_messages
from watcher.web.router import Page

ROWS = 50
MOST_RETRIED = 1_000
MESSAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'"
"""Of the message in its frame: it may have styles, and nothing else; no link in it opens, nothing is loaded."""


def show_all(asked: Asked) -> Reply:
    store, state = asked.site.store, asked.query.get("state", "")
    wanted = NotificationState(state) if state in set(NotificationState) else None
    last = asked.whole_id("before")
    rows = read_message_rows(store, store.outbox.newest(state=wanted, limit=ROWS + 1, before=last), asked.now)
    pauses = store.outbox.pauses(asked.now)
    following = rows[ROWS - 1].notification.key if len(rows) > ROWS else ""
    more = with_query("/outbox", state=wanted.value if wanted else "", before=following) if following else ""
    return asked.page(
        "outbox.html.j2", rows=rows[:ROWS], state=state, states=[one.value for one in NotificationState],
        pauses=pauses, remedies={one: _remedy(store, one, asked.now) for one in pauses}, more=more,
        is_first=last is None,
        kept_days=asked.site.settings.retention.messages.days,
    )  # fmt: skip


def _remedy(store: Store, channel: ChannelRef, now: datetime) -> str:
    """What helps against the last failure of a channel that is paused; "" when that is not known."""
    waiting = store.outbox.newest(state=NotificationState.READY, limit=ROWS)
    rows = read_message_rows(store, [one for one in waiting if one.group.channel == channel], now)
    failures = sorted((row.failure for row in rows if row.failure), key=lambda one: one.started_at)
    return remedy_of(failures)


def show(asked: Asked) -> Reply:
    store, notification = asked.site.store, find_message(asked)
    (row,) = read_message_rows(store, [notification], asked.now)
    attempts = store.outbox.attempts(notification.key)
    return asked.page(
        "message.html.j2", row=row, notification=notification, attempts=attempts, remedy=remedy_of(attempts),
        is_running=is_running(store, asked.now),
    )  # fmt: skip


def message(asked: Asked) -> Reply:
    """The message as built-in templates make it, for a frame; a digest's notes about feeds are not kept."""
    headers = {"Content-Security-Policy": MESSAGE_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return Reply(_rendered(asked).html.encode("utf-8", "replace"), headers=headers)


def as_text(asked: Asked) -> Reply:
    """The same as plain text."""
    return Reply(_rendered(asked).text.encode("utf-8", "replace"), content_type="text/plain; charset=utf-8")


def _rendered(asked: Asked) -> Message:
    from watcher.render.message import render_message

    notification, root = find_message(asked), asked.site.settings.route
    routes = routes_by_path(root) if root else {}
    path = notification.group.route
    return render_message(notification, zone=zone_of(routes, path), rank=rank_of(routes, path))


def retry(asked: Asked) -> Reply:
    notification = find_message(asked)
    done = asked.site.store.outbox.retry(notification.key, asked.now, asked.actor)
    return asked.back(f"/outbox/{notification.key[:8]}", done="retried" if done else "unchanged")


def drop(asked: Asked) -> Reply:
    notification = find_message(asked)
    done = asked.site.store.outbox.drop(notification.key, asked.now, asked.actor)
    return asked.back(f"/outbox/{notification.key[:8]}", done="dropped" if done else "unchanged")


def retry_all(asked: Asked) -> Reply:
    """Every dead message of a channel that nobody has dropped."""
    store, channel = asked.site.store, asked.form.get("channel", "")
    dead = store.outbox.newest(state=NotificationState.DEAD, limit=MOST_RETRIED)
    rows = read_message_rows(store, [one for one in dead if str(one.group.channel) == channel], asked.now)
    retried = [store.outbox.retry(row.notification.key, asked.now, asked.actor) for row in rows if not row.is_dropped]
    return asked.back("/outbox", done="retried" if any(retried) else "unchanged")


def find_message(asked: Asked) -> Notification:
    """The message that the path names. Raises `Refused`."""
    found = asked.site.store.outbox.find(asked.params["key"])
    if found is None:
        days = asked.site.settings.retention.messages.days
        remedy = f"Nothing, or more than one message, has a key that begins so. Finished ones are kept for {days} days."
        raise Refused(404, "There is no such message", remedy, offers=list(near_messages(asked, asked.params["key"])))
    return found


PAGES = (
    Page("/outbox", show_all, May.READ),
    Page("/outbox/retry", retry_all, May.ADMIN, "POST"),
    Page("/outbox/{key}", show, May.READ),
    Page("/outbox/{key}/message", message, May.READ),
    Page("/outbox/{key}/text", as_text, May.READ),
    Page("/outbox/{key}/retry", retry, May.ADMIN, "POST"),
    Page("/outbox/{key}/drop", drop, May.ADMIN, "POST"),
)
