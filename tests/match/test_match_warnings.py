"""Warnings about terms that are understood otherwise than they look."""

from __future__ import annotations

import pytest

from tests.harness.topics import compiled, entry, topic
from watcher.match.explain import explain
from watcher.match.percolator import Percolator
from watcher.match.warnings import languages_without_stemmer, reading_of, topic_warnings
from watcher.model.topic import ListMember


@pytest.mark.parametrize(
    "term",
    [
        "Yahoo!",
        "WHO",
        "US",
        "IT",
        "prison?",
        "[camp]",
        "✈ airport",
        '"US"',
        "WHO*",
        "prison$",
        "army. Killed",
        "x",
        "و",
        "/prison/i",
        "news; war",
        "№ 5",
        "50°C",
    ],
)
def test_a_term_that_is_understood_otherwise_is_named(term: str) -> None:
    assert reading_of(term)


def test_a_warning_names_the_remedy() -> None:
    for term, remedy in (("WHO*", '"=WHO"'), ("army. Killed", "near"), ("x", "a longer word")):
        assert remedy in (reading_of(term) or "")


@pytest.mark.parametrize(
    "term",
    ["prison", "1,000", "1.000", "10 000 dead", "T-72 B3", "al-Hol camp", "detain*", "=WHO", "U.S.", "C++", "$100", "50%", "AT&T", "AFP", "“al-Hol”", "Sana'a", "example.org", "F-16", "@x", "وقف إطلاق النار", "9/11", "*kabel", "who", "50 %", "5 €", "50 percent", "A/B", "C#", ".NET", "€5bn", "US$100", "#MeToo", "Gen. Smith", "St. Petersburg", "PKK/YPG", "No. 10", "Hamas*", "的", "ISIS*", "S-300s", "7.2", "army: killed", "non-US", "R&D", "cease-fire", "Taliban’s", "Mi-8"],
)  # fmt: skip
def test_an_ordinary_term_is_not(term: str) -> None:
    assert reading_of(term) is None


def test_words_that_count_for_and_against_are_named_where_they_are_taken_away() -> None:
    raw = topic({3: ["@camps"], -1: ["other", "roj"]}, vocabulary={"camps": ("al-Hol", "Roj")})
    (warning,) = topic_warnings(compiled(raw))
    assert warning.path == "terms.-1.1"
    assert '"roj"' in warning.message
    assert topic_warnings(compiled(topic({3: ["camp"], -1: ["summer camp"]}))) == []


EN_FR = ("en", "fr", "de", "es")


@pytest.mark.parametrize(
    ("languages", "one", "other", "named"),
    [
        (EN_FR, ["striker", "derby"], ["strikes"], {"one.0", "other.0"}),
        (EN_FR, ["Crimea"], ["murder", "crime"], {"one.0", "other.1"}),
        (("tr", "ku"), ["BIST"], [ListMember("bîst", "ku")], {"one.0", "other.0"}),
        (EN_FR, [ListMember("gift", "en")], [ListMember("Gift", "de")], {"one.0", "other.0"}),
        (EN_FR, [ListMember("arrest*", "en")], [ListMember("arrestation", "fr")], {"one.0"}),
        (EN_FR, [ListMember("striker", "fr")], [ListMember("strike", "en")], set()),
        (("ar", "fa"), [ListMember("رمان*", "ar")], [ListMember("فرمانده", "fa")], set()),
        (EN_FR, ["=Crimea"], ["crime"], {"other.0"}),
        (EN_FR, ["prison"], ["prisons"], set()),
        (EN_FR, ["camp"], ["refugee camp"], set()),
        (EN_FR, ["supporters"], ["supporting"], set()),
    ],
)
def test_a_word_of_a_list_that_meets_one_of_another_language_is_named(
    languages: tuple[str, ...], one: list[str | ListMember], other: list[str | ListMember], named: set[str]
) -> None:
    raw = topic({3: ["@one"]}, languages=languages, vocabulary={"one": tuple(one), "other": tuple(other)})
    assert {warning.path for warning in topic_warnings(compiled(raw))} == {f"vocabulary.{place}" for place in named}


def test_languages_without_a_stemmer_are_listed_once() -> None:
    topics = [compiled(topic({3: ["a"]}, languages=("en", code, "ko"))) for code in ("ka", "zh")]
    assert languages_without_stemmer(topics) == ("ka", "ko", "zh")


def test_an_explanation_names_the_word_of_a_list_and_what_satisfied_require() -> None:
    raw = topic(
        {3: ["@daesh", "prison"]},
        near=[(["@daesh"], ["@moved"], 8, 2)],
        require="Peru OR (@places AND prison)",
        vocabulary={
            "daesh": ("ISIS", "Islamic State"),
            "moved": (ListMember("transfer", "en"), "@more"),
            "more": ("fly",),
            "places": ("Syria", "Iraq"),
        },
    )
    found = explain(compiled(raw), entry("ISIS men transferred to a prison in Iraq"))
    words = {part.term: members for part, members in zip(found.parts, found.members, strict=True)}
    assert words == {"@daesh": ("ISIS",), "prison": (), "@daesh … @moved": ("ISIS", "transfer")}
    assert found.required_by == "@places AND prison"


MARKED = {
    "fights": (ListMember("strike", "en"), ListMember("grève", "fr"), ListMember("سجن", "ar"), ListMember("رمان", "ar"))
}


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "strikes", True),
        ("", "strikes", True),
        ("en-GB", "striking", True),
        ("fr", "strikes", False),
        ("fr", "strike", True),
        ("fr", "grèves", True),
        ("de", "grèves", False),
        ("ar", "والسجن", True),
        ("", "والسجن", True),
        ("en", "والسجن", True),
        ("fa", "والسجن", False),
        ("fa", "فرمان", False),
        ("fa", "سجن", True),
        ("fa_IR", "ارمان", False),
    ],
)
def test_forms_of_a_marked_list_count_in_its_language_only(language: str, text: str, expected: bool) -> None:
    raw = topic({5: ["@fights"]}, languages=("en", "fr", "ar", "fa"), vocabulary=MARKED)
    assert bool(Percolator([raw]).percolate(entry(text, language=language))) is expected


@pytest.mark.parametrize(
    ("member", "language", "text", "expected"),
    [
        (ListMember("premiere*", "en"), "fr", "La première nuit", False),
        (ListMember("premiere*", "en"), "en", "the première", True),
        (ListMember("premiere*", "en"), "", "La première nuit", True),
        (ListMember("première", "fr"), "en", "the première", True),
        (ListMember("première", "fr"), "en", "the premiere", False),
        (ListMember("première", "fr"), "fr", "la premiere", True),
        (ListMember("capturé*", "fr"), "en", "captured", False),
        (ListMember("capturé*", "fr"), "fr", "capturées", True),
        (ListMember("şêr", "ku"), "es", "ser", False),
        (ListMember("şêr", "ku"), "ku", "Ser", True),
        (ListMember("İdlib", "tr"), "en", "in İDLİB", True),
        (ListMember("*krieg", "de"), "en", "the Bürgerkrieg", True),
        (ListMember("Crimea", "zxx"), "fr", "Criméa", True),
        (ListMember("إدلب", "ar"), "fa", "ادلب", True),
    ],
)
def test_a_word_of_another_language_is_found_as_it_is_written(
    member: ListMember, language: str, text: str, expected: bool
) -> None:
    raw = topic({5: ["@words"]}, languages=("en", "fr"), vocabulary={"words": (member,)})
    assert bool(Percolator([raw]).percolate(entry(text, language=language))) is expected


@pytest.mark.parametrize(
    ("term", "text", "languages", "expected"),
    [
        ("*kabel", "Glasfaserkabel gekappt", ("de",), True),
        ("*kabel", "Unterseekabeln", ("de",), True),
        ("*kabel", "des Ostseekabels", ("de",), True),
        ("*kabel", "Kabel", ("de",), True),
        ("*kabel", "Kabelbrand", ("de",), False),
        ("*kamp", "de vluchtelingenkampen", ("nl",), True),
        ("*bestand", "Waffenbestand", (), True),
        ("*lager", "in Gefangenenlagern", ("de",), True),
        ("*ruhe", "zwei Waffenruhen", ("de",), True),
        ("*ruhe", "Unruheherd", ("de",), False),
        ("*oorlog", "burgeroorlogen", ("nl",), True),
        ("*gevangenis", "vrouwengevangenissen", ("nl",), True),
        ("*krig", "inbördeskriget", ("sv",), True),
        ("*krig", "borgerkrigene", ("no",), True),
        ("zone *kabel", "zone Seekabel", ("de",), True),
        ("휴전", "휴전을 선언", ("ko",), True),
        ("휴전", "휴전협정", ("ko",), False),
        ("휴전*", "휴전협정", ("ko",), True),
        ("미국", "미국에서는", ("ko",), True),
        ("감옥", "감옥에서의", ("ko",), True),
        ("휴전", "휴전만이", ("ko",), True),
        ("포로", "포로들에게서", ("ko",), True),
        ("휴전", "휴전이다", ("ko",), True),
        ("가나", "가나다라", ("ko",), False),
        ("כלא", "בכלא", ("he",), True),
        ("כלא", "ושבכלא", ("he",), True),
        ("הפסקת אש", "להפסקת האש", ("he",), True),
        ("כל*", "כלואים", ("he",), True),
        ("verb al*", "verb alan", ("tr",), True),
        ("停*", "停火", ("zh",), True),
        ("停火", "宣布停火协议", ("zh",), True),
    ],
)
def test_words_are_found_as_their_language_builds_them(
    term: str, text: str, languages: tuple[str, ...], expected: bool
) -> None:
    assert bool(Percolator([topic({5: [term]}, languages=languages)]).percolate(entry(text))) is expected
