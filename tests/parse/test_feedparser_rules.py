"""Shortcuts over feedparser's own rules: declarations, whose line may be all of a document, and addresses."""

from __future__ import annotations

from feedparser.urls import _urljoin
from hypothesis import example, given, settings
from hypothesis import strategies as st

from watcher.parse.feedparser_rules import _DECLARED_ENCODING, _declared_encoding, resolve

addresses = st.one_of(
    st.text(st.sampled_from("ab/.:?#&;=@ é%[]\\-+\n"), max_size=12),
    st.builds(
        "{}{}".format,
        st.sampled_from(["tag:", "urn:", "yt:", "TAG:", "http://", "https://", "http:", "//", "ftp://", "mailto:"]),
        st.text(st.sampled_from("ab/.:?#&;=@é%["), max_size=10),
    ),
)


@settings(max_examples=1_000)
@given(st.lists(st.sampled_from([b"<?xml ", b"encoding='a'", b'encoding="b"', b" ", b"?>", b"?", b">", b"\n", b"<?"])))
@example([b"<?xml ", b"encoding='a'", b"?>", b"encoding='b'", b"?>"])
@example([b"<?xml ", b"\n", b"encoding='a'", b"?>"])
def test_a_declared_encoding_is_what_the_whole_line_says(pieces: list[bytes]) -> None:
    document = b"".join(pieces)
    declared, expected = _declared_encoding(document), _DECLARED_ENCODING.match(document)
    assert (declared and declared.groups()) == (expected and expected.groups())


@settings(max_examples=1_000)
@given(
    st.sampled_from(["", "https://example.org/feeds/feed.xml", "http://example.org?a#b", "tag:x", "urn:y"]), addresses
)
def test_an_address_taken_as_it_is_would_not_have_changed(base: str, address: str) -> None:
    assert resolve(base, address) == _urljoin(base, address)
