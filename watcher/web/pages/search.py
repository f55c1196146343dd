"""Searching everything that was read."""

from __future__ import annotations

from watcher.model.web import May
from watcher.queries.search import SearchFields, read_search
from watcher.search.find import RANKED, Order
from watcher.web.exchange import Asked, Reply, with_query
from watcher.web.router import Page

LONGEST_NUMBER = 18
"""Digits of the number of an entry."""


def search(asked: Asked) -> Reply:
    site = asked.site
    fields = fields_of(asked)
    has_asked = any(name in asked.query for name in FIELDS)
    found = read_search(site.store, site.index, site.languages, fields, before=before_of(asked)) if has_asked else None
    here = with_query("/search", **{name: asked.query.get(name, "") for name in (*FIELDS, "order")})
    topics = [(one.topic.name, one.topic.title) for one in site.config.topics]
    return asked.page(
        "search.html.j2", fields=fields, found=found, here=here, topics=topics, to_go=site.index_to_go, ranked=RANKED
    )


FIELDS = ("q", "feed", "lang", "from", "to", "alerted")


def fields_of(asked: Asked) -> SearchFields:
    """What the query of the address asks for; an order that there is not is the usual one."""
    order = asked.query.get("order", "")
    query, feed, language, since, until, alerted = (asked.query.get(name, "") for name in FIELDS)
    chosen = Order(order) if order in set(Order) else Order.NEWEST
    return SearchFields(query, feed, language, since, until, alerted, chosen)


def before_of(asked: Asked) -> int | None:
    """The number below which a page goes on; None on the first page, and for what is no number."""
    text = asked.query.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None


PAGES = (Page("/search", search, May.READ),)
