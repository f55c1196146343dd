"""What a child says is what it read."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, timedelta
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.model.entry import DocumentRepair, Entry, Fingerprints, ParsedFeed, ReaderName, RepairKind, UpdateHints
from watcher.model.fingerprint import fingerprints_of
from watcher.parse.worker import decode_entries, decode_head, encode_feed, with_fingerprints

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
moments = st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0)))
hashes = st.one_of(st.just(""), st.from_regex("[0-9a-f]{32}", fullmatch=True))
ENTRY = {
    "id": texts,
    "link": texts,
    "title": texts,
    "summary": texts,
    "content": st.one_of(texts, st.sampled_from(["ع" * 60_000, "\n", "line\nline", "😀"])),
    "author": texts,
    "published": moments,
    "updated": moments,
    "categories": st.lists(texts, max_size=3).map(tuple),
    "language": st.one_of(st.none(), texts),
    "publisher": st.one_of(st.none(), texts),
}
entries = st.builds(Entry, **ENTRY)
FEED = {
    "reader": st.sampled_from(ReaderName),
    "title": texts,
    "language": st.one_of(st.none(), texts),
    "entries": st.lists(entries, max_size=8).map(tuple),
    "link": texts,
    "ttl": st.one_of(st.none(), st.integers(0, 10**6)),
    "hints": st.builds(
        UpdateHints,
        st.none() | st.integers(1, 10**6).map(lambda seconds: timedelta(seconds=seconds)),
        st.lists(st.integers(0, 23), max_size=3).map(tuple),
        st.lists(st.integers(0, 6), max_size=3).map(tuple),
    ),
    "hashes": st.lists(st.from_regex("[A-Za-z0-9+/]{8}", fullmatch=True), max_size=3).map(tuple),
    "unchanged": st.lists(st.from_regex("[A-Za-z0-9+/]{8}", fullmatch=True), max_size=3).map(tuple),
    "fingerprints": st.lists(st.builds(Fingerprints, hashes, hashes), max_size=3).map(tuple),
    "repairs": st.lists(st.builds(DocumentRepair, st.sampled_from(RepairKind), texts), max_size=2).map(tuple),
}
feeds = st.builds(ParsedFeed, **FEED)


def received(frames: list[bytes]) -> ParsedFeed:
    head = decode_head(frames[0])
    assert isinstance(head, ParsedFeed)
    batches = [decode_entries(frame) for frame in frames[1:]]
    assert all(batches)
    return replace(head, entries=tuple(chain(*batches)))


@settings(max_examples=150, deadline=None)
@given(feeds)
@pytest.mark.slow
def test_any_feed(feed: ParsedFeed) -> None:
    read = received(list(encode_feed(feed)))
    assert [getattr(read, one.name) for one in fields(feed)] == [getattr(feed, one.name) for one in fields(feed)]


def test_a_long_feed_comes_in_frames_of_bounded_size() -> None:
    feed = ParsedFeed(
        ReaderName.LXML, "", None, tuple(Entry(str(number), "", "", content="x" * 90_000) for number in range(20))
    )
    frames = list(encode_feed(feed))
    assert len(frames) > 5
    assert max(map(len, frames)) < 500_000
    assert received(frames) == feed


def test_what_utf8_cannot_say_is_replaced_and_shifts_nothing() -> None:
    feed = ParsedFeed(
        ReaderName.LXML, "\ud800", None, (Entry("", "", "", "a\udfffb", "c"), Entry("", "", "", "d", "e\ud800f"))
    )
    read = received(list(encode_feed(feed)))
    assert read.title == "?"
    assert [(entry.summary, entry.content) for entry in read.entries] == [("a?b", "c"), ("d", "e?f")]


def test_fingerprints_are_made_of_the_first_entries_up_to_a_limit() -> None:
    """The daemon makes those that are left."""
    long = tuple(Entry(str(number), "", f"Title {number}", content="word " * 19_000) for number in range(20))
    made = with_fingerprints(ParsedFeed(ReaderName.LXML, "", None, long)).fingerprints
    assert 0 < len(made) < len(long)
    assert made == tuple(map(fingerprints_of, long[: len(made)]))


def test_every_field_has_a_strategy() -> None:
    """A new field must pass through, too: add it to the strategies above, unless it is set only later."""
    assert {one.name for one in fields(Entry)} == {*ENTRY, "from_page"}
    assert {one.name for one in fields(ParsedFeed)} == set(FEED)
