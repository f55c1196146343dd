"""What other sites may show of a topic: a small picture, and a page for a frame."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from watcher.model.topic import Level
from watcher.model.web import May
from watcher.queries.today import TodayFilter, read_today
from watcher.text.shorten import shorten
from watcher.web.exchange import POLICY, Asked, Refused, Reply
from watcher.web.router import Page

SINCE = timedelta(days=7)
MOST_STORIES = 20
LONGEST_TITLE = 40
FRESH_FOR = "private, max-age=300"
SVG = "image/svg+xml; charset=utf-8"


def badge(asked: Asked) -> Reply:
    """The picture; red where one of the alerts is in focus. Other sites may show it."""
    topic = asked.site.topic(asked.params["name"])
    if topic is None:
        raise Refused(404, "There is no such topic", "Topics are named in the configuration.")
    found = asked.site.store.alerts.volume(asked.now - SINCE, asked.now, topic.topic.name)
    picture = asked.site.templates.render(
        "badge.svg.j2",
        {
            "title": shorten(topic.topic.title or topic.topic.name, LONGEST_TITLE),
            "count": sum(one.count for one in found),
            "in_focus": any(one.level is Level.FOCUS for one in found),
        },
    )
    body = picture.encode("utf-8", "replace")
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": FRESH_FOR, "Cross-Origin-Resource-Policy": "cross-origin"}
    if asked.headers.get("if-none-match", "").strip() == etag:
        return Reply(b"", 304, SVG, headers)
    return Reply(body, 200, SVG, headers)


def frame(asked: Asked) -> Reply:
    """The newest stories of a topic without menu and buttons; only the sites of `web.embed_in` may show it."""
    topic, sites = asked.site.topic(asked.params["name"]), asked.site.settings.web.embed_in
    if topic is None:
        raise Refused(404, "There is no such topic", "Topics are named in the configuration.")
    if not sites:
        raise Refused(404, "No other site may show this", "List the sites under web.embed_in in the configuration.")
    found = read_today(asked.site.store, TodayFilter(SINCE.days, topic.topic.name), asked.site.zone, asked.now)
    section = found.sections[0] if found.sections else None
    reply = asked.page(
        "embed.html.j2", topic=topic.topic, days=SINCE.days, bars=section.bars if section else (),
        stories=section.stories[:MOST_STORIES] if section else (),
    )  # fmt: skip
    return reply.having(
        Content_Security_Policy=POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {' '.join(sites)}"),
        X_Frame_Options="",  # it cannot name sites, and the policy says the same
        Cross_Origin_Resource_Policy="cross-origin",
    )


PAGES = (
    Page("/topics/{name}.svg", badge, May.FEEDS, for_topics=True),
    Page("/embed/topics/{name}", frame, May.FEEDS, for_topics=True),
)
