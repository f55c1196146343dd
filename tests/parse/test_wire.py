"""What a child says is what it read."""

from __future__ import annotations

from datetime import UTC
from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.model.entry import Entry, ParsedFeed
from watcher.parse.ipc import decode_entries, decode_head, encode_feed

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
moments = st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0)))
entries = st.builds(
    Entry,
    id=texts,
    link=texts,
    title=texts,
    summary=texts,
    content=st.one_of(texts, st.sampled_from(["ع" * 60_000, "\n", "line\nline", "😀"])),
    author=texts,
    published=moments,
    updated=moments,
    categories=st.lists(texts, max_size=3).map(tuple),
    language=st.one_of(st.none(), texts),
    publisher=st.one_of(st.none(), texts),
)
feeds = st.builds(
    ParsedFeed,
    reader=st.sampled_from(["swift", "tolerant", "jsonfeed"]),
    title=texts,
    language=st.one_of(st.none(), texts),
    entries=st.lists(entries, max_size=8).map(tuple),
    link=texts,
    ttl=st.one_of(st.none(), st.integers(0, 10**6)),
)


def received(frames: list[bytes]) -> ParsedFeed:
    head = decode_head(frames[0])
    assert isinstance(head, ParsedFeed)
    batches = [decode_entries(frame) for frame in frames[1:]]
    assert [bool(batch) for batch in batches] == [True] * (len(batches) - 1) + [False], (
        "the last frame, and no other, is empty"
    )
    return ParsedFeed(head.reader, head.title, head.language, tuple(chain(*batches)), head.link, head.ttl)


@settings(max_examples=300, deadline=None)
@given(feeds)
def test_any_feed(feed: ParsedFeed) -> None:
    assert received(list(encode_feed(feed))) == feed


def test_a_long_feed_comes_in_frames_of_bounded_size() -> None:
    feed = ParsedFeed(
        "swift", "", None, tuple(Entry(str(number), "", "", content="x" * 90_000) for number in range(20))
    )
    frames = list(encode_feed(feed))
    assert len(frames) > 5
    assert max(map(len, frames)) < 500_000
    assert received(frames) == feed


def test_what_utf8_cannot_say_is_replaced_and_shifts_nothing() -> None:
    feed = ParsedFeed("swift", "\ud800", None, (Entry("", "", "", "a\udfffb", "c"), Entry("", "", "", "d", "e\ud800f")))
    read = received(list(encode_feed(feed)))
    assert read.title == "?"
    assert [(entry.summary, entry.content) for entry in read.entries] == [("a?b", "c"), ("d", "e?f")]
