"""The real feeds of the corpus, served on loopback, polled three times."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from io import BytesIO

import feedparser
from corpus import Corpus
from houses import House

NEW_ITEMS = 5


def is_readable(document: bytes) -> bool:
    """Whether feedparser finds entries: what "a feed that can be read" means here."""
    return bool(feedparser.parse(BytesIO(document), sanitize_html=False, resolve_relative_uris=False).entries)


def test_three_rounds_over_every_real_feed(house: House, corpus: Corpus) -> None:
    documents = {f"/{file.name}": file.read_bytes() for file in corpus.feeds}
    house.feed_urls = [house.feeds.put(path, body) for path, body in documents.items()]
    readable = {house.feeds.url(path) for path, body in documents.items() if is_readable(body)}

    first = house.once()
    assert first.feeds == len(documents)
    assert {state.url for state in house.store().feed_states() if state.baseline_at} == readable
    told = house.told()

    house.clock.advance(timedelta(hours=1))
    second = house.once()
    assert (second.not_modified, second.fetched) == (len(readable), 0)
    assert (second.entries_new, second.alerts, second.delivered) == (0, 0, 0)
    assert house.told() == told

    house.clock.advance(timedelta(hours=1))
    titles = [
        publish_in(house, path, body, number)
        for number, (path, body) in enumerate(
            [(path, body) for path, body in documents.items() if body.count(b"<item>") > 1][:NEW_ITEMS]
        )
    ]
    third = house.once()
    assert (third.fetched, third.entries_new, third.alerts) == (NEW_ITEMS, NEW_ITEMS, NEW_ITEMS)
    assert sorted(house.told()[len(told) :]) == sorted(titles)


def publish_in(house: House, path: str, document: bytes, number: int) -> str:
    """Puts a new item before the first one of a real document; returns its title."""
    title = f"Ceasefire agreed in district {number}"
    item = (
        f"<item><guid isPermaLink='false'>new-{number}</guid><title>{title}</title>"
        f"<link>https://example.org/new/{number}</link><pubDate>{format_datetime(house.clock.now())}</pubDate></item>"
    )
    house.feeds.put(path, document.replace(b"<item>", item.encode() + b"<item>", 1))
    return title
