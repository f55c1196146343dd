"""Terms that would have brought an entry: each of them does, and what the topic nearly has comes first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.topics import compiled, entry, topic
from watcher.match.additions import Addition, Proposals
from watcher.match.explain import Explainer, explain_all
from watcher.model.entry import Entry
from watcher.model.topic import Level, Points, Term, Topic

CAMPS = topic(
    {3: ["detention facilit*", "al-Hol camp", "مخيم الهول"], 2: ["detainee"], 1.5: ["prison"]}, languages=("en", "ar")
)
TRUCES = topic({3: ["ceasefire", "armistice"]}, require="@region", vocabulary={"region": ("Syria*", "Hasakah")})


def proposed(raw: Topic, one: Entry, wanted: Proposals = Proposals.RELATED) -> tuple[Addition, ...]:
    return Explainer(compiled(raw)).explain(one, None, wanted).additions


@pytest.mark.parametrize(
    ("raw", "title", "term", "near"),
    [
        (TRUCES, "An armistise is signed in Syria", "armistise", "armistice"),
        (TRUCES, "Armistce is signed in Syria", "Armistce", "armistice"),
        (TRUCES, "Cesaefire holds in Syria", "Cesaefire", "ceasefire"),
        (TRUCES, "Two armisticial lines in Syria", "armisticial", "armistice"),
        (TRUCES, "Ceasefire holds at Hasaka", "Hasaka", "hasakah"),
        (TRUCES, "An armistice holds in Qamishli", "Qamishli", ""),  # the condition lacks a place
        (CAMPS, "Families leave Roj camp", "Roj camp", ""),
        (CAMPS, "عائلات تغادر مخيم روج", "مخيم روج", ""),
    ],
)  # fmt: skip
def test_what_the_topic_nearly_has_comes_first(raw: Topic, title: str, term: str, near: str) -> None:
    found = proposed(raw, entry(title))
    assert (found[0].term, found[0].near) == (term, near)


@pytest.mark.parametrize(
    ("raw", "one"),
    [
        (CAMPS, entry("A prison burns", "Detainees fled the prison.")),  # it came
        (replace(CAMPS, exclude="football"), entry("Football at Roj camp")),
        (TRUCES, entry("Nothing of the kind in Lyon")),  # neither points nor a place
        (replace(CAMPS, feeds={"kind": "press"}), entry("Families leave Roj camp")),
        (CAMPS, entry("")),
        (CAMPS, entry("被拘留者逃离")),
    ],
)
def test_nothing_is_proposed_where_no_term_would_help(raw: Topic, one: Entry) -> None:
    labels = {"kind": "blog"}
    assert Explainer(compiled(raw)).explain(one, labels, Proposals.RELATED).additions == ()


def test_others_are_proposed_only_where_all_are_wanted() -> None:
    one = entry("Dockers announce a walkout in Istanbul")
    assert proposed(CAMPS, one) == ()
    assert {found.term for found in proposed(CAMPS, one, Proposals.ALL)} & {"Istanbul", "Dockers announce"}
    assert proposed(CAMPS, one, Proposals.NONE) == ()
    chosen, other = explain_all([compiled(replace(CAMPS, name=name)) for name in "ab"], one, chosen="a")
    assert (bool(chosen.additions), other.additions) == (True, ())


def test_the_condition_of_a_pack_is_not_widened() -> None:
    """An alternative in `require` would not help: the pack requires something else."""
    one = entry("Ceasefire holds at Hasaka")
    assert proposed(TRUCES, one) != ()
    assert proposed(replace(TRUCES, packs_require=("tank*",)), one) == ()
    assert proposed(replace(TRUCES, packs_require=("ceasefire",)), one) != ()


WORDS = st.sampled_from(
    ["camp", "Roj", "camps", "prisons", "detained", "detainees", "facility", "the", "Hasaka", "burns"]
)


@given(title=st.lists(WORDS, max_size=6), body=st.lists(WORDS, max_size=25))
def test_every_term_does_what_is_said_of_it(title: list[str], body: list[str]) -> None:
    one = entry(" ".join(title), " ".join(body))
    for found in proposed(CAMPS, one, Proposals.ALL):
        assert found.weight is not None
        after = Explainer(compiled(with_more(CAMPS, found.term, found.weight))).explain(one)
        assert (after.level, after.score) == (found.level, found.score)
        assert found.level is not Level.NONE


def with_more(raw: Topic, term: str, weight: Points) -> Topic:
    return replace(raw, terms=(*raw.terms, Term(term, weight)))


@pytest.mark.parametrize(("letters", "is_compared"), [(40, True), (41, False)])
def test_endless_words_are_not_compared(letters: int, is_compared: bool) -> None:
    """What finds a letter more or less takes the square of the length."""
    raw = topic({3: ["x" * letters]})
    found = proposed(raw, entry(f"A {'x' * (letters - 1)}y"))
    assert bool(found) is is_compared


def test_a_word_that_is_repeated_without_end_is_proposed_once() -> None:
    found = proposed(TRUCES, entry("In Syria", " ".join(["armistise"] * 500)))
    assert [one.term for one in found] == ["armistise"]
