"""Bounds of what is read: nothing of ordinary texts is lost, hostile ones end early, always at the same place."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.topics import compiled, entry, topic
from watcher.match.conditions import nearest_pairs
from watcher.match.entry_text import (
    MOST_EFFORT,
    TITLE_LIMIT,
    _efforts,
    _most_effort,
    limited_text,
    limited_title,
)
from watcher.match.explain import explain, explanation_json
from watcher.match.percolator import Percolator
from watcher.match.scoring import FORMULA, MOST_PLACES
from watcher.match.terms import TermProblem, parse_term
from watcher.model.entry import TEXT_LIMIT, Entry
from watcher.model.topic import Near, Term, Topic


def test_a_long_text_of_ordinary_words_is_read_up_to_the_limit_of_characters() -> None:
    text = " ".join(f"word{number % 3_000}" for number in range(20_000))
    assert limited_text(text) == text[:TEXT_LIMIT]


@pytest.mark.parametrize(
    ("text", "most_words"),
    [
        (" ".join(f"w{number}" for number in range(20_000)), MOST_EFFORT),
        (" ".join(f"سجن{number}" for number in range(20_000)), MOST_EFFORT // 3),
        ("aaa-aaa-aaa-aaa-aaa-aaa " * 4_000, MOST_EFFORT // 15),
        (("e" + "\u0301\u0323" * 39 + " ") * 1_200, MOST_EFFORT // 15),
    ],
    ids=["different words", "different Arabic words", "compounds", "marks"],
)
def test_a_text_ends_where_reading_it_costs_too_much(text: str, most_words: int) -> None:
    read = limited_text(text)
    assert text.startswith(read)
    assert 0.9 * most_words < len(read.split()) <= most_words + 1


def test_a_text_without_spaces_ends_inside_its_one_stretch() -> None:
    article = "监狱" * 5_000
    assert limited_text(article) == article
    assert 10_000 < len(limited_text("监狱" * 50_000)) < 50_000


@given(st.lists(st.text(alphabet="abé_-.'’سج監\u0301", min_size=1, max_size=30), max_size=40))
def test_the_fast_bound_of_the_effort_is_never_too_low(words: list[str]) -> None:
    text = " ".join(words)
    seen: set[str] = set()
    effort = 0
    for word in text.split():
        effort += _efforts(word)[word in seen]
        seen.add(word)
    assert effort <= _most_effort(text)


def test_a_title_ends_at_its_limit() -> None:
    assert limited_title("a" * 5_000) == "a" * TITLE_LIMIT


def test_a_hostile_text_scores_alike_when_its_words_are_known_and_when_they_are_not() -> None:
    raw = Topic("t", "", (Term("w5", 300), Term("w15000", 300)), near=(Near(("w7",), ("w8",), 3, 300),))
    read = entry("title", " ".join(f"w{number}" for number in range(20_000)))
    percolator = Percolator([raw])
    first = percolator.percolate(read)
    assert [evidence.term for evidence in first[0].evidence] == ["w5", "w7 … w8"]
    assert percolator.percolate(read) == first


def test_explaining_says_how_much_of_a_text_was_not_read() -> None:
    raw = compiled(topic({3: ["prison"]}))
    assert explain(raw, Entry("1", "", "A prison", content="A prison burns. " * 300)).unread == 0
    hostile = Entry("1", "", "a" * 2_500, content=" ".join(f"w{number}" for number in range(20_000)))
    found = explain(raw, hostile)
    assert found.unread == 500 + len(hostile.content) - len(limited_text(hostile.content))
    assert explanation_json(found)["unread"] == found.unread


def test_a_text_that_repeats_a_whole_topic_counts_the_first_places_of_each_term() -> None:
    terms = [f"prison{number}" for number in range(40)]
    raw = compiled(topic({1: terms}))
    few, many = (entry("", " ".join(terms) + " x" * 100 + f" {' '.join(terms)}" * times) for times in (14, 100))
    assert sum(part.count for part in explain(raw, few).parts) == MOST_PLACES
    found = explain(raw, many)
    assert sum(part.count for part in found.parts) == 40 * 3 * FORMULA.most_counted
    (match,) = Percolator([raw]).percolate(many)
    assert (match.score, match.evidence) == (found.score, found.parts)


def test_a_term_of_many_hyphens_is_refused_before_its_spellings_multiply() -> None:
    spellings = parse_term("a-b " * 5, {})
    assert not isinstance(spellings, TermProblem)
    assert len(spellings) == 32
    refused = parse_term("a-b " * 75, {})
    assert isinstance(refused, TermProblem)
    assert "more than 5 hyphenated words" in refused.message


def test_looking_for_the_nearest_first_finds_the_same_pairs_as_looking_at_all() -> None:
    choice = random.Random(7)
    for _ in range(200):
        places = choice.sample(range(300), 40)
        left = sorted((at, at + choice.choice((1, 2))) for at in places[:20])
        right = sorted((at, at + 1) for at in places[20:])
        within, most = choice.randrange(1, 101), choice.randrange(1, 9)
        assert nearest_pairs(left, right, within, most=most) == _all_pairs(left, right, within)[:most]


def _all_pairs(
    left: list[tuple[int, int]], right: list[tuple[int, int]], within: int
) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """The definition: every pair that is near enough, nearest first, unless a nearer one has taken its place."""
    distances = sorted((max(b[0] - a[1], a[0] - b[1]) + 1, a, b) for a in left for b in right)
    chosen = []
    used: set[int] = set()
    for distance, one, other in distances:
        places = {*range(one[0], one[1]), *range(other[0], other[1])}
        if 1 <= distance <= within and used.isdisjoint(places):
            used |= places
            chosen.append((one, other))
    return chosen
