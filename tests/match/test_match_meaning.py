"""Terms mean what people mean by them: initials, signs, designations, plurals, addresses, sentences."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.harness.topics import entry, topic
from watcher.match.percolator import Percolator
from watcher.match.terms import TermProblem, parse_term


def found(term: str, title: str, content: str = "", languages: tuple[str, ...] = ("en",)) -> bool:
    return bool(Percolator([topic({5: [term]}, languages=languages)]).percolate(entry(title, content)))


@pytest.mark.parametrize(
    ("term", "text", "expected"),
    [
        ("U.S.", "The U.S. army", True),
        ("U.S.", "The US army", True),
        ("U.S.", "the U. S. army", True),
        ("U.S.", "in the u.s. today", True),
        ("U.S.", "Between us and them", False),
        ("u.s.", "Between us and them", False),
        ("U.S.", "the bus", False),
        ("U.S. Army", "a US Army base", True),
        ("U.S. Army", "brought us army food", False),
        ("W.H.O.", "the WHO says", True),
        ("W.H.O.", "a W.H.O. team", True),
        ("W.H.O.", "Who knows", False),
        ("I.T.", "Leave it", False),
        ("I.T.", "the IT sector", True),
        ("U.N.-backed", "a UN-backed force", True),
        ("A.I.D.", "first aid", False),
        ("J.R.R. Tolkien", "J. R. R. Tolkien wrote", True),
        ("J.R.R. Tolkien", "JRR Tolkien wrote", True),
        ("С.Ш.А.", "в США", True),
        ("=US", "U.S. strikes target", True),
        ("P.O.W.s", "POWs freed", True),
        ("P.O.W.s", "two P.O.W.s freed", True),
        ("M.P.", "M.P.s vote", True),
        ("P.O.W.", "POWS", False),
        ("=US", "Join us today", False),
    ],
)
def test_dotted_initials_are_initials_and_never_words(term: str, text: str, expected: bool) -> None:
    assert found(term, text, languages=("en", "ru")) is expected


@pytest.mark.parametrize(
    ("term", "text", "expected"),
    [
        ("C++", "Vitamin C sold out", False),
        ("C++", "written in C++.", True),
        ("C++", "a C++-based tool", True),
        ("C++", "in c++ and Java", True),
        ("C#", "written in C", False),
        ("C#", "(C#)", True),
        (".NET", "the .NET framework", True),
        (".NET", "a fishing net", False),
        (".NET", "the end.NET gain", False),
        ("$100", "100 hurt in crash", False),
        ("$100", "costs $100, they say", True),
        ("$100", "costs US$100", True),
        ("$100", "costs $100,000", False),
        ("$100", "costs €100", False),
        ("€50", "kostet 50€", True),
        ("$1,000", "costs $1000", True),
        ("50%", "50 people", False),
        ("50%", "up 50%", True),
        ("%50", "up 50%", True),
        ("50%", "up 50.5%", False),
        ("AT&T", "AT&T cuts jobs", True),
        ("AT&T", "seen at T-junctions", False),
        ("A & E", "queues in A&E wards", True),
        ("A & E", "queues in A & E, they say", True),
        ("A & E", "from a to e", False),
        ("A & E", "a e", False),
        ("A&E", "the A & E.", True),
        ("A&E", "(A & E)", True),
        ("A&E", "an A and E grade", False),
        ("P&O", "P & O's ferries", True),
        ("P&O ferries", "P & O ferries", True),
        ("S&P 500", "the S & P 500 fell", True),
        ("AT & T", "AT&T cuts jobs", True),
        ("Marks & Spencer", "Marks & Spencer closes", True),
        ("ward E", "A & E ward E", True),
        ("R&D", "R & & D", False),
        ("R&D", "the R&D budget", True),
        ("9/11", "since 9/11", True),
        ("9/11", "9 11-year-olds", False),
        ("24/7", "on 24/7/2024", False),
        ("#MeToo", "the #MeToo movement", True),
        ("#MeToo", "me too", False),
        ("LGBTQ+", "LGBTQ+ march", True),
        ("C++ developer", "a C++ developer", True),
        ("Canal+", "on Canal+ tonight", True),
        ("Canal+", "the canal", False),
        ("MeToo", "the #MeToo movement", True),
        ("C++", "written in C++20", True),
        ("C+", "written in C++20", False),
        ("50%", "up 50 %, they say", True),
        ("50 %", "up 50%", True),
        ("50 %", "50 people", False),
        ("€5", "5 € a day", True),
        ("5 €", "costs € 5", True),
        ("€5", "5 people paid in €", False),
        ("100", "costs $100", True),
    ],
)
def test_signs_count(term: str, text: str, expected: bool) -> None:
    assert found(term, text) is expected


SPELLINGS = {
    "F-16": ["F-16", "F16", "F\u201116", "F-16s", "F16s", "F 16", "F-16's"],
    "COVID-19": ["COVID-19", "COVID19", "Covid 19", "Covid-19", "covid19"],
    "M23": ["M23", "M-23", "M 23"],
    "G-7": ["G-7", "G7", "G 7"],
    "Su-57": ["Su-57", "Su57", "SU-57s"],
    "MiG-29": ["MiG-29", "MiG29s", "MIG-29"],
    "S400": ["S-400", "S400", "S400s"],
    "С-300": ["С-300", "С300"],
    "AK-47": ["AK-47s", "AK47", "AK 47"],
    "MH370": ["MH370", "MH-370", "MH 370"],
    "H5N1": ["H5N1", "H5-N1"],
    "B-52": ["B-52s", "B52"],
}


@pytest.mark.parametrize(
    ("term", "text"),
    [(one, text) for spellings in SPELLINGS.values() for one, text in product(spellings, repeat=2) if "'" not in one],
)
def test_every_spelling_of_a_designation_finds_every_other(term: str, text: str) -> None:
    assert found(term, f"Two {text} were seen")


@pytest.mark.parametrize(
    ("term", "text"),
    [("F-16", "F-160"), ("F-16", "F 1, 6"), ("M23", "M230"), ("G7", "G77"), ("G-7", "big 7"), ("F16", "of 16 men"), ("72", "Magnitude 7.2"), ("1990", "the 1990s"), ("M23", "Jean M. 23 ans")],
)  # fmt: skip
def test_a_designation_is_not_found_in(term: str, text: str) -> None:
    assert not found(term, text)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("MP", "MPs vote on truce"),
        ("PMC", "PMCs deployed"),
        ("NGO", "two NGOs"),
        ("NGO", "the NGO's office"),
        ("IDPs", "an IDP camp"),
        ("=UAV", "UAVs seen"),
        ("N.G.O.", "three NGOs"),
        ("LKW", "Die LKWs"),
        ("crisis", "crises mount"),
        ("crises", "a crisis"),
        ("gunman", "three gunmen"),
        ("policewomen", "a policewoman"),
        ("woman", "women march"),
        ("child", "children held"),
        ("wife", "the wives of fighters"),
        ("knife", "knives found"),
        ("phenomenon", "such phenomena"),
        ("referendum", "two referenda"),
        ("analysis", "new analyses"),
        ("person", "detained people"),
        ("spokesperson", "two spokespeople"),
        ("ultimatum", "three ultimata"),
        ("bus", "buses burnt"),
        ("bureau", "both bureaux"),
        ("moratorium", "moratoria end"),
        ("war crime tribunal", "war crimes tribunals"),
    ],
)
def test_a_plural_is_found(term: str, text: str) -> None:
    assert found(term, text)


@pytest.mark.parametrize("sign", ["\u200b", "\u2060", "\ufeff", "\u00ad", "\u200d", "\u180e", "\u2063", "\u200e"])
@pytest.mark.parametrize(
    ("term", "word"), [("facility", "facility"), ("=WHO", "WHO"), ("F-16", "F16"), ("detain*", "detainee")]
)
def test_what_nobody_sees_is_no_part_of_a_word(sign: str, term: str, word: str) -> None:
    broken = word[:2] + sign + word[2:]
    assert found(term, f"The {broken} today")
    assert found(f"{term[:2]}{sign}{term[2:]}", f"The {word} today")


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/prison-riot",
        "(https://example.org/prison).",
        "see:http://prison.example.org/",
        "www.prison-news.net/a?b=prison",
        "desk@prison-watch.org",
        "prison@example.org",
        "prison-watch.org",
        "news.co.uk/prison/riot",
        "HTTPS://EXAMPLE.ORG/PRISON",
        "bit.ly/prison-riot",
        "example.org?q=prison",
        "t.co/prison",
    ],
)
def test_words_in_addresses_are_no_words_of_the_text(address: str) -> None:
    assert not found("prison", "Weather", f"Rain today. More at {address} for all")
    assert found("prison", "Weather", f"Rain at {address} in prison")


@pytest.mark.parametrize(
    ("term", "text"),
    [("booking.com", "on Booking.com today"), ("example.org", "see https://www.example.org/a"), ("desk@example.org", "write to desk@example.org.")],
)  # fmt: skip
def test_an_address_can_be_looked_for(term: str, text: str) -> None:
    assert found(term, text)


APART = [
    "He left the army. Killed in 1999 were two.",
    "He left the army.\nkilled in 1999",
    "the army\n\nkilled",
    "army\nkilled",
    "- the army\n- killed",
    "army\tkilled",
    "army | killed",
    "the army • killed in action",
    "the army · killed in action",
    "Was it the army? Killed or not",
    "the army! Killed",
    "the army… Killed two",
    "He called the “army.” Killed were two",
    "He left the army.Killed were two",
    "(He left the army.) Killed were two",
]


@pytest.mark.parametrize("text", APART)
def test_phrases_and_pairs_do_not_run_over_the_end_of_a_sentence(text: str) -> None:
    assert not found("army killed", "News", text)
    near = topic(near=[(["army"], ["killed"], 10, 5)])
    query = topic(query="army NEAR/10 killed")
    across = topic(query="army ACROSS/10 killed")
    assert not Percolator([near]).percolate(entry("News", text))
    assert not Percolator([query]).percolate(entry("News", text))
    assert Percolator([across]).percolate(entry("News", text))


@pytest.mark.parametrize(
    "text",
    [
        "the army killed",
        "the army, killed",
        "the U.S. army killed two",
        "An army\u00a0killed",
        "A long line of a mail that was wrapped by a program where the army\nkilled two",
    ],
)
def test_what_ends_no_sentence_separates_nothing(text: str) -> None:
    assert found("army killed", "News", text)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("U.S. Army", "The U.S. Army left"),
        ("Gen. Smith", "Gen. Smith left"),
        ("Mr. Kurz", "and Mr. Kurz left"),
        ("No. 5", "Camp No. 5 is empty"),
        ("St. Petersburg", "in St. Petersburg"),
        ("3. März", "am 3. März 2026"),
        ("J. Smith", "said J. Smith"),
        ("監獄", "の監獄。次"),
    ],
)
def test_a_full_stop_of_an_abbreviation_ends_no_sentence(phrase: str, text: str) -> None:
    assert found(phrase, text, languages=("en", "de"))


def test_a_phrase_of_unspaced_characters_ends_with_the_sentence() -> None:
    assert not found("监狱", "监。狱")
    assert not found("军队打死", "叙利亚军队。打死两人")


@pytest.mark.parametrize(
    ("term", "text", "language"),
    [
        ("انفجار", "انفجارات في حلب", "ar"),
        ("غارة", "غارات على المدينة", "ar"),
        ("مخيم", "المخيمات مكتظة", "ar"),
        ("انتهاك", "بانتهاكات جديدة", "ar"),
        ("معتقل", "المعتقلون", "ar"),
        ("معتقل", "للمعتقلين", "ar"),
        ("صحفي", "صحفيون", "ar"),
        ("قذيفة", "قذيفتان", "ar"),
        ("عبد الله", "عبدالله يصل", "ar"),
        ("عبدالله", "عبد الله يصل", "ar"),
        ("عبد الرحمن", "لعبدالرحمن", "ar"),
        ("أبو ظبي", "في أبوظبي", "ar"),
        ("أبوظبي", "في أبو ظبي", "ar"),
        ("نصرالله", "نصر الله يتحدث", "ar"),
        ("سيارة", "سيارات مفخخة", "ar"),
        ("مهندس", "المهندسون", "ar"),
        ("Irak", "Irakta", "tr"),
        ("Ливан", "в Ливане", "ru"),
        ("Судан", "в Судане", "ru"),
        ("حزب الله", "حزبالله لبنان", "ar"),
        ("hapishane", "hapishanede isyan", "tr"),
        ("hapishane", "hapishanelerde", "tr"),
        ("Suriye", "Suriyede çatışma", "tr"),
        ("Suriye", "Suriye'de çatışma", "tr"),
        ("ateşkes", "ateşkesin ardından", "tr"),
        ("köy", "köyde", "tr"),
        ("mahkeme", "mahkemeden", "tr"),
        ("İstanbul", "İSTANBULDA", "tr"),
        ("Halep", "Halepteki kamp", "tr"),
        ("ordu", "Sudan ordusu", "tr"),
        ("anlaşma", "barış anlaşmasını", "tr"),
        ("anlaşma", "anlaşmasından sonra", "tr"),
        ("قوة", "قوات أممية", "ar"),
        ("مدينة", "في مدينتي حلب وحمص", "ar"),
        ("دير الزور", "ريف ديرالزور", "ar"),
        ("ذو الفقار", "ذوالفقار", "ar"),
        ("جادالله", "جاد الله", "ar"),
    ],
)
def test_forms_that_the_stemmers_miss_are_found(term: str, text: str, language: str) -> None:
    assert found(term, text, languages=(language,))


@pytest.mark.parametrize(("term", "text"), [("انتهاك", "أنت"), ("لبن", "لبنان")])
def test_an_arabic_ending_is_not_taken_from_another_word(term: str, text: str) -> None:
    assert not found(term, text, languages=("ar",))


@example("#UaSbUa #SaUb, 1 000 a 10,000.00 1.000,000-S1,000", "1,000")
@given(
    st.text(alphabet="aUb.S10,-$%&+#/@|\n •。!?'’\u200b", max_size=40),
    st.text(alphabet="aUS.1-$%+", min_size=1, max_size=8),
)
def test_any_term_meets_any_text_without_an_error(text: str, term: str) -> None:
    percolator = Percolator(
        [topic({5: ["U.S.", "$1", "F-16", "a", "1000", "ua sb"]}), topic(query="a ACROSS/3 US", name="other")]
    )
    for match in percolator.percolate(entry(text, text)):
        for part in match.evidence:
            assert all(0 <= start < end <= len(part.text) for start, end in part.highlights)


LETTERS = "abcIsARNDO ßéÉşİıñøŁж Щёіالعبدهپچڤكۀٔ\u0640"
"""Also what looks like a letter and is none of its own: a tatweel, a hamza above."""


@given(st.text(LETTERS, min_size=1, max_size=24), st.sampled_from(["", "*"]))
@example("عبدالله", "")
@example("عبد الله", "*")
@example("MPs AND Łódź", "")
@example("aé", "*")
def test_words_of_letters_are_read_as_all_others(words: str, star: str) -> None:
    """Quotes around a term mean nothing, but with them it is no term of letters alone."""
    term = words.strip() + star
    plain, quoted = parse_term(term, {}), parse_term(f'"{term}"', {})
    assert plain == quoted or (isinstance(plain, TermProblem) and isinstance(quoted, TermProblem))
