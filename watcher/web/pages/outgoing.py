"""Outgoing feeds: all topics, one topic, or what one route has sent, as Atom and as JSON Feed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import quote

from watcher.http_headers import http_date
from watcher.model.topic import Level
from watcher.model.web import May
from watcher.queries.outgoing import NEVER, OutgoingStory, read_route_stories, read_topic_stories
from watcher.route.tree import routes_by_path
from watcher.web.exchange import Asked, Refused, Reply, with_query
from watcher.web.feed_formats import FORMATS, FeedEntry, OutgoingFeed
from watcher.web.router import Handler, Page

TAG = "tag:watcher.invalid,2026:"
"""Begins the ids of entries (RFC 4151). It names no host, so that they stay the same when the pages move."""
FRESH_FOR = "private, max-age=300"


def all_topics(asked: Asked, format_name: str) -> Reply:
    level = _level(asked)
    stories = read_topic_stories(asked.site.store, None, level, asked.site.zone, asked.now)
    return _feed(asked, format_name, "all", "watcher: all topics", "/", stories)


def one_topic(asked: Asked, format_name: str) -> Reply:
    name = asked.params["name"]
    found = asked.site.topic(name)
    if found is None:
        raise Refused(404, "There is no such topic", "Topics are named in the configuration.")
    stories = read_topic_stories(asked.site.store, name, _level(asked), asked.site.zone, asked.now)
    return _feed(asked, format_name, f"topic/{name}", found.topic.title, with_query("/", topic=name), stories)


def one_route(asked: Asked, format_name: str) -> Reply:
    """A route is named by its place in the tree: `root`, `0`, `0-1`."""
    name, root = asked.params["name"], asked.site.settings.route
    path = "/" if name == "root" else "/" + name.replace("-", "/")
    route = routes_by_path(root).get(path) if root else None
    if route is None:
        raise Refused(404, "There is no such route", "Routes are named root, 0, 1, 0-0, as they are in the tree.")
    stories = read_route_stories(asked.site.store, path, _level(asked), asked.site.zone, asked.now)
    return _feed(
        asked, format_name, f"route/{name}", f"watcher: sent to {route.receiver} by route {path}", "/", stories
    )


def _level(asked: Asked) -> Level | None:
    text = asked.query.get("level", "")
    if text not in ("", Level.MENTION, Level.FOCUS):
        raise Refused(400, "`level` must be mention or focus")
    return Level(text) if text else None


def _feed(asked: Asked, format_name: str, name: str, title: str, home: str, stories: Sequence[OutgoingStory]) -> Reply:
    """The feed, or 304 for a reader that has it already."""
    own = asked.site.address
    level = asked.query.get("level", "")
    updated = max((story.updated for story in stories), default=NEVER)
    feed = OutgoingFeed(
        id=f"{TAG}{quote(name)}{f'/{level}' if level else ''}",
        title=f"{title} ({level})" if level else title,
        address=own + with_query(asked.path, level=level),
        home=own + home,
        updated=updated,
        entries=tuple(_entry(asked, story) for story in stories),
    )
    write, content_type = FORMATS[format_name]
    body = write(feed)
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Last-Modified": format_datetime(updated, usegmt=True), "Cache-Control": FRESH_FOR}
    if _is_known(asked, etag, updated):
        return Reply(b"", 304, content_type, headers)
    return Reply(body, 200, content_type, headers)


def _is_known(asked: Asked, etag: str, updated: datetime) -> bool:
    """Whether the reader has this (RFC 9110 section 13.1: If-None-Match counts before If-Modified-Since)."""
    known = asked.headers.get("if-none-match")
    if known is not None:
        return known.strip() == "*" or etag in {one.strip().removeprefix("W/") for one in known.split(",")}
    since = http_date(asked.headers.get("if-modified-since", ""))
    return since is not None and updated < since + timedelta(seconds=1)


def _entry(asked: Asked, story: OutgoingStory) -> FeedEntry:
    alert, line = story.alert, story.line
    html = asked.site.templates.render("feed_story.html.j2", {"line": line, "zone": asked.site.zone})
    return FeedEntry(
        id=f"{TAG}alert/{alert.id}",
        title=line.title_text,
        link=line.link,
        page=f"{asked.site.address}/alerts/{alert.id}",
        author=line.source,
        published=(alert.created_at or alert.first_seen).astimezone(UTC),
        updated=story.updated,
        html=html,
        categories=(alert.topic, alert.level.value),
    )


def _pages() -> tuple[Page, ...]:
    kinds = (("/feeds/all", all_topics), ("/topics/{name}", one_topic), ("/routes/{name}", one_route))
    return tuple(
        Page(f"{path}.{name}", _written_as(handler, name), May.FEEDS, for_topics=handler is one_topic)
        for path, handler in kinds
        for name in FORMATS
    )


def _written_as(handler: Callable[[Asked, str], Reply], format_name: str) -> Handler:
    return lambda asked: handler(asked, format_name)


PAGES = _pages()
