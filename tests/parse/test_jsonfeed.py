"""JSON Feed 1.0 and 1.1."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.errors import ParseError
from watcher.parse.document import parse_document

URL = "https://example.org/feed.json"
FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "T",
    "home_page_url": "https://example.org/",
    "language": "en-US",
    "items": [
        {
            "id": 7,
            "url": "/a",
            "title": "A & B",
            "content_html": "<p>one</p><p>two</p>",
            "summary": "s",
            "date_published": "2025-01-06T10:00:00+01:00",
            "date_modified": "2025-01-07T10:00:00Z",
            "authors": [{"name": "Ann"}, {"name": "Ben"}],
            "tags": ["x", 3],
        },
        {"id": "b", "content_text": "a <b> c", "external_url": "https://other.example/", "author": {"name": "Cem"}},
        "not an item",
    ],
}


def test_fields() -> None:
    feed = parse_document(json.dumps(FEED).encode(), url=URL, headers={"content-type": "application/feed+json"})
    first, second = feed.entries
    assert (feed.reader, feed.title, feed.language, feed.link) == ("jsonfeed", "T", "en-US", "https://example.org/")
    assert (first.id, first.link, first.title, first.content) == ("7", "https://example.org/a", "A & B", "one\ntwo")
    assert first.published == datetime(2025, 1, 6, 9, tzinfo=UTC)
    assert first.updated == datetime(2025, 1, 7, 10, tzinfo=UTC)
    assert (first.author, first.categories) == ("Ann, Ben", ("x",))
    assert (second.content, second.link, second.author) == ("a <b> c", "https://other.example/", "Cem")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["title", "items", "language", "home_page_url"]), anything),
    st.lists(anything, max_size=3),
)
def test_wrong_types_are_left_out(fields: dict[str, object], items: list[object]) -> None:
    document = {"version": "https://jsonfeed.org/version/1", "items": items} | fields
    try:
        feed = parse_document(json.dumps(document).encode(), url=URL, headers={})
    except ParseError:
        return
    assert feed.reader == "jsonfeed"
