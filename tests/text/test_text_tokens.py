"""Tokens: every hyphen alike, positions that stand in the original text, scripts without spaces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.text.letters import is_unspaced
from watcher.text.tokens import chunks, piece_spans, pieces, runs, words

JOINERS = "-\u2010\u2011\u2012\u2013'\u2019\u2018\u02bc\u200c`\u00b4\u2212\uff0d"


@pytest.mark.parametrize("joiner", JOINERS)
def test_every_hyphen_and_apostrophe_separates_and_joins(joiner: str) -> None:
    assert words(f"al{joiner}Hol camp") == ["al", "hol", "camp"]
    assert [text for _, _, text in runs(pieces(f"al{joiner}Hol"))] == ["alHol"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("U.S. forces, end.", ["u", "s", "forces", "end"]),
        ("Suriye'nin DEAŞ'lı", ["suriye", "nin", "deas", "li"]),
        ("war\u2014the truce", ["war", "the", "truce"]),
        ("snake_case @handle #tag", ["snake", "case", "handle", "tag"]),
        ("叙利亚 abc", ["叙", "利", "亚", "abc"]),
        ("IS在叙利亚", ["is", "在", "叙", "利", "亚"]),
        ("de\u00adten\u00adtion", ["detention"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("السِّجْنُ في", ["السجن", "في"]),
        ("", []),
        (" \u200f\u00ad 😀 — ", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_numbers_are_not_joined() -> None:
    assert runs(pieces("3.5")) == []
    assert runs(pieces("2024-3094")) == []
    assert runs(pieces("F-16")) == [(0, 2, "F16")]


@given(st.text())
def test_the_pieces_stand_at_their_places_in_the_original(text: str) -> None:
    expected = [piece for chunk in chunks(text) for piece in pieces(chunk)]
    assert [text[start:end] for start, end in piece_spans(text)] == expected


@given(st.text())
def test_no_piece_reaches_over_a_space(text: str) -> None:
    assert [piece for token in text.split() for piece in words(token)] == words(text)


def test_unspaced_scripts() -> None:
    assert all(map(is_unspaced, ("监狱", "カタカナ", "คุก")))
    assert not any(map(is_unspaced, ("prison", "سجن", "감옥", "тюрьма")))


@given(st.text(alphabet="ab1 -'\u02bc\u02be.@:/中é"))
def test_spans_and_pieces_cut_alike(text: str) -> None:
    assert [text[start:end] for start, end in piece_spans(text)] == [
        piece for chunk in chunks(text) for piece in pieces(chunk)
    ]
