"""What the index of every engine must do. `Library.search` compares each answer with a reading of all entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.harness.store_samples import DAY, FEED, HOUR, MINUTE, NOW, alert, kept
from tests.search.conftest import LANGUAGES, PART, Library
from watcher.model.entry import Entry
from watcher.model.topic import Level
from watcher.search import find
from watcher.search.fill import Filler
from watcher.search.find import Search
from watcher.search.index import open_index
from watcher.search.node import Words
from watcher.search.query import Query, parse
from watcher.store.store import open_store

OTHER = "https://other.example/feed"


def entry(name: str, title: str, content: str = "", **more: object) -> Entry:
    return replace(Entry(id=name, link=f"https://example.org/{name}", title=title, content=content), **more)  # type: ignore[arg-type]


TEXTS = (
    entry("1", "Ceasefire holds in the north", "Prisons were opened. Police said so.", language="en"),
    entry(
        "2", "Police open a prison near al-Hol", "The cease-fire was broken by U.S. troops with F-16s", language="en"
    ),
    entry("3", "وقف إطلاق النار في الحسكة", "والسجون مفتوحة", language="ar"),
    entry("4", "İstanbul'da ateşkes görüşmesi", "Cezaevinde isyan", language="tr"),
    entry("5", "停火协议在叙利亚生效", "中国呼吁", language="zh"),
    entry("6", "North of the ceasefire line", "See https://reliefweb.int/report/1 by Jane Doe", author="Jane Doe"),
)


def fill(library: Library) -> Library:
    library.add(*TEXTS[:3], title="Northern Herald")
    library.add(*TEXTS[3:], now=NOW + DAY, feed=OTHER, title="Jazira Monitor")
    assert library.fill(NOW + 2 * DAY) == len(TEXTS)
    return library


@pytest.fixture
def filled(library: Library) -> Library:
    """Entries in four languages, indexed."""
    return fill(library)


@pytest.fixture(scope="module")
def searched(kept_library: Library) -> Library:
    """The same, for tests that change nothing."""
    return fill(kept_library)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("ceasefire", "6 2 1"),
        ("CEASEFIRES", "6 2 1"),
        ("=ceasefires", ""),
        ("cease-fire", "6 2 1"),
        ('"cease fire"', "2"),
        ("prison", "2 1"),
        ("=prison", "2"),
        ("ceasefire north", "6 1"),
        ("ceasefire AND north", "6 1"),
        ("ceasefire NOT north", "2"),
        ("ceasefire -north", "2"),
        ("NOT ceasefire", "5 4 3"),
        ("prison OR istanbul", "4 2 1"),
        ("(prison OR istanbul) police", "2 1"),
        ('"ceasefire holds"', "1"),
        ('"holds ceasefire"', ""),
        ('"north prisons"', ""),
        ("pris*", "2 1"),
        ("pr*", ""),
        ("title:ceasefire", "6 1"),
        ("title:prison", "2"),
        ("title:pris*", "2"),
        ('title:"ceasefire line"', "6"),
        ("al-hol", "2"),
        ("alhol", "2"),
        ("US", "2"),
        ("F16s", "2"),
        ("ateskes", "4"),
        ("ISTANBUL", "4"),
        ("اطلاق", "3"),
        ("سجون", "3"),
        ("停火", "5"),
        ("火停", ""),
        ("reliefweb.int", "6"),
        ("https://example.org/4", "4"),
        ("https://example.org/", ""),
        ("NOT https://example.org/4 lang:tr", ""),
        ("jane", "6"),
        ("feed:jazira", "6 5 4"),
        ("feed:northern ceasefire", "2 1"),
        ("feed:nobody", ""),
        ("NOT feed:jazira", "3 2 1"),
        ("lang:en", "2 1"),
        ("lang:ara", "3"),
        (f"from:{NOW + DAY:%Y-%m-%d}", "6 5 4"),
        (f"to:{NOW:%Y-%m-%d}", "3 2 1"),
        (f"from:{NOW:%Y-%m-%d} to:{NOW:%Y-%m-%d} ceasefire", "2 1"),
        ("from:2020-01-01 to:2020-01-02", ""),
        ("", "6 5 4 3 2 1"),
        ("zebra", ""),
        ("zebra OR ceasefire", "6 2 1"),
    ],
)
@pytest.mark.slow
def test_a_query_finds(searched: Library, query: str, ids: str) -> None:
    assert [hit.record.entry.id for hit in searched.search(query).hits] == ids.split()


ATTACHED = (entry("a", "בירושלים", "והספרים"), entry("b", "ירושלים", "ספר"), entry("c", "서울에서", "북한이"))


@pytest.mark.slow
def test_a_word_is_found_with_letters_attached_to_it(library: Library) -> None:
    library.add(*ATTACHED)
    library.fill()
    wanted = {
        "ירושלים": "ba",
        "=ירושלים": "b",
        "ספר": "ba",
        "서울": "c",
        "북한": "c",
        "북*": "",
        "북한*": "c",
        "NOT 서울": "ba",
    }
    assert {query: "".join(hit.record.entry.id for hit in library.search(query).hits) for query in wanted} == wanted


NUMBERS = (
    entry("a", "1,000 dead", "Of 100.000 people"),
    entry("b", "1000 dead", "of 1,00,000"),
    entry("c", "1 000 dead", "#Gaza2024"),
    entry("d", "1,000,000 dead", "In 2024"),
    entry("e", "3,000 dead", "In 5,100,000 cases, 1'000 at once"),
    entry("f", "١٬٠٠٠ قتيل", "2,024 of 10.5 and 010"),
    entry("g", "7,100 in May, 7,200 in June and 7,300 in July", ""),
)


@pytest.mark.slow
def test_a_number_is_found_however_it_is_written(library: Library) -> None:
    library.add(*NUMBERS)
    library.fill()
    wanted = {
        "1000": "fecba", "1,000": "fecba", "1.000": "fecba", "١٠٠٠": "fecba", "=1000": "b", "title:1000": "fcba",
        '"1000 dead"': "cba", '"1 000 dead"': "cba", "100000": "ba", "1000000": "d", "2024": "fdc", "=2024": "dc",
        "1000*": "b", "dead NOT 1000": "d", "4000": "", "10.5": "f", "105": "", "010": "f", "5100000": "e",
        '"7,100 in May, 7,200 in June and 7,300 in July"': "g", '"7100 in May, 7200 in June"': "g",
        "NOT 1000": "gd", "NOT (1000 OR 2024)": "g", "NOT NOT 1000": "fecba", '-"1000 dead" dead': "ed", "-2024 dead": "eba",
    }  # fmt: skip
    found = {query: "".join(hit.record.entry.id for hit in library.search(query).hits) for query in wanted}
    assert found == wanted
    assert library.search("1000 100000 4000").unknown == ("4000",)


ALPHABET = st.text() | st.text("ab \"()*:-=ANDORTfeditlngc北ا'\\&|!<>:A", max_size=60)
WORDS = st.sampled_from(
    ["ceasefire", "NOT", "OR", "AND", "(", ")", '"', "pris*", "title:", "feed:", "north", "-", "al-Hol", "lang:en"]
)


@settings(max_examples=50)
@given(text=ALPHABET | st.lists(WORDS, max_size=50).map(" ".join))
@example("(" * 500)
@example("NOT " * 100 + "a")
@example("(a OR NOT " * 30 + "b")
@example("\0 \ud800 \ue000e '\\'' :* & | ! <-> NEAR( {title} : ^")
@example("'" * 99)
def test_every_string_is_a_query_and_both_ways_answer_the_same(searched: Library, text: str) -> None:
    searched.search(text)
    assert isinstance(str(parse(text)), str)


def test_pages_follow_each_other_over_all_parts(library: Library) -> None:
    count = 3 * PART + 1
    library.add(*(f"ceasefire {number}" for number in range(count)))
    library.fill()
    found: list[str] = []
    before = None
    for _ in range(count):
        page = library.search("ceasefire", before=before, limit=3)
        found += [hit.record.entry.title for hit in page.hits]
        before = page.before
        if before is None:
            break
    assert found == [f"ceasefire {number}" for number in reversed(range(count))]


def test_hits_are_counted_on_the_first_page_up_to_a_limit(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    most = 60
    monkeypatch.setattr("watcher.search.find.MOST_COUNTED", most)
    library.add(*(f"ceasefire {number}" for number in range(most + 5)), *(f"truce {number}" for number in range(30)))
    library.fill()
    search = Search(library.store, library.index, LANGUAGES)
    first = search.run(parse("ceasefire"), limit=10, seconds=60)
    assert (first.count, first.is_more, len(first.hits)) == (most, True, 10)
    one = search.run(parse("ceasefire 7"), limit=10, seconds=60)
    assert (one.count, one.is_more) == (1, False)
    some = search.run(parse("truce"), limit=10, seconds=60)
    assert (some.count, some.is_more) == (30, False)
    assert search.run(parse("ceasefire"), limit=10, seconds=60, before=first.before).count is None


def test_words_that_no_entry_has_are_named(searched: Library) -> None:
    assert searched.search('ceasefire zebra "north yak" giraf*').unknown == ("zebra", "yak", "giraf*")


def test_alerts_are_searched_by_level_and_topic(library: Library) -> None:
    one, two = alert("one"), alert("two", topic="detention", level=Level.MENTION)
    library.add(one.entry, two.entry, entry("three", "No alert"), alerts=(one, two))
    library.fill()
    assert library.titles("alerted:yes") == ["Title two", "Title one"]
    assert library.titles("alerted:no") == ["No alert"]
    assert library.titles("alerted:focus") == ["Title one"]
    assert library.titles("alerted:detention") == ["Title two"]


def test_what_is_not_indexed_yet_is_found_all_the_same(filled: Library) -> None:
    filled.add("A new ceasefire", now=NOW + 2 * DAY)
    assert filled.titles("ceasefire")[0] == "A new ceasefire"


def test_a_changed_entry_is_found_by_its_new_words_only(library: Library) -> None:
    library.add(entry("1", "Ceasefire holds"), entry("2", "Ceasefire talks"))
    library.fill()
    library.add(entry("1", "Truce broken"), now=NOW + HOUR, updated=True)
    assert library.fill(NOW + 2 * HOUR) == 1
    assert library.titles("truce") == ["Truce broken"]
    assert library.titles("ceasefire") == ["Ceasefire talks"]


def test_entries_are_indexed_once(library: Library) -> None:
    library.add("one", "two")
    filler = Filler(library.store, library.index)
    assert filler.step(NOW).indexed == 2
    assert filler.step(NOW).indexed == 0
    assert Filler(library.store, library.index).step(NOW + DAY).indexed == 0
    state = library.index.state()
    assert state is not None
    assert state.filled_to == library.store.entries.number_range()[1]


def test_an_entry_with_a_lower_number_that_is_saved_later_is_indexed(library: Library) -> None:
    library.add("one", "two", "three")
    first, *others = library.store.entries.ids_between(0, None, 10)
    rest = Filler(library.store, library.index)
    rest.step(NOW)
    state = library.index.state()
    assert state is not None
    assert state.filled_to < first
    assert library.index.missing([first, *others]) == []


def test_a_part_goes_with_its_last_entry_and_the_others_stay(library: Library) -> None:
    library.add(*(f"old {number}" for number in range(2 * PART)))
    library.add("new", now=NOW + 40 * DAY)
    library.fill(NOW + 41 * DAY)
    later = NOW + 41 * DAY
    before = list(library.store.entries.ids_between(0, None, 100))
    library.store.purge(later, kept(30 * DAY), 1_000)
    library.fill(later)
    assert library.titles("old") == []
    assert library.titles("new") == ["new"]
    assert len(library.index.missing(before)) >= PART


def test_a_lost_index_is_filled_again(filled: Library) -> None:
    filled.index.clear()
    assert filled.fill(NOW + 2 * DAY) == len(TEXTS)
    assert len(filled.search("ceasefire").hits) == 3


def test_an_index_of_another_store_is_filled_again(filled: Library, tmp_path: Path) -> None:
    with_others = open_store("sqlite:///other.db", base=tmp_path)
    with_others.upgrade()
    other = replace(filled, store=with_others)
    other.add("one of the other store")
    assert other.fill(NOW + 2 * DAY) == 1
    assert other.titles("") == ["one of the other store"]
    with_others.close()


@pytest.mark.parametrize("batch", [1, 60])
def test_a_search_that_runs_out_of_time_says_how_far_it_came_and_goes_on(
    library: Library, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(find, "_BATCH", batch)
    library.add(*(f"ceasefire {number}" for number in range(3 * PART)))
    library.fill()
    search = Search(library.store, library.index, LANGUAGES)
    found, before, rounds = [], None, 0
    while rounds < 100:
        page = search.run(parse("ceasefire"), before=before, limit=50, seconds=0.0)
        assert len(page.hits) <= batch
        found += [hit.record.entry.title for hit in page.hits]
        before, rounds = page.before, rounds + 1
        if before is None:
            break
        assert page.looked_back_to is not None
    assert 1 < rounds < 100
    assert found == [f"ceasefire {number}" for number in reversed(range(3 * PART))]


def test_times_hold_to_the_moment(library: Library) -> None:
    library.add("early", now=NOW)
    library.add("late", now=NOW + MINUTE)
    library.fill()
    search = Search(library.store, library.index, LANGUAGES)
    query = Query().between(NOW + timedelta(seconds=1), NOW + HOUR)
    assert [hit.record.entry.title for hit in search.run(query, seconds=60).hits] == ["late"]
    query = Query().between(None, NOW + timedelta(seconds=1))
    assert [hit.record.entry.title for hit in search.run(query, seconds=60).hits] == ["early"]


def test_another_process_finds_what_was_indexed(filled: Library) -> None:
    index = open_index(filled.url, base=filled.base, part=PART)
    assert index.state() == filled.index.state()
    oldest, newest = filled.store.entries.number_range()
    assert index.search(Words(("ceasefire", "holds")), 0, newest + 1, 10, 1.0).ids == (oldest,)
    assert index.size() > 0
    index.close()


def test_a_long_text_is_searched_to_its_limit(library: Library) -> None:
    library.add(entry("long", "Long", " ".join(f"word{number}" for number in range(5_000)) + " finally"), FEED)
    library.fill()
    assert library.titles("finally") == ["Long"]
    assert library.titles('"word4998 word4999 finally"') == ["Long"]
