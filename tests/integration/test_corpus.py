"""The real feeds of the corpus, served on loopback, polled three times."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from io import BytesIO

import feedparser

from tests.harness.corpus import Corpus
from tests.harness.harness import Harness

NEW_ITEMS = 5


def is_readable(document: bytes) -> bool:
    """Whether feedparser finds entries: what "a feed that can be read" means here."""
    return bool(feedparser.parse(BytesIO(document), sanitize_html=False, resolve_relative_uris=False).entries)


def test_three_rounds_over_every_real_feed(harness: Harness, corpus: Corpus) -> None:
    documents = {f"/{file.name}": file.read_bytes() for file in corpus.feeds}
    harness.feed_urls = [harness.feeds.put(path, body) for path, body in documents.items()]
    compose_message = {harness.feeds.url(path) for path, body in documents.items() if is_readable(body)}

    first = harness.once()
    assert first.feeds == len(documents)
    assert {state.url for state in harness.store().feeds.states() if state.baseline_at} == compose_message
    told = harness.alerted_titles()

    harness.clock.advance(timedelta(hours=1))
    second = harness.once()
    assert (second.not_modified, second.fetched) == (len(compose_message), 0)
    assert (second.entries_new, second.alerts, second.delivered) == (0, 0, 0)
    assert harness.alerted_titles() == told

    harness.clock.advance(timedelta(hours=1))
    titles = [
        publish_in(harness, path, body, number)
        for number, (path, body) in enumerate(
            [(path, body) for path, body in documents.items() if body.count(b"<item>") > 1][:NEW_ITEMS]
        )
    ]
    third = harness.once()
    assert (third.fetched, third.entries_new, third.alerts) == (NEW_ITEMS, NEW_ITEMS, NEW_ITEMS)
    assert sorted(harness.alerted_titles()[len(told) :]) == sorted(titles)


def publish_in(harness: Harness, path: str, document: bytes, number: int) -> str:
    """Puts a new item before the first one of a real document; returns its title."""
    title = f"Ceasefire agreed in district {number}"
    item = (
        f"<item><guid isPermaLink='false'>new-{number}</guid><title>{title}</title>"
        f"<link>https://example.org/new/{number}</link><pubDate>{format_datetime(harness.clock.now())}</pubDate></item>"
    )
    harness.feeds.put(path, document.replace(b"<item>", item.encode() + b"<item>", 1))
    return title
