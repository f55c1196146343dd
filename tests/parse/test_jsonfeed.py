"""JSON Feed 1.0 and 1.1."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.errors import ParseError, PollReason
from watcher.model.entry import Entry, ParsedFeed, RepairKind
from watcher.parse.document import parse_document
from watcher.parse.normalise import MANY_ENTRIES
from watcher.parse.worker import decode_entries, decode_head, encode_feed

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


def read(text: str) -> ParsedFeed:
    return parse_document(text.encode("utf-8", "surrogatepass"), url=URL, headers={})


def with_items(items: str) -> str:
    return f'{{"version": "https://jsonfeed.org/version/1.1", "items": [{items}]}}'


@pytest.mark.parametrize(
    ("item", "entry"),
    [
        ('{"id": NaN, "title": "a"}', Entry("", "", "a")),
        ('{"id": 1e99999, "title": "a"}', Entry("", "", "a")),
        ('{"id": true, "title": "a"}', Entry("", "", "a")),
        ('{"id": [[[1]]], "url": {}, "title": 7, "summary": "a", "authors": {}, "tags": "x"}', Entry("", "", "", "a")),
        ('{"id": 123456789012345678901234567890}', Entry("123456789012345678901234567890", "", "")),
        (r'{"id": "a\ud800", "title": "\udfffb"}', Entry("a", "", "b")),
        ('{"id": "a", "id": "b"}', Entry("b", "", "")),
        ('{"id": "a", "date_published": "NaN", "date_modified": 20250106}', Entry("a", "", "")),
        ('{"id": "a", "url": "javascript:alert(1)"}', Entry("a", "", "")),
        ('{"id": "a", "content_html": null, "content_text": "c"}', Entry("a", "", "", content="c")),
    ],
)
def test_oddities(item: str, entry: Entry) -> None:
    assert read(with_items(item)).entries == (entry,)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (with_items(f'{{"id": {"9" * 5_000}}}'), PollReason.MALFORMED),
        (with_items("[" * 200_000), PollReason.MALFORMED),
        (with_items("[" * 200_000 + "]" * 200_000), PollReason.MALFORMED),
        (with_items('{"title": "\ud800'), PollReason.MALFORMED),
        ('{"version": 1.1, "items": []}', PollReason.NOT_A_FEED),
        ('{"version": "https://jsonfeed.org/version/1.1", "items": {}}', PollReason.NOT_A_FEED),
        ("[]", PollReason.NOT_A_FEED),
    ],
)
def test_what_is_no_json_feed_is_refused_with_a_reason(text: str, reason: PollReason) -> None:
    with pytest.raises(ParseError) as refused:
        read(text)
    assert refused.value.reason is reason


def test_of_very_many_items_the_first_are_read() -> None:
    assert len(read(with_items(",".join(['{"id": 1}'] * (MANY_ENTRIES + 1)))).entries) == MANY_ENTRIES


texts = st.text(st.characters(exclude_categories=()), max_size=8) | st.sampled_from(
    ["https://example.org/a", "/a", "2025-01-06T10:00:00Z", "<p>a</p>", "<" * 9, "\x00", "\u202e", "en-US", "null"]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
AUTHOR = st.dictionaries(st.sampled_from(["name", "url", "avatar"]), anything)
ITEM = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("id", "url", "external_url", "title", "summary", "content_html", "content_text", "date_published", "date_modified", "author", "tags", "language", "attachments"), anything)
    | {"authors": st.lists(AUTHOR | anything, max_size=3)},
)  # fmt: skip
DOCUMENT = st.fixed_dictionaries(
    {"version": st.just("https://jsonfeed.org/version/1.1") | anything, "items": st.lists(ITEM | anything, max_size=4)},
    optional=dict.fromkeys(("title", "language", "home_page_url", "feed_url", "authors", "expired"), anything),
)


def check_is_plain(feed: ParsedFeed) -> None:
    """What every reader promises, and what the parent of a child receives."""
    head, *batches = encode_feed(feed)
    entries = [entry for batch in batches for entry in decode_entries(batch)]
    assert replace(decode_head(head), entries=tuple(entries)) == feed
    for entry in feed.entries:
        texts_of = (entry.id, entry.link, entry.title, entry.summary, entry.content, entry.author, *entry.categories)
        assert all(isinstance(text, str) for text in texts_of)
        "".join(texts_of).encode("utf-8")
        assert not any(character in "\x00\u202e" for text in texts_of for character in text)
        assert not entry.link or entry.link.startswith(("http://", "https://"))
        assert all(date is None or date.tzinfo is not None for date in (entry.published, entry.updated))


@given(DOCUMENT)
@pytest.mark.slow
def test_wrong_types_are_left_out(document: dict[str, object]) -> None:
    with suppress(ParseError):
        feed = read(json.dumps(document))
        assert feed.reader == "jsonfeed"
        check_is_plain(feed)


@given(
    DOCUMENT,
    st.booleans(),
    st.lists(
        st.tuples(st.integers(0, 2_000), st.sampled_from([*b'{}[]",:\\\x00\xff0-eN \xed']), st.booleans()), max_size=5
    ),
)
@pytest.mark.slow
def test_bytes_gone_wrong_end_in_a_feed_or_a_named_reason(
    document: dict[str, object], as_ascii: bool, edits: list[tuple[int, int, bool]]
) -> None:
    body = bytearray(json.dumps(document, ensure_ascii=as_ascii).encode("utf-8", "surrogatepass"))
    for anywhere, byte, inserted in edits:
        position = anywhere % len(body)
        body[position : position + (not inserted)] = bytes([byte])
    with suppress(ParseError):
        check_is_plain(parse_document(bytes(body), url=URL, headers={}))


ITEMS = '"items": [{"id": "1", "title": "One", "content_html": "<p>x</p>"}, {"id": "2", "title": "Two"}]'


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f'{{"version": "https://jsonfeed.org/version/1", {ITEMS}}}', None),
        (f'{{"title": "no version", {ITEMS}}}', None),
        (f'{{"version": 1, {ITEMS}}}', None),
        (f"{{{ITEMS.replace('<p>x', chr(10) + '<p>x' + chr(9) + chr(1))}}}", RepairKind.MARKUP),
        (f"{{{ITEMS.replace('}]', '},]')},}}", RepairKind.MARKUP),
        (f"{{{ITEMS}}}<script>x()</script>", RepairKind.MARKUP),
        (f"{{{ITEMS}", RepairKind.TRUNCATED),
        (f'{{{ITEMS[:-1]}, {{"id": "3", "ti', RepairKind.TRUNCATED),
        (f'{{"title": "x", {ITEMS[:-1]},', RepairKind.TRUNCATED),
    ],
)
def test_damaged_json_is_read_as_far_as_it_goes(text: str, kind: RepairKind | None) -> None:
    feed = read(text)
    assert [entry.title for entry in feed.entries] == ["One", "Two"]
    assert [repair.kind for repair in feed.repairs] == ([] if kind is None else [kind])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_json_in_wide_encodings(encoding: str) -> None:
    body = f'{{"version": "https://jsonfeed.org/version/1", "title": "إضراب", {ITEMS}}}'.encode(encoding)
    feed = parse_document(body, url=URL, headers={})
    assert (feed.title, len(feed.entries), feed.repairs) == ("إضراب", 2, ())


def test_bad_bytes_in_json_cost_themselves() -> None:
    body = with_items('{"id": "1", "title": "إضراب X"}').encode().replace(b"X", b"\xff")
    feed = parse_document(body, url=URL, headers={})
    assert feed.entries[0].title == "إضراب \ufffd"
    assert [repair.kind for repair in feed.repairs] == [RepairKind.ENCODING]


def test_dates_may_be_seconds_or_milliseconds() -> None:
    entry = read(with_items('{"id": "1", "date_published": 1736157600, "date_modified": 1736157600000}')).entries[0]
    assert entry.published == entry.updated == datetime(2025, 1, 6, 10, tzinfo=UTC)


def test_an_attachment_lends_its_link() -> None:
    assert (
        read(with_items('{"id": "1", "attachments": [{"url": "/1.mp3"}]}')).entries[0].link
        == "https://example.org/1.mp3"
    )
