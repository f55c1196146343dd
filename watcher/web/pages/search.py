"""Searching everything that was read."""

from __future__ import annotations

from watcher.model.web import May
from watcher.queries.search import SearchFields, read_search
from watcher.web.exchange import Asked, Reply, with_query
from watcher.web.router import Page

LONGEST_NUMBER = 18
"""Digits of the number of an entry."""


def search(asked: Asked) -> Reply:
    site = asked.site
    fields = fields_of(asked)
    has_asked = any(name in asked.query for name in FIELDS)
    found = read_search(site.store, site.index, site.languages, fields, before=before_of(asked)) if has_asked else None
    here = with_query("/search", **{name: asked.query.get(name, "") for name in FIELDS})
    topics = [(one.topic.name, one.topic.title) for one in site.config.topics]
    return asked.page("search.html.j2", fields=fields, found=found, here=here, topics=topics, to_go=site.index_to_go)


FIELDS = ("q", "feed", "lang", "from", "to", "alerted")


def fields_of(asked: Asked) -> SearchFields:
    return SearchFields(*(asked.query.get(name, "") for name in FIELDS))


def before_of(asked: Asked) -> int | None:
    """The number below which a page goes on; None on the first page, and for what is no number."""
    text = asked.query.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None


PAGES = (Page("/search", search, May.READ),)
