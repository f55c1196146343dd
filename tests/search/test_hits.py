"""The words of a query are found in texts as they are written, and the entries that have more of them come first."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.search.conftest import LANGUAGES, Library
from watcher.model.entry import Entry
from watcher.search.find import Order, Search
from watcher.search.hits import HitReader
from watcher.search.matching import Matcher
from watcher.search.query import parse
from watcher.search.text import WrittenText, indexed_text, joined_forms, words_of


def marked(query: str, text: str, *, is_title: bool = False) -> list[str]:
    ranges = HitReader(parse(query).node, LANGUAGES).ranges(text, is_title=is_title)
    return [text[start:end] for start, end in ranges]


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("prisons", "A prison, two PRISONS.", ["prison", "PRISONS"]),
        ("=prisons", "A prison, two PRISONS.", ["PRISONS"]),
        ("resume", "His Résumé", ["Résumé"]),
        ("istanbul", "İSTANBUL’da", ["İSTANBUL", "İSTANBUL’da"]),
        ("سجن", "أُغلقَ السِّجْنُ أمس", ["السِّجْنُ"]),
        ("strasse", "die Straße", ["Straße"]),
        ("ﬁre", "cease\u00adﬁre and fire", ["fire"]),
        ("ceasefire", "the cease-fire holds", ["cease-fire"]),
        ("al-hol", "Al Hol, al‑Hol", ["Al Hol", "al‑Hol"]),
        ('"roj camp"', "Camp Roj. Roj camp.", ["Roj camp"]),
        ("停火", "双方宣布停火协议", ["停火"]),
        ("ירושלים", "בירושלים ומירושלים", ["בירושלים", "ומירושלים"]),
        ("서울 북한*", "서울에서 북한이", ["서울에서", "북한이"]),
        ("ガザ", "カ\u3099サ\u3099地区、ガザ", ["カ\u3099サ\u3099", "ガザ"]),
        ("detai*", "detainees detail", ["detainees", "detail"]),
        ("a -b (c OR NOT d)", "a b c d", ["a", "c"]),
        ("title:north south", "north south", ["south"]),
        ("lang:en feed:north alerted:yes", "north en", []),
        ("u.s. f16", "U.S. jets: F-16", ["U.S", "F-16"]),
    ],
)
def test_words_are_marked_where_they_are(query: str, text: str, found: list[str]) -> None:
    assert marked(query, text) == found


def test_a_word_of_the_title_is_marked_in_titles_only() -> None:
    assert marked("title:north", "North") == []
    assert marked("title:north", "North", is_title=True) == ["North"]


PIECES = st.sampled_from(
    ["Prison", "prisons", "السّجن", "وَالسجون", "İstanbul'da", "ﬁnd", "cease-fire", "ＦＵＬＬ", "ガ", "カ\u3099", "停", "火", "U.S.", "U.S.A.",
     "e\u0301te\u0301", "a\u200db", "so\u00adft", "\U0001f1f8", "STRASSE", "straße", " ", ", ", "-", ".", "’", "\n", "\x1c", "https://who.int/x"]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=3), max_size=14).map("".join)


@given(TEXTS)
@example("www.\x1cprison")
def test_places_are_those_of_the_indexed_words(text: str) -> None:
    written = WrittenText(text)
    assert tuple(written.words) == words_of(text)
    assert tuple(written.joined) == joined_forms(text)
    places = [written.place(at) for at in range(len(written.words))]
    assert places == sorted(places)
    for word, (start, end) in zip(written.words, places, strict=True):
        assert word in words_of(text[start:end])
    for at, word in enumerate(written.joined):
        start, end = written.place_of_joined(at)
        assert word in joined_forms(text[start:end])


@given(st.from_regex(r"[A-Za-z0-9]{1,45}[.,]{0,2}", fullmatch=True))
def test_a_plain_word_is_read_as_it_is_in_parentheses(word: str) -> None:
    assert words_of(word) == words_of(f"({word})")
    assert joined_forms(word) == joined_forms(f"({word})")


@given(TEXTS, PIECES)
def test_an_entry_that_meets_a_word_has_it_marked_and_no_other_has(text: str, word: str) -> None:
    query = parse(word).node
    meets = Matcher(query, {}, LANGUAGES).meets(indexed_text(Entry("e", "", title=text)))
    reader = HitReader(query, LANGUAGES)
    assert bool(reader.ranges(text, is_title=True)) == (meets and bool(reader.wanted))


def test_the_best_of_the_newest_come_first(library: Library) -> None:
    body = "The talks went on in the evening. " * 20
    library.add(
        Entry("1", "", "Prison", summary="A prison in the north; the prison"),
        Entry("2", "", "Talks", summary=f"{body} A prison."),
        Entry("3", "", "North", summary="A prison"),
        Entry("4", "", "Nothing", summary=body),
    )
    library.fill()
    search = Search(library.store, library.index, LANGUAGES)
    best = search.run(parse("prison"), order=Order.BEST, seconds=60)
    assert [hit.record.entry.id for hit in best.hits] == ["1", "3", "2"]
    newest = search.run(parse("prison"), seconds=60)
    assert [hit.record.entry.id for hit in newest.hits] == ["3", "2", "1"]
