"""Words for sketches: the quick way for plain texts and the general one agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.story.words import split_words, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Al-Hol: 12,500 people, 3.5 per cent.", "al hol 12,500 people 3.5 per cent"),
        ("At 10:30 (on 1.2.2026), no. 7.", "at 10:30 on 1.2.2026 no 7"),
        ("the 12th of 1,2 and 3,4,5 ...", "the 12th of 1,2 and 3,4,5"),
        ("don\u2019t \u2013 \u201cDEA\u015e\u201d", "don t deas"),
        ("\u0641\u0650\u0631\u0651 3,5", "\u0641\u0631 3,5"),
        ("\u6771\u4eac5", "\u6771 \u4eac 5"),
        ("snake_case \u2192 arrow", "snake case arrow"),
        ("", ""),
    ],
)
def test_words(text: str, words: str) -> None:
    assert words_of(text) == words.encode().split()


@given(st.text(alphabet="ab1., :_-\u2192", max_size=40))
def test_a_foreign_letter_changes_no_other_word(text: str) -> None:
    assert split_words(f"{text} \u05d0") == [*split_words(text), "\u05d0".encode()]
