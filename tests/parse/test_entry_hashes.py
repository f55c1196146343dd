"""The hashes by which unchanged entries are passed over."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from tests.harness.corpus import Corpus
from watcher.model.entry import ENTRY_HASH, ParsedFeed
from watcher.parse.document import parse_document
from watcher.parse.normalise import RawEntry, RawFeed, RawText, ReaderName, normalise
from watcher.parse.plaintext import TextKind

URL = "https://example.org/feed.xml"
RAW = RawEntry(id="1", link="https://example.org/1", title=RawText("One", TextKind.HTML))
CHANGED: dict[str, object] = {
    "title": RawText("One", TextKind.PLAIN),
    "summary": RawText("x", TextKind.HTML),
    "contents": [RawText("x", TextKind.HTML)],
    "categories": ["x"],
    "other_links": ["x"],
}


def hash_of(raw: RawEntry, *, url: str = URL, language: str | None = None) -> str:
    (made,) = normalise(RawFeed(ReaderName.LXML, language=language, entries=[raw]), url=url, known_hashes=()).hashes
    assert len(made) == ENTRY_HASH
    return made


@pytest.mark.parametrize("name", [one.name for one in fields(RawEntry)])
def test_every_field_is_in_the_hash(name: str) -> None:
    assert hash_of(replace(RAW, **{name: CHANGED.get(name, "x")})) != hash_of(RAW)


def test_the_base_of_links_and_the_language_of_dates_are_in_the_hash() -> None:
    assert len({hash_of(RAW), hash_of(RAW, url=URL + "?"), hash_of(RAW, language="pl")}) == 3
    assert hash_of(RAW) == hash_of(replace(RAW))


def test_what_utf8_cannot_say_has_a_hash() -> None:
    assert hash_of(replace(RAW, id="\ud800")) != hash_of(replace(RAW, id="\udfff"))


def test_known_entries_are_only_counted(corpus: Corpus) -> None:
    for path in corpus.feeds[::4]:
        body = path.read_bytes()
        whole = parse_document(body, url=URL, headers={}, known_hashes=())
        known = set(whole.hashes[::2])
        short = parse_document(body, url=URL, headers={}, known_hashes=known)
        assert short.unchanged == tuple(hash_ for hash_ in whole.hashes if hash_ in known)
        assert short.hashes == tuple(hash_ for hash_ in whole.hashes if hash_ not in known)
        others = [one for one, hash_ in zip(whole.entries, whole.hashes, strict=True) if hash_ not in known]
        assert short == replace(whole, entries=tuple(others))


def test_empty_entries_have_no_hash_and_nobody_asked_means_none() -> None:
    document = b"<rss version='2.0'><channel><item/><item><title>A</title></item><item><guid/></item></channel></rss>"
    feed: ParsedFeed = parse_document(document, url=URL, headers={}, known_hashes=())
    assert (len(feed.entries), len(feed.hashes)) == (1, 1)
    assert parse_document(document, url=URL, headers={}).hashes == ()
