"""Looking for the entries that may have points for a topic loses none of them."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.store_samples import HOUR, NOW
from tests.search.conftest import Library
from watcher.match.compile import CompiledTopic, compile_topic
from watcher.match.percolator import Percolator
from watcher.model.entry import Entry
from watcher.model.topic import Near, Term, Topic
from watcher.search.candidates import BATCH, candidates, wanted_of
from watcher.search.matching import Matcher
from watcher.search.text import indexed_text

LANGUAGES = ("en", "ar", "tr", "ru", "zh", "th", "he", "ko")
TERMS = (
    "prison", "prisons", "detention facilities", "al-Hol camp", "cease-fire", "detain*", "=WHO", "*kabel", "c++", "U.S.",
    "F-16", "سجن", "السجون", "مخيم الهول", "عبد الله", "cezaevi", "İstanbul", "тюрьма", "停火", "监狱", "คุก", "@camps",
    "who.int", "J. K. Rowling", "résumé", "don't", "Straße", "ceasefire now", "free Gaza", "T-72B3", "T-72 B3", "1000",
    "1,000 dead", "$1,000", "100 km", "$5m", "5.56mm", "ירושלים", "ספר", "서울", "북한*",
)  # fmt: skip
WORDS = (
    "Prison", "prisons", "detention", "facility", "facilities", "Al", "Hol", "al-Hol", "camp", "camps", "ceasefire",
    "cease-fire", "ceasefires", "detained", "detainees", "WHO", "who", "Seekabel", "C++", "U.S.", "US", "F16s", "F-16",
    "سجن", "والسجون", "بالسجن", "مخيم", "الهول", "عبدالله", "عبد", "الله", "cezaevinde", "cezaevi", "istanbul'da",
    "тюрьмы", "тюрьме", "双方宣布停火协议", "监狱", "เรือนจำและคุก", "roj", "https://who.int/news", "J.K. Rowling", "resume",
    "don’t", "STRASSE", "and", "the", "#CeaseFireNow", "#FreeGaza", "T-72", "B3", "F", "16", "1,000", "1.000", "1 000", "1000",
    "dead", "$1,000", "100", "km", "100km", "$5 million", "$5m", "5.56 mm", "5.56mm", "בירושלים", "והספרים", "הספר",
    "서울에서", "북한이", "서울",
)  # fmt: skip
VOCABULARY = {"camps": ("Roj", "al-Hol", "مخيم*")}


def compiled(terms: tuple[str, ...], near: tuple[Near, ...] = (), query: str | None = None) -> CompiledTopic:
    topic = Topic(
        "topic", "Topic", tuple(Term(text, 300) for text in terms), near, query=query, languages=LANGUAGES,
        vocabulary=VOCABULARY,
    )  # fmt: skip
    found = compile_topic(topic)
    assert isinstance(found, CompiledTopic), found
    return found


def has_points(topic: CompiledTopic, entry: Entry) -> bool:
    percolator = Percolator([topic])
    return any(one.score > 0 for one in percolator.assessments(percolator.read(entry, {}), {}))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(TERMS), min_size=1, max_size=3).map(tuple),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join),
)
def test_an_entry_with_points_is_a_candidate(terms: tuple[str, ...], text: str, title: str) -> None:
    topic, entry = compiled(terms), Entry("e", "", title, summary=text)
    wanted = wanted_of([topic])
    if wanted is not None and has_points(topic, entry):
        assert Matcher(wanted, {}, LANGUAGES).meets(indexed_text(entry)), wanted


@pytest.mark.parametrize("term", TERMS)
def test_every_term_finds_its_own_text(term: str) -> None:
    text = {"@camps": "Roj", "*kabel": "Seekabel", "detain*": "detained", "=WHO": "The WHO says"}.get(term, term)
    topic, entry = compiled((term,)), Entry("e", "", "", summary=text)
    wanted = wanted_of([topic])
    assert has_points(topic, entry)
    assert wanted is None or Matcher(wanted, {}, LANGUAGES).meets(indexed_text(entry))


def test_pairs_and_queries_narrow_by_their_words() -> None:
    topic = compiled((), (Near(("prison",), ("camp",), within=9, weight=300),), "detain* AND NOT =WHO")
    wanted = wanted_of([topic])
    assert wanted is not None
    matcher = Matcher(wanted, {}, ("en",))
    meets = {
        text: matcher.meets(indexed_text(Entry("e", "", text))) for text in ("camp", "prison camp", "detained WHO")
    }
    assert meets == {"camp": False, "prison camp": True, "detained WHO": True}


@pytest.mark.parametrize("topic", [compiled(("*kabel",)), compiled((), query="author:Smith")])
def test_what_words_do_not_say_makes_every_entry_a_candidate(topic: CompiledTopic) -> None:
    assert wanted_of([topic]) is None


def test_the_index_narrows_to_entries_with_the_words(library: Library) -> None:
    texts = ["A prison", "Nothing", "Prisons and camps", "Nothing again", "The camp", "prison staff", "More of nothing"]
    for hour, text in enumerate(texts):
        library.add(text, now=NOW + hour * HOUR)
    library.fill(NOW + 9 * HOUR)
    library.add("Not indexed yet", now=NOW + 10 * HOUR)

    def found(*terms: str, since: datetime = NOW) -> list[str]:
        numbers = [one for some in candidates(library.store, library.index, [compiled(terms)], since) for one in some]
        stored = {one.id: one.record.entry.title for one in library.store.entries.stored(numbers)}
        return [stored[number] for number in numbers]

    assert found("prison") == ["Not indexed yet", "prison staff", "Prisons and camps", "A prison"]
    assert found("prison", since=NOW + HOUR) == ["Not indexed yet", "prison staff", "Prisons and camps"]
    assert found("nowhere") == ["Not indexed yet"]
    assert found("*son") == ["Not indexed yet", *reversed(texts)]


def test_without_an_index_every_entry_is_a_candidate(library: Library) -> None:
    library.add(*(str(number) for number in range(BATCH + 2)))
    batches = list(candidates(library.store, None, [compiled(("prison",))], NOW - HOUR))
    together = [number for some in batches for number in some]
    assert [len(some) for some in batches] == [BATCH, 2]
    assert together == sorted(together, reverse=True)
    assert list(candidates(library.store, None, [compiled(("prison",))], NOW + HOUR)) == []
