"""Tokens: every hyphen alike, positions that stand in the original text, scripts without spaces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.text.fold import fold
from watcher.text.tokens import chunks, is_unspaced, pieces, runs, spans, words

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
    assert runs(pieces("F-16")) == []


@given(st.text())
def test_spans_stand_at_the_pieces_in_the_original(text: str) -> None:
    expected = [piece for chunk in chunks(text) for piece in pieces(chunk)]
    assert [text[start:end] for start, end in spans(text)] == expected
    assert [fold(text[start:end]) for start, end in spans(text) if fold(text[start:end])] == words(text)


@given(st.text())
def test_knowing_the_compounds_gives_the_same_spans(text: str) -> None:
    compounds = [number for number, chunk in enumerate(chunks(text)) if len(pieces(chunk)) != 1]
    assert spans(text, compounds) == spans(text)
    assert spans(text, compounds, chunks(text)) == spans(text)


@given(
    st.lists(st.sampled_from(["a", "an", "ana", "an-a", "a'an", " ", ".", "-", "—", "监", "\u0301", "_"])).map("".join)
)
def test_repeated_words_are_told_apart_by_their_places(text: str) -> None:
    ends = [0, *(end for _, end in spans(text))]
    assert all(not words(text[end:start]) for end, (start, _) in zip(ends, spans(text), strict=False))


def test_unspaced_scripts() -> None:
    assert all(map(is_unspaced, ("监狱", "カタカナ", "คุก")))
    assert not any(map(is_unspaced, ("prison", "سجن", "감옥", "тюрьма")))
