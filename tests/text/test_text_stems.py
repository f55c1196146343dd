"""Stems in each language, and what keeps languages apart."""

from __future__ import annotations

import pytest

from watcher.text.stems import languages_for, stems, without_arabic_prefixes


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("en", ("prison", "prisons", "PRISONS")),
        ("tr", ("cezaevi", "cezaevinden", "cezaevlerinin", "CEZAEVİ", "CEZAEVLERİ")),
        ("tr", ("ateşkes", "ateşkesi", "ATEŞKESİ")),
        ("fr", ("évasion", "évasions", "evasion", "ÉVASIONS")),
        ("es", ("prisión", "prision", "prisiones")),
        ("ru", ("тюрьма", "тюрьмы", "тюрьме")),
        ("de", ("Häftling", "Häftlinge", "HÄFTLINGE")),
        ("ar", ("المحتجزين", "محتجزين")),
        ("fa", ("زندان", "زندانها")),
    ],
)
def test_forms_of_a_word_share_a_stem(language: str, forms: tuple[str, ...]) -> None:
    first = stems(forms[0], language)
    assert all(first & stems(form, language) for form in forms)


@pytest.mark.parametrize(("language", "term", "text"), [("es", "DEAŞ", "de"), ("fr", "série", "ser")])
def test_a_stem_that_lost_most_of_its_word_is_not_trusted(language: str, term: str, text: str) -> None:
    assert not stems(term, language) & stems(text, language)


def test_only_languages_of_the_same_script_stem_a_word() -> None:
    spoken = ("en", "ar", "tr", "ru", "ku", "zh")
    assert languages_for("prison", spoken) == ("en", "tr", "ku")
    assert languages_for("سجن", spoken) == ("ar",)
    assert languages_for("тюрьма", spoken) == ("ru",)
    assert languages_for("监", spoken) == ()


@pytest.mark.parametrize(
    ("word", "bare"), [("والسجون", "سجون"), ("بالسجن", "سجن"), ("للسجن", "سجن"), ("وسجن", "سجن"), ("لوقف", "وقف")]
)
def test_arabic_prefixes(word: str, bare: str) -> None:
    assert bare in without_arabic_prefixes(word)


def test_too_short_an_arabic_rest_is_left_whole() -> None:
    assert without_arabic_prefixes("كلب") == set()
