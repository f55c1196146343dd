"""The score against an independent, slow version of its definition, and the levels."""

from __future__ import annotations

from dataclasses import replace
from math import log
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.topics import compiled, entry, topic
from watcher.match.explain import explain
from watcher.match.percolator import Percolator
from watcher.match.scoring import FORMULA
from watcher.model.topic import Level, Near, Topic

WORDS = ["camp", "prison", "riot", "guard", "the", "of"]
text = st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)
phrase = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
weight = st.sampled_from([3.0, 2.0, 1.5, 1.0, -1.0])
terms = st.dictionaries(weight, st.lists(phrase, max_size=3, unique=True), max_size=3)


def score_by_definition(raw: Topic, title: str, body: str) -> int:
    """Terms only: every place of every term, the longest first, then the heavier, then the one that adds."""
    stretches = {"title": title.split(), "body": body.split()}
    places = []
    for number, term in enumerate(raw.terms):
        wanted = term.text.split()
        for name, words in stretches.items():
            for at in range(len(words) - len(wanted) + 1):
                if words[at : at + len(wanted)] == wanted:
                    rank = (-len(wanted), -abs(term.weight), -term.weight, term.text)
                    places.append((rank, number, name != "title", at, at + len(wanted)))
    taken: set[tuple[bool, int]] = set()
    counts: dict[tuple[int, str], int] = {}
    for _, number, in_body, start, end in sorted(places):
        cells = {(in_body, at) for at in range(start, end)}
        if not cells & taken:
            taken |= cells
            field = "title" if not in_body else "lead" if start < FORMULA.lead_length else "body"
            counts[number, field] = counts.get((number, field), 0) + 1
    factors = {"title": FORMULA.title, "lead": FORMULA.lead, "body": FORMULA.body}
    return sum(
        round(raw.terms[number].weight * (1 + log(min(count, FORMULA.most_counted))) * factors[field])
        for (number, field), count in counts.items()
    )


@settings(max_examples=300)
@given(terms, text, text)
def test_the_score_is_what_the_definition_says(written: dict[float, list[str]], title: str, body: str) -> None:
    raw = topic(written or {1: ["camp"]}, languages=())
    if not raw.terms:
        return
    found = explain(compiled(raw), entry(title, f"lead-in {body}"))
    assert found.score == score_by_definition(raw, title, f"lead in {body}")


@given(terms, text, st.randoms(use_true_random=False))
def test_the_order_of_the_terms_decides_nothing(written: dict[float, list[str]], body: str, random: Random) -> None:
    raw = topic(written or {1: ["camp"]}, languages=())
    shuffled = replace(raw, terms=tuple(random.sample(raw.terms, len(raw.terms))))
    if raw.terms:
        scores = {explain(compiled(one), entry("", body)).score for one in (raw, shuffled)}
        assert len(scores) == 1


@settings(max_examples=200)
@given(terms, text, text, st.sampled_from([None, "camp", "NOT riot", "prison NEAR/2 guard"]))
def test_explain_equals_percolate_and_its_parts_add_up(
    written: dict[float, list[str]], title: str, body: str, require: str | None
) -> None:
    near = [(["riot", "camp"], ["guard", "prison of"], 3, 2)]
    raw = compiled(topic(written, near=near, require=require, exclude="title:the AND of"))
    read = entry(title, body)
    explained = explain(raw, read)
    assert explained.score == sum(part.points for part in explained.parts)
    matches = Percolator([raw]).percolate(read)
    if explained.level is Level.NONE:
        assert matches == []
    else:
        (match,) = matches
        assert (match.score, match.level, match.evidence) == (explained.score, explained.level, explained.parts)


@settings(max_examples=100)
@given(st.lists(terms, min_size=1, max_size=4), text, text)
def test_many_topics_at_once_are_judged_as_each_alone(
    several: list[dict[float, list[str]]], title: str, body: str
) -> None:
    raws = [topic(written, [(["riot"], ["camp"], 2, 3)], name=str(at)) for at, written in enumerate(several)]
    read = entry(title, body)
    together = Percolator(raws).percolate(read)
    assert together == [match for raw in raws for match in Percolator([raw]).percolate(read)]


def test_a_count_is_damped_and_a_long_body_softened() -> None:
    raw = compiled(topic({1: ["prison"]}))
    padding = "word " * 1_200
    once = explain(raw, entry("", padding + "prison")).score
    many = explain(raw, entry("", padding + "prison. " * 50)).score
    assert once == FORMULA.term_points(100, "body", 1, 1_201) < 100
    assert many == FORMULA.term_points(100, "body", FORMULA.most_counted, 1_250)


@pytest.mark.parametrize(
    ("title", "body", "level"),
    [
        ("A strong term", "", Level.FOCUS),
        ("", "A strong term", Level.MENTION),
        ("", "A weak term", Level.NONE),
        ("", "weak weak weak weak weak, weak weak weak", Level.MENTION),
        ("", "A riot in the far away camp", Level.MENTION),
        ("A strong bad term", "", Level.NONE),
    ],
)
def test_levels(title: str, body: str, level: Level) -> None:
    raw = topic({3: ["strong"], 1: ["weak"], -3: ["bad"]}, [(["riot"], ["camp"], 5, 1)])
    assert explain(compiled(raw), entry(title, body)).level is level


def test_near_pairs_are_disjoint_and_nearest_first() -> None:
    raw = compiled(topic(near=[(["riot"], ["prison"], 3, 2)]))
    (part,) = explain(raw, entry("", "riot prison prison x x x x riot")).parts
    assert (part.count, part.points) == (1, 200)
    assert [part.text[start:end] for start, end in part.highlights] == ["riot", "prison"]


@pytest.mark.parametrize(
    ("across", "also", "title", "content", "expected"),
    [
        (False, (), "Army", "Guns rest", False),
        (True, (), "Army", "Guns rest", True),
        (True, (), "Army in the far north", "It has been quiet here, and the guns rest", False),
        (True, ("truce",), "Army", "Guns rest", False),
        (True, ("truce", "treat*"), "Army", "Guns rest. " + "Much later comes the rest. " * 9 + "A treaty.", True),
        (False, ("army",), "Army", "The army has guns", True),
    ],
)
def test_a_pair_goes_over_the_title_if_across_and_needs_what_it_also_asks_for(
    across: bool, also: tuple[str, ...], title: str, content: str, expected: bool
) -> None:
    raw = replace(topic(), near=(Near(("army",), ("guns",), 5, 200, across, also),))
    found = Percolator([raw]).percolate(entry(title, content))
    assert bool(found) is expected
    for match in found:
        shown = match.evidence[0]
        first = shown.highlights[0]
        assert shown.text[first[0] : first[1]].lower() == "army"


@pytest.mark.parametrize(("words", "expected"), [(100, Level.MENTION), (299, Level.MENTION), (301, Level.NONE)])
def test_a_pair_of_one_point_is_worth_a_mention_in_short_texts_only(words: int, expected: Level) -> None:
    text = " ".join(["riot prison", *("word" for _ in range(words - 2))])
    one, two = (Percolator([topic(near=[(["riot"], ["prison"], 3, weight)])]) for weight in (1, 2))
    assert [found.level for found in one.percolate(entry("", text))] == [expected] * (expected is Level.MENTION)
    assert [found.level for found in two.percolate(entry("", text))] == [Level.MENTION]


def test_long_lists_count_as_short_ones_do() -> None:
    lists = {f"l{size}": tuple(f"w{size}x{at}" for at in range(size)) for size in (10, 250, 300, 350)}
    near = tuple(Near(("@l250",), (f"@l{size}",), 3, 200) for size in (10, 300, 350))
    raw = replace(topic(require="@l350 OR NOT @l300"), near=near, vocabulary=lists)
    percolator = Percolator([raw])
    texts = ["w250x3 w10x9", "w250x249 w300x299", "w250x1 w350x349", "w250x250 w350x1", "w250x1 w300x1 w350x2"]
    found = [sum(len(match.evidence) for match in percolator.percolate(entry("", text))) for text in texts]
    assert found == [1, 0, 1, 0, 2]


def test_a_near_part_names_every_different_pair() -> None:
    raw = compiled(topic(near=[(["riot", "escap*"], ["prison", "camp", "jail"], 1, 2)]))
    (part,) = explain(raw, entry("", "A prison riot. Other riots in camp: they escaped prison, escaped prison.")).parts
    assert part.term == "riot … prison, escap* … prison"
    (part,) = explain(raw, entry("", "prison riot; camp riot; prison escape; jail riot; jail escape")).parts
    assert part.term.endswith(", 2 more")
    assert part.term.count(" … ") == 3


def test_the_title_repeated_in_the_body_counts_once() -> None:
    raw = compiled(topic({3: ["prison"]}))
    assert (
        explain(raw, entry("Prison riot", "Prison riot. It burns")).score
        == explain(raw, entry("Prison riot", "It burns")).score
    )


def test_a_summary_that_is_part_of_the_content_counts_once() -> None:
    raw = compiled(topic({3: ["prison"]}))
    whole = entry("News", "A prison burns. Guards fled.", summary="A prison burns…")
    other = entry("News", "Guards fled.", summary="A prison burns.")
    assert explain(raw, whole).score == explain(raw, other).score == explain(raw, entry("", "A prison burns")).score
