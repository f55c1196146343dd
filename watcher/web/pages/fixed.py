"""What is the same for everybody: style sheet, script, icon, and whether the process works."""

from __future__ import annotations

from watcher.model.web import May
from watcher.web.exchange import Asked, Refused, Reply
from watcher.web.rendering import assets
from watcher.web.router import Page

FOR_EVER = "public, max-age=31536000, immutable"


def asset(asked: Asked) -> Reply:
    """An asset by its name with the hash; an older name is gone."""
    found = next((one for one in assets().values() if one.name == asked.params["name"]), None)
    if found is None:
        raise Refused(404, "There is no such file", "Load the page again.")
    return Reply(found.body, content_type=found.content_type, headers={"Cache-Control": FOR_EVER})


def icon(asked: Asked) -> Reply:
    return asset_of("icon.svg")


def asset_of(name: str) -> Reply:
    found = assets()[name]
    return Reply(found.body, content_type=found.content_type)


def health(asked: Asked) -> Reply:
    """200 when the store answers."""
    asked.site.store.facts.recall("web.health")
    return Reply(b"ok\n", content_type="text/plain; charset=utf-8")


def robots(asked: Asked) -> Reply:
    return Reply(b"User-agent: *\nDisallow: /\n", content_type="text/plain; charset=utf-8")


PAGES = (
    Page("/assets/{name}", asset, May.ANYONE),
    Page("/favicon.ico", icon, May.ANYONE),
    Page("/robots.txt", robots, May.ANYONE),
    Page("/healthz", health, May.ANYONE),
)
