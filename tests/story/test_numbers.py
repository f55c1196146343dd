"""Numbers in digits and words of many languages."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.story.numbers import numbers_in
from watcher.story.wording import wording_of


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("twenty-three people", "23"),
        ("two hundred and fifty people", "250"),
        ("12,500 people and 3.5 per cent", "12500 3.5"),
        ("12.500 Menschen", "12500"),
        ("1.5 million people", "1500000"),
        ("three hundred thousand", "300000"),
        ("two of three", "2 3"),
        ("dozens, then hundreds", "~10 ~100"),
        ("at 10:30", ""),
        ("on two occasions", "2"),
        ("خمسة عشر شخصا", "15"),
        ("خمسة وعشرون شخصا", "25"),
        ("ثلاثمئة وعشرات", "300 ~10"),
        ("خمسة آلاف", "5000"),
        ("٢٥ شخصا", "25"),
        ("بیست و پنج نفر", "25"),
        ("otuz beş kişi", "35"),
        ("yüz elli kişi", "150"),
        ("on iki kişi", "12"),
        ("onlarca kişi", "~10"),
        ("двадцать три человека", "23"),
        ("десятки человек", "~10"),
        ("п'ятнадцять людей", ""),
        ("vingt-trois morts", "23"),
        ("quatre-vingt-dix morts", "90"),
        ("soixante-dix morts", "70"),
        ("treinta y cinco muertos", "35"),
        ("veinticinco muertos", "25"),
        ("dreiundzwanzig Tote", "23"),
        ("Dutzende Tote", "~10"),
        ("עשרים וחמישה נהרגו", "25"),
        ("יותר ממאה", "100"),
        ("二十五人", "25"),
        ("ventitré morti", "23"),
    ],
)
def test_values(text: str, values: str) -> None:
    assert [number.value for number in wording_of(text).spans] == values.split()


@given(
    st.lists(st.sampled_from(["five", "and", "hundred", "thousand", "twenty", "خمسة", "وعشرون", "千", "3", "x", "on"]))
)
def test_numbers_are_apart_and_in_order(words: list[str]) -> None:
    found = numbers_in(words)
    assert all(number.start < number.end <= len(words) for number in found)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))
