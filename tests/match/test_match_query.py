"""The query language: what it means, and what it says to a person who slips."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.harness.topics import entry, topic
from watcher.match.expression import Leaf
from watcher.match.foreign_syntax import OPERATOR_OF, hint_for_word
from watcher.match.percolator import Percolator
from watcher.match.query import QueryProblem, parse_query
from watcher.match.terms import TermProblem, parse_term

VOCABULARY = {"daesh": ("Daesh", "ISIS", "Islamic State")}


def holds(query: str, title: str, content: str = "", **fields: object) -> bool:
    """Whether a query is true for an entry, through a topic that has nothing else."""
    labels = {"feed": "Daily Sabah", "feed_url": "https://feeds.example.org/world.xml", "language": "en-GB"}
    made = topic(query=query, vocabulary=VOCABULARY, languages=("en", "ar", "ru"))
    return bool(Percolator([made]).percolate(entry(title, content, **fields), labels))


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("prison", "Two prisons burn", True),
        ("prison AND escape", "An escape from prison", True),
        ("prison AND escape", "Prison food", False),
        ("prison escape", "An escape from prison", True),
        ("prison OR jail", "A jail burns", True),
        ("prison AND NOT drama", "Prison riot", True),
        ("prison AND NOT drama", "Prison drama", False),
        ("prison NOT drama", "Prison drama", False),
        ("jail OR prison AND riot", "A jail", True),
        ("(jail OR prison) AND riot", "A jail", False),
        ("NOT NOT prison", "A prison", True),
        ('"al-Hol camp"', "In al‑Hol Camp today", True),
        ('"al-Hol camp"', "A camp near al-Hol", False),
        ("al-Hol", "Al Hol is empty", True),
        ("detain*", "Two detainees", True),
        ("=WHO", "The WHO warns", True),
        ("=WHO", "A man who warns", False),
        ("=WHO", "MEN WHO WARN", False),
        ("@daesh", "ISIS claims", True),
        ("@daesh AND prison", "Islamic State prisoners in a prison", True),
        ("prison NEAR/3 escape", "escape from the prison", True),
        ("prison NEAR/2 escape", "escape from the old prison", False),
        ("(prison OR jail) NEAR/2 (escape OR riot)", "riot in jail", True),
        ("title:prison", "A prison", True),
        ("lang:en AND prison", "A prison", True),
        ("lang:ar AND prison", "A prison", False),
        ('feed:"Daily Sabah" AND prison', "A prison", True),
        ("feed:feeds.example.org prison", "A prison", True),
        ("feed:example.org prison", "A prison", True),
        ("feed:world prison", "A prison", True),
        ("feed:Sabah AND NOT feed:BBC AND prison", "A prison", True),
        ("سجن OR тюрьма", "В тюрьме", True),
        ("监狱", "叙利亚哈塞克监狱", True),
        ("“al-Hol camp”", "al-Hol camp", True),
        ("'cease-fire'", "a ceasefire", True),
        ("'al-Hol camp'", "A camp near al-Hol", False),
        ("‘al-Hol camp’", "A camp near al-Hol", False),
        ("‘don’t panic’", "Don't panic", True),
        ("»al-Hol camp«", "In al-Hol camp", True),
        ("”al-Hol camp”", "A camp near al-Hol", False),
        ("「监狱」 OR prison", "叙利亚监狱", True),
        ("（prison OR jail） AND riot", "A prison", False),
        ('="Al Hol"', "Al Hol burns", True),
        ('="Al Hol"', "al hol burns", False),
        ("title: prison", "A prison", True),
        ("AT&T", "At AT&T", True),
        ("N95 masks", "N95 masks", True),
        ("1,000 AND dead", "1,000 dead", True),
    ],
)
def test_a_query_means(query: str, text: str, expected: bool) -> None:
    assert holds(query, text) is expected


def test_fields_look_only_where_they_say() -> None:
    assert not holds("title:prison", "Title", "A prison")
    assert holds("author:Smith AND prison", "A prison", author="Jane Smith")
    assert not holds("author:Smith AND prison", "Smith in a prison")
    assert holds("category:politics AND prison", "A prison", categories=("World", "Politics"))
    assert holds("summary:riot AND prison", "A prison", summary="A riot", content="Words.")


def test_a_query_may_do_without_the_text() -> None:
    assert holds("author:Smith", "Any title", author="Jane Smith")
    assert not holds("author:Smith", "Any title by Smith")
    assert holds("lang:en", "Any title")


def test_words_of_title_and_body_are_not_neighbours() -> None:
    assert not holds('"prison riot"', "A prison", "Riot")
    assert not holds("prison NEAR/5 riot", "A prison", "Riot")


@pytest.mark.parametrize(
    ("query", "column", "hint"),
    [
        ("", 0, "empty"),
        ("a OR", 4, "word is missing"),
        ("(a OR b", 0, "never closed"),
        ("a OR b)", 6, "closes nothing"),
        ("a AND ()", 7, "nothing is between"),
        ('a AND "b', 6, "never closed"),
        ("foo and bar", 4, "write AND"),
        ("foo && bar", 4, "write AND"),
        ("foo -bar", 4, "write NOT bar"),
        ('"a b"~5', 5, "NEAR/5"),
        ("prison w/5 riot", 7, "NEAR/5"),
        ("prison NEAR/0 riot", 7, "between 1 and"),
        ("prison NEAR/3 (a AND b)", 14, "NEAR takes"),
        ("titel:prison", 0, "title:"),
        ("https://x", 5, "quote the text"),
        ("ab*", 2, "at least 3 letters"),
        ("al-Ho*", 5, "at least 3 letters"),
        ("pri*on", 3, "inside a word"),
        ("prison ^x", 7, "number after ^"),
        ("@unknown", 0, "no list"),
        ("AND prison", 0, "expected"),
        ("prison AND OR riot", 11, "expected"),
    ],
)
def test_a_slip_is_answered_with_column_and_hint(query: str, column: int, hint: str) -> None:
    problem = parse_query(query, VOCABULARY)
    assert isinstance(problem, QueryProblem)
    assert problem.column == column
    assert hint in problem.message


@pytest.mark.parametrize(
    ("query", "column", "hint"),
    [
        ("a And b", 2, "write AND"),
        ("Not a", 0, "write NOT"),
        ("a | b", 2, "write OR"),
        ("prison|jail|camp", 0, "write OR"),
        ("prison&riot", 0, "write AND"),
        ("prison/jail", 0, "write OR"),
        ("prison, jail", 0, "no commas"),
        ("a AND/OR b", 2, "write OR"),
        ("a BUT NOT b", 2, "write AND NOT"),
        ("a UND b", 2, "write AND"),
        ("a ИЛИ b", 2, "write OR"),
        ("+prison +riot", 0, "write prison for"),
        ('prison -"world cup"', 7, "write NOT"),
        ("prison -(a OR b)", 7, "write NOT"),
        ("!sport", 0, "write NOT sport"),
        ("a near/5 b", 2, "NEAR/5"),
        ("a NEAR 5 b", 7, "NEAR/5"),
        ("a NEAR(5) b", 6, "NEAR/5"),
        ("a N5 b", 2, "NEAR/5"),
        ("a /5 b", 2, "NEAR/5"),
        ("a NEAR/x b", 2, "number after /"),
        ("a w/n b", 2, "number after /"),
        ("a W/s b", 2, "NEAR/15"),
        ("a PRE/3 b", 2, "no order"),
        ("a ONEAR/3 b", 2, "no order"),
        ("NEAR/5 a", 0, "joins two"),
        ("a NOT NEAR/5 b", 6, "AND NOT (a NEAR/5 b)"),
        ("a NOT/5 b", 2, "AND NOT (a NEAR/5 b)"),
        ("ATLEAST/3 prison", 0, "no counterpart"),
        ("wom?n", 0, "write the spellings"),
        ("prison?", 0, "write prison"),
        ("prison!", 0, "write prison*"),
        ("colo$r", 0, "write the spellings"),
        ("Hasakah~2", 0, "not guessed"),
        ("/pris.n/", 0, "no regular expressions"),
        ("[a OR b]", 0, "other brackets"),
        ("headline:prison", 0, "write title:"),
        ("source:BBC", 0, "write feed:"),
        ("language:en", 0, "write lang:"),
        ("body:prison", 0, "remove body:"),
        ("lang=en", 0, "write : for ="),
        ("lang:english", 5, "its code"),
        ("监狱ＡＮＤ叙利亚", 0, "ordinary width"),
        ("监狱AND叙利亚", 0, "spaces around AND"),
        ('"search AND rescue"', 8, "written small"),
        ("“a b", 0, "never closed"),
    ],
)
def test_what_other_tools_write_is_answered_with_what_is_written_here(query: str, column: int, hint: str) -> None:
    problem = parse_query(query, VOCABULARY)
    assert isinstance(problem, QueryProblem), str(problem)
    assert problem.column == column
    assert hint in problem.message


@pytest.mark.parametrize("word", [*filter(str.isalpha, OPERATOR_OF), "w/5", "prison!", "a/b,c", "N5", "NEAR"])
def test_a_word_that_is_refused_can_be_looked_for_in_quotes(word: str) -> None:
    assert isinstance(parse_query(word, {}), QueryProblem)
    assert isinstance(parse_query(f'"{word.lower()}"', {}), Leaf)


@pytest.mark.parametrize(
    ("term", "column", "hint"),
    [
        ("prison|jail", 6, "term of its own"),
        ("prison^2", 5, "under its weight"),
        ("Hasakah~", 7, "not guessed"),
        ("wom?n", 3, "list the spellings"),
        ("prison OR jail", 7, "put boolean conditions"),
        ("al-Ho*", 5, "at least 3 letters"),
    ],
)
def test_a_term_is_no_query(term: str, column: int, hint: str) -> None:
    problem = parse_term(term, {})
    assert isinstance(problem, TermProblem)
    assert problem.column == column
    assert hint in problem.message


def test_weights_belong_to_query_only() -> None:
    assert isinstance(parse_query("prison^2", {}), QueryProblem)
    parsed = parse_query("prison^2.5", {}, weights=True)
    assert isinstance(parsed, Leaf)
    assert parsed.weight == 250


@pytest.mark.parametrize(
    "query",
    ["(" * 10_000 + "a" + ")" * 10_000, "a OR " * 3_000 + "a", "x" * 1_000_000, "NOT " * 4_000 + "a", '"' * 9_999],
)
def test_a_hostile_query_is_refused_or_small(query: str) -> None:
    parsed = parse_query(query, {})
    assert isinstance(parsed, QueryProblem) or len(str(parsed)) < 100


@pytest.mark.parametrize("piece", ["a1,", "a/b", "a|", "ab?", "é1AND", "1{", "-x"])
def test_hints_take_time_linear_in_the_word(piece: str) -> None:
    """A quadratic pattern would need minutes here."""
    hint_for_word(piece * 100_000 + "é")


@example('“3"”')
@example("'a\"”'")
@given(st.text(alphabet='ab*()"^: ANDORNOTEAR/3@=-~’‘“”|,', max_size=60))
def test_any_text_is_understood_or_answered(query: str) -> None:
    parsed = parse_query(query, VOCABULARY, weights=True)
    if isinstance(parsed, QueryProblem):
        assert parsed.message
        assert 0 <= parsed.column <= len(query)
    else:
        again = parse_query(str(parsed), VOCABULARY, weights=True)
        assert str(again) == str(parsed)
