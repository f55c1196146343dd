"""The pages that somebody may have meant who asked for one that there is not: ids and names that are nearly alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from watcher.config.did_you_mean import nearest_words
from watcher.store.page_questions import nearest_names
from watcher.views.feeds import name_of
from watcher.web.exchange import Asked, Offer
from watcher.web.rendering import SHOWN_ID

MOST = 5


def near_alerts(asked: Asked, beginning: str) -> Iterator[Offer]:
    store = asked.site.store
    for name in store.pages.nearest_alerts(beginning, MOST):
        if (alert := store.alerts.find(name)) is not None:
            yield _offer("/alerts", name, alert.entry.title)


def near_entries(asked: Asked, beginning: str) -> Iterator[Offer]:
    store = asked.site.store
    for name in store.pages.nearest_entries(beginning, MOST):
        if (record := store.entries.find(name)) is not None:
            yield _offer("/entries", name, record.entry.title)


def near_messages(asked: Asked, beginning: str) -> Iterator[Offer]:
    store = asked.site.store
    for name in store.pages.nearest_messages(beginning, MOST):
        if (message := store.outbox.find(name)) is not None:
            yield _offer("/outbox", name, str(message.group.channel))


def near_feeds(asked: Asked, beginning: str) -> Iterator[Offer]:
    feeds = dict(asked.site.feeds_beside(beginning, MOST))
    for name in nearest_names(beginning, feeds)[:MOST]:
        yield _offer("/feeds", name, name_of(feeds[name], None))


def near_topics(asked: Asked, name: str) -> Iterator[Offer]:
    """Topics with a similar name; all where there are few."""
    titles = {one.topic.name: one.topic.title for one in asked.site.config.topics}
    for one in nearest_words(name, titles, MOST) or list(titles)[:MOST]:
        yield Offer(asked.site.topic_page(one), one, titles[one])


def near_pages(path: str, paths: Iterable[str]) -> Iterator[Offer]:
    """Pages whose address is nearly this one; the rest of the address is kept."""
    first, _, rest = path.lstrip("/").partition("/")
    known = {one.split("/")[1] for one in paths if "{" not in one.split("/")[1]}
    for name in nearest_words(first, sorted(known - {""}), 1):
        if name != first:
            yield Offer(f"/{name}/{rest}" if rest else f"/{name}", f"/{name}/{rest}" if rest else f"/{name}")


def _offer(place: str, name: str, text: str) -> Offer:
    return Offer(f"{place}/{name[:SHOWN_ID]}", name[:SHOWN_ID], text)
