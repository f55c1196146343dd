"""Two readers, one result: what the lxml reader reads is what feedparser reads."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import feedparser
import pytest
import yaml
from feedparser.mixin import _FeedParserMixin
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.harness.corpus import Corpus
from tests.harness.feed_generator import feeds
from watcher.errors import ParseError
from watcher.model.entry import Entry, ParsedFeed, ReaderName
from watcher.parse.document import parse_document
from watcher.parse.feedparser_reader import raw_entry
from watcher.parse.normalise import RawFeed, normalise
from watcher.parse.xml_names import known_prefix, uri_of_prefix

URL = "https://example.org/feeds/feed.xml"
Read = Callable[[bytes], ParsedFeed | None]
DIFFERENCES = Path(__file__).parents[2] / "bench" / "differences.yaml"

Damage = Callable[[bytes], bytes]

DAMAGES: Mapping[str, tuple[Damage, Damage]] = {
    "a script after the end": (
        lambda body: body + b'\n<script data-x="false" src="/email-decode.min.js"></script>',
        lambda body: body,
    ),
    "blank lines before the declaration": (lambda body: b"\n\n " + body, lambda body: body),
    "control characters": (
        lambda body: re.sub(rb"(<title>(?:<!\[CDATA\[)?\w+)", b"\\1\x0b\x08 ", body),
        lambda body: re.sub(rb"(<title>(?:<!\[CDATA\[)?\w+)", b"\\1 ", body),
    ),
    "names of HTML, raw signs": (
        lambda body: re.sub(rb"(<title>\w+ )", b"\\1&nbsp;&eacute;&foo; & < 3 D&D ", body),
        lambda body: re.sub(rb"(<title>\w+ )", b"\\1&#160;&#233;&amp;foo; &amp; &lt; 3 D&amp;D ", body),
    ),
    "prefixes not declared": (
        lambda body: re.sub(rb" xmlns:(dc|media|content|itunes|slash)=([\"']).*?\2", b"", body),
        lambda body: body,
    ),
}
"""What is done to a document, and the sound document that it then means."""


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=feeds)
def test_lxml_reads_what_feedparser_reads_or_leaves_it_to_that(body: bytes, by_lxml: Read, by_feedparser: Read) -> None:
    feed = by_lxml(body)
    if feed is not None:
        theirs = by_feedparser(body)
        assert theirs is not None or not feed.entries
        assert theirs is None or feed == theirs


def test_the_corpus_is_read_alike_and_nearly_all_of_it_through_lxml(
    corpus: Corpus, by_lxml: Read, by_feedparser: Read
) -> None:
    read = 0
    for path in corpus.feeds:
        body = path.read_bytes()
        feed = by_lxml(body)
        read += feed is not None
        assert feed is None or feed == by_feedparser(body), path.name
    assert read >= 0.95 * len(corpus.feeds)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_feed_is_read_like_the_sound_one_that_it_means(damage: str, corpus: Corpus) -> None:
    damaged, meant = DAMAGES[damage]
    repaired = 0
    for path in corpus.feeds[::12]:
        body = path.read_bytes()
        feed = parse_document(damaged(body), url=URL, headers={})
        assert replace(feed, repairs=()) == parse_document(meant(body), url=URL, headers={}), path.name
        repaired += bool(feed.repairs)
    assert repaired


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
        document: Any = feedparser.parse(io.BytesIO(body), response_headers={"content-location": URL})
    is_atom = document.version.startswith("atom")
    raw = RawFeed(ReaderName.LXML, entries=[raw_entry(entry, is_atom=is_atom) for entry in document.entries])
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


def test_prefixes_of_namespaces_are_those_of_feedparser() -> None:
    namespaces = {uri.lower(): prefix for uri, prefix in _FeedParserMixin.namespaces.items()}
    assert {uri: known_prefix(uri) for uri in namespaces} == namespaces
    first = {prefix: uri for uri, prefix in reversed(namespaces.items())}
    assert {prefix: uri_of_prefix(prefix) for prefix in first} == first


IMPORTS_FEEDPARSER = """
import sys
from watcher.parse.document import parse_document
for document in sys.argv[1:]:
    parse_document(document.encode(), url="https://example.org/feed.xml", headers={})
    print("feedparser" in sys.modules)
"""


def test_feedparser_is_imported_for_the_first_document_that_needs_it() -> None:
    """A quarter of the start of a child would be its import."""
    items = '<item xml:base="b/"><title>A</title><link>a?b=1</link></item>'
    plain = f'<rss version="2.0" xml:base="https://example.org/a/"><channel>{items}</channel></rss>'
    command = [sys.executable, "-c", IMPORTS_FEEDPARSER, plain, plain.replace("</item>", "</entry>")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
