"""A small picture for other pages: how many stories a topic had in the last seven days."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from watcher.model.topic import Level
from watcher.model.web import May
from watcher.text.shorten import shorten
from watcher.web.exchange import Asked, Refused, Reply
from watcher.web.router import Page

SINCE = timedelta(days=7)
LONGEST_TITLE = 40
FRESH_FOR = "private, max-age=300"
SVG = "image/svg+xml; charset=utf-8"


def badge(asked: Asked) -> Reply:
    """The picture; red where one of the alerts is in focus. Other sites may show it."""
    topic = asked.site.topic(asked.params["name"])
    if topic is None:
        raise Refused(404, "There is no such topic", "Topics are named in the configuration.")
    found = asked.site.store.alerts.volume(topic.topic.name, asked.now - SINCE)
    picture = asked.site.templates.render(
        "badge.svg.j2",
        {
            "title": shorten(topic.topic.title or topic.topic.name, LONGEST_TITLE),
            "count": len(found),
            "in_focus": any(level is Level.FOCUS for _, level in found),
        },
    )
    body = picture.encode("utf-8", "replace")
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": FRESH_FOR, "Cross-Origin-Resource-Policy": "cross-origin"}
    if asked.headers.get("if-none-match", "").strip() == etag:
        return Reply(b"", 304, SVG, headers)
    return Reply(body, 200, SVG, headers)


PAGES = (Page("/topics/{name}.svg", badge, May.FEEDS),)
