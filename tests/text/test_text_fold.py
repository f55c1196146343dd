"""Folding: spellings that must be one, and what must not change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.text.fold import fold


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("İSTANBUL", "istanbul"),
        ("IŞİD", "ışid"),
        ("DEAŞ", "deas"),
        ("Straße", "STRASSE"),
        ("Hasekê", "Haseke"),
        ("Øresund", "oresund"),
        ("Łódź", "lodz"),
        ("Ёлка", "елка"),
        ("ﬁle", "file"),
        ("ＷＨＯ", "who"),
        ("السِّجْنُ", "السجن"),
        ("ســجن", "سجن"),
        ("أحمد", "احمد"),
        ("إدلب", "ادلب"),
        ("آتش", "اتش"),
        ("مدرسة", "مدرسه"),
        ("كوردستان", "کوردستان"),
        ("علی", "علي"),
        ("هەسەدە", "ههسهده"),
        ("آتش\u200cبس", "آتشبس"),
        ("شَلוֹם", "شَلום"),
        ("de\u00adtention", "detention"),
        ("\u200eSyria\u200f", "Syria"),
        ("٢٠٢٦", "2026"),
        ("۱۹۱۸", "1918"),
    ],
)
def test_two_spellings_of_a_word_are_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Hol", "Hall"), ("داعش", "دعش"), ("گ", "ك"), ("پ", "ب"), ("が", "か"), ("한국", "한구")],
)
def test_different_words_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet="abcčçşığüöİI ßøæ"))
def test_case_does_not_matter(text: str) -> None:
    assert fold(text.upper()) == fold(text.lower()) == fold(text)
