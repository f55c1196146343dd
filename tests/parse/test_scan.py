"""Words in documents, in C and in Python; declarations, whose line may be all of a document."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from feedparser.urls import _urljoin
from hypothesis import example, given, settings
from hypothesis import strategies as st

from watcher.parse import scan
from watcher.parse.feedparser_rules import _DECLARED_ENCODING, _declared_encoding, resolve
from watcher.parse.scan import count, count_in_python, find, find_in_python

only_compiled = pytest.mark.skipif(
    count is count_in_python, reason="not compiled: install a C compiler and run `make clean test`"
)

addresses = st.one_of(
    st.text(st.sampled_from("ab/.:?#&;=@ é%[]\\-+\n"), max_size=12),
    st.builds(
        "{}{}".format,
        st.sampled_from(["tag:", "urn:", "yt:", "TAG:", "http://", "https://", "http:", "//", "ftp://", "mailto:"]),
        st.text(st.sampled_from("ab/.:?#&;=@é%["), max_size=10),
    ),
)


@only_compiled
@settings(max_examples=1_000)
@given(
    st.lists(st.sampled_from([b"xmlns", b"xml", b"x", b"ns", b"<!ENTITY", b"<!", b"?>", b"?", b"\x00"])).map(b"".join),
    st.sampled_from([(b"xmlns", 0), (b"<!ENTITY", 1), (b"?>", 0), (b"xx", 1), (b"x", 0)]),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_any_document(document: bytes, word: tuple[bytes, int], start: int, end: int) -> None:
    assert find(document, *word) == find_in_python(document, *word)
    assert find(document, *word, start, end) == find_in_python(document, *word, start, end)
    assert count(document, *word) == count_in_python(document, *word)
    assert count(document, *word, start, end) == count_in_python(document, *word, start, end)


@only_compiled
@pytest.mark.parametrize(
    "arguments",
    [("a", b"a", 0), (b"a", "a", 0), (b"a", b"", 0), (b"a", b"a", 1), (b"a", b"a", -1), (b"a", b"a", 0, -1), (b"a", b"a", None)],
)  # fmt: skip
def test_wrong_arguments_are_refused(arguments: tuple[bytes, bytes, int]) -> None:
    for function in (find, count):
        with pytest.raises((TypeError, ValueError)):
            function(*arguments)


@only_compiled
def test_what_is_compiled_is_what_is_there() -> None:
    from watcher.parse._scan import SOURCE

    source = Path(scan.__file__).with_name("_scan.c").read_bytes()
    assert hashlib.sha256(source).hexdigest() == SOURCE, "edited since it was compiled: run `make .venv/.ready`"


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
