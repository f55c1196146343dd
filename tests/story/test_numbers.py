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


FRACTIONS = {
    "1500000": """
        one and a half million people | a million and a half | 1.5 million | anderthalb Millionen |
        eineinhalb Millionen | полтора миллиона | півтора мільйона | مليون ونصف | مليون ونصف المليون |
        bir buçuk milyon | un million et demi | un millón y medio | یک و نیم میلیون | מיליון וחצי |
        milyon û nîv | milyonek û nîv | yek û nîv milyon | ملیۆنێک و نیو | anderhalf miljoen |
        un milione e mezzo | um milhão e meio | 一百五十万 | 150万 | 1,5 миллиона
    """,
    "500000": """
        half a million | eine halbe Million | полмиллиона | півмільйона | نصف مليون | yarım milyon |
        un demi-million | medio millón | نیم میلیون | חצי מיליון | nîv milyon | نیو ملیۆن | een half miljoen |
        mezzo milione | meio milhão
    """,
    "6": """
        half a dozen | ein halbes Dutzend | une demi-douzaine | media docena
    """,
    "2500": """
        two and a half thousand | zweieinhalb tausend | iki buçuk bin
    """,
    "2500000": """
        2 and a half million | two million and a half | два с половиной миллиона | مليونين ونصف المليون |
        iki buçuk milyon | deux millions et demi | dos millones y medio | دو و نیم میلیون | שני מיליון וחצי
    """,
    "250000": """
        a quarter of a million | eine Viertelmillion | четверть миллиона | ربع مليون | çeyrek milyon |
        un quart de million | un cuarto de millón | ربع میلیون | רבע מיליון
    """,
    "750000": """
        three quarters of a million
    """,
    "1500": """
        полторы тысячи | около полутора тысяч | ألف ونصف
    """,
    "3500000": """
        ثلاثة ملايين ونصف
    """,
    "2.5": """
        two and a half years | 2.5 years
    """,
    "1.5": """
        полтора месяца
    """,
}


@pytest.mark.parametrize(
    ("value", "text"), [(value, text) for value, row in FRACTIONS.items() for text in row.split("|")]
)
def test_halves_and_quarters_belong_to_the_number_that_they_are_beside(value: str, text: str) -> None:
    assert [number.value for number in wording_of(text).spans] == [value]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("half of the town fled", []),
        ("the second half began", []),
        ("a thousand and half of them", ["1000"]),
        ("half of a village", []),
        ("شهر ونصف", []),
        ("половина города", []),
        ("la media del país", []),
        ("medio ambiente", []),
        ("mi-temps", []),
        ("yarım saat", []),
        ("חצי מהעיר", []),
        ("a quarter of the vote", []),
        ("the first quarter", []),
        ("twenty and half a million", ["20", "500000"]),
        ("half a day", []),
        ("nine and a half", ["9.5"]),
        ("نصف المدينة", []),
        ("media 300", ["300"]),
    ],
)
def test_halves_of_other_things_are_no_numbers(text: str, values: list[str]) -> None:
    assert [number.value for number in wording_of(text).spans] == values
