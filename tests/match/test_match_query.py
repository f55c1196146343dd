"""The query language: what it means, and what it says to a person who slips."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from topics import entry, topic

from watcher.match.expression import Leaf
from watcher.match.percolator import Percolator
from watcher.match.query import QueryProblem, parse_query

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
        ("=WHO", "THE WHO WARNS", False),
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
        ("feed:Sabah AND NOT feed:BBC AND prison", "A prison", True),
        ("سجن OR тюрьма", "В тюрьме", True),
        ("监狱", "叙利亚哈塞克监狱", True),
        ("“al-Hol camp”", "al-Hol camp", True),
        ("'cease-fire'", "a ceasefire", True),
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
        ("a AND ()", 7, "nothing stands"),
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
        ("pri*on", 3, "end of a word"),
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


@given(st.text(alphabet='ab*()"^: ANDORNOTEAR/3@=-~', max_size=60))
def test_any_text_is_understood_or_answered(query: str) -> None:
    parsed = parse_query(query, VOCABULARY, weights=True)
    if isinstance(parsed, QueryProblem):
        assert parsed.message
        assert 0 <= parsed.column <= len(query)
    else:
        again = parse_query(str(parsed), VOCABULARY, weights=True)
        assert str(again) == str(parsed)
