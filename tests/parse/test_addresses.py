"""Addresses: a shortcut over feedparser's own rule, and references in them."""

from __future__ import annotations

from feedparser.urls import _urljoin
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.parse.lxml_reader import resolve

addresses = st.one_of(
    st.text(st.sampled_from("ab/.:?#&;=@ é%[]\\-+\n"), max_size=12),
    st.builds(
        "{}{}".format,
        st.sampled_from(["tag:", "urn:", "yt:", "TAG:", "http://", "https://", "http:", "//", "ftp://", "mailto:"]),
        st.text(st.sampled_from("ab/.:?#&;=@é%["), max_size=10),
    ),
)


@settings(max_examples=1_000)
@given(
    st.sampled_from(["", "https://example.org/feeds/feed.xml", "http://example.org?a#b", "tag:x", "urn:y"]), addresses
)
def test_an_address_taken_as_it_is_would_not_have_changed(base: str, address: str) -> None:
    assert resolve(base, address) == _urljoin(base, address)
