"""Two readers, one result: what the swift reader reads is what feedparser reads."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import feedparser
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.harness.corpus import Corpus
from tests.harness.feed_generator import feeds
from watcher.errors import ParseError
from watcher.model.entry import Entry, ParsedFeed
from watcher.parse.document import parse_document
from watcher.parse.entry_builder import NeedsFeedparser
from watcher.parse.feedparser_reader import _entry, _string, _text, read_with_feedparser, shown_headers
from watcher.parse.lxml_reader import read_well_formed
from watcher.parse.normalise import normalise
from watcher.parse.raw import RawFeed

URL = "https://example.org/feeds/feed.xml"
HEADERS = shown_headers({}, URL)
DIFFERENCES = Path(__file__).parents[2] / "bench" / "differences.yaml"

DAMAGES: Mapping[str, Callable[[bytes], bytes]] = {
    "a script after the end": lambda body: body + b'\n<script data-x="false" src="/email-decode.min.js"></script>',
    "blank lines before the declaration": lambda body: b"\n\n " + body,
    "control characters": lambda body: re.sub(rb"(<title>(?:<!\[CDATA\[)?\w+)", b"\\1\x0b\x08 ", body),
    "names of HTML": lambda body: re.sub(rb"(<title>\w+ )", b"\\1&nbsp;&eacute;&foo; ", body),
    "prefixes not declared": lambda body: re.sub(rb" xmlns:(dc|media|content|itunes|slash)=([\"']).*?\2", b"", body),
}


def swift_or_none(body: bytes) -> ParsedFeed | None:
    try:
        return replace(normalise(read_well_formed(body, url=URL, headers=HEADERS), url=URL), reader="any")
    except NeedsFeedparser:
        return None


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(feeds)
def test_swift_reads_what_feedparser_reads_or_says_that_it_is_not_certain(body: bytes) -> None:
    swift = swift_or_none(body)
    if swift is None:
        return
    raw = read_with_feedparser(body, headers=HEADERS)
    assert raw is not None or not swift.entries
    if raw is not None:
        assert swift == replace(normalise(raw, url=URL), reader="any")


def test_the_corpus_is_read_alike_and_nearly_all_of_it_swiftly(
    corpus: Corpus, by_feedparser: Callable[[bytes], ParsedFeed]
) -> None:
    swift = 0
    for path in corpus.feeds:
        body = path.read_bytes()
        ours = parse_document(body, url=URL, headers={})
        swift += ours.reader == "swift"
        assert replace(ours, reader="any") == by_feedparser(body), path.name
    assert swift >= 0.95 * len(corpus.feeds)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_feed_is_mended_only_to_what_feedparser_makes_of_it(
    damage: str, corpus: Corpus, by_feedparser: Callable[[bytes], ParsedFeed]
) -> None:
    mended = 0
    for path in corpus.feeds[::12]:
        body = DAMAGES[damage](path.read_bytes())
        swift = swift_or_none(body)
        mended += swift is not None
        assert swift is None or swift == by_feedparser(body), path.name
    assert mended


def test_what_differs_from_feedparser_with_its_defaults_is_listed_with_a_reason(corpus: Corpus) -> None:
    """feedparser's HTML passes are on here; ids, links, titles and dates are equal, listed texts are not."""
    listed = yaml.safe_load(DIFFERENCES.read_text(encoding="utf-8"))["corpus"]
    expected = {(item["feed"], item["entry"], item["field"]) for item in listed}
    assert all(item["reason"] for item in listed)
    found = set()
    with_listed = {feed for feed, _, _ in expected}
    for number, path in enumerate(corpus.feeds):
        if number % 5 and path.stem not in with_listed:
            continue  # feedparser with its HTML passes is slow
        body = path.read_bytes()
        ours = parse_document(body, url=URL, headers={}).entries
        theirs = with_defaults(body)
        assert len(ours) == len(theirs), path.name
        for position, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            found |= {(path.stem, position, field.name) for field in fields(Entry) if differs(mine, other, field.name)}
    assert found == expected


def differs(mine: Entry, other: Entry, field: str) -> bool:
    return bool(getattr(mine, field) != getattr(other, field))


def with_defaults(body: bytes) -> tuple[Entry, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        document: Any = feedparser.parse(io.BytesIO(body), response_headers=dict(HEADERS))
    raw = RawFeed(
        "any",
        _text(document.feed, "title"),
        _string(document.feed, "link"),
        entries=list(map(_entry, document.entries)),
    )
    return normalise(raw, url=URL).entries


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(feeds)
def test_a_truncated_feed_is_read_or_refused_but_never_worse(body: bytes) -> None:
    for cut in (len(body) // 3, len(body) // 2, len(body) - 5):
        with suppress(ParseError):
            parse_document(body[:cut], url=URL, headers={})


edits = st.lists(
    st.tuples(
        st.integers(0, 5000),
        st.sampled_from([b"", b"<", b">", b"&", b'"', b"\x00", b"\xff", b"]]>", b"<![CDATA[", b"<!--", b"&#x110000;"]),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(feeds, edits)
def test_bytes_gone_wrong_end_in_a_feed_or_a_named_reason(body: bytes, edits: list[tuple[int, bytes]]) -> None:
    for anywhere, inserted in edits:
        position = anywhere % len(body)
        body = body[:position] + inserted + body[position + 1 :]
    with suppress(ParseError):
        parse_document(body, url=URL, headers={})
    swift = swift_or_none(body)
    if swift is not None and (raw := read_with_feedparser(body, headers=HEADERS)) is not None:
        assert swift == replace(normalise(raw, url=URL), reader="any")
