"""Closeness in meaning, what is learned from marks, and what opinions make of a match."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watcher.match.lifting import best_first, is_worth_asking, lifted, wants_lift, with_meaning
from watcher.model.alert import Match, Opinion, OpinionKind
from watcher.model.topic import Level

NONE = Match("truces", 0, Level.NONE, 500, ())
FAR = Opinion(OpinionKind.MEANING, favours=False, value=3, least=8)
CLOSE = Opinion(OpinionKind.MEANING, favours=True, value=12, least=8)
YES = Opinion(OpinionKind.SECOND_LOOK, favours=True, quote="guns fell silent")
NO = Opinion(OpinionKind.SECOND_LOOK, favours=False)


@pytest.mark.parametrize(
    ("opinions", "expected"),
    [
        ((), None),
        ((FAR,), None),
        ((CLOSE,), OpinionKind.MEANING),
        ((FAR, YES), OpinionKind.SECOND_LOOK),
        ((CLOSE, YES), OpinionKind.SECOND_LOOK),
        ((CLOSE, NO), None),
        ((NO,), None),
    ],
)
def test_what_lifts_an_entry_without_a_level(opinions: tuple[Opinion, ...], expected: OpinionKind | None) -> None:
    assert wants_lift(replace(NONE, opinions=opinions)) is expected


@given(
    st.sampled_from([Level.MENTION, Level.FOCUS]),
    st.lists(st.sampled_from([FAR, CLOSE, YES, NO]), max_size=3).map(tuple),
)
def test_no_opinion_changes_a_level_that_words_gave(level: Level, opinions: tuple[Opinion, ...]) -> None:
    assert wants_lift(replace(NONE, level=level, score=400, opinions=opinions)) is None


def test_a_lift_is_to_a_mention_and_leaves_the_score() -> None:
    found = lifted(with_meaning(replace(NONE, score=120), CLOSE), OpinionKind.MEANING)
    assert (found.level, found.score, found.lifted_by, found.opinions) == (
        Level.MENTION,
        120,
        OpinionKind.MEANING,
        (CLOSE,),
    )


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (replace(NONE, level=Level.FOCUS), False),
        (replace(NONE, level=Level.MENTION), True),
        (replace(NONE, level=Level.MENTION, opinions=(FAR,)), True),
        (replace(NONE, opinions=(CLOSE,)), True),
        (replace(NONE, opinions=(replace(FAR, value=4),)), True),
        (replace(NONE, opinions=(FAR,), score=400), False),
        (replace(NONE, score=250), True),
        (NONE, False),
        (replace(NONE, opinions=(Opinion(OpinionKind.PACKS, favours=False, value=86, least=95),)), True),
        (replace(NONE, opinions=(Opinion(OpinionKind.PACKS, favours=False, value=85, least=95),)), False),
    ],
)
def test_which_entries_are_worth_a_question(match: Match, expected: bool) -> None:
    assert is_worth_asking(match) is expected


def test_the_closest_take_from_the_budget_first() -> None:
    those = [
        ("a", with_meaning(NONE, replace(CLOSE, value=9))),
        ("b", with_meaning(replace(NONE, score=300), replace(CLOSE, value=9))),
        ("c", with_meaning(NONE, replace(CLOSE, value=20))),
    ]
    assert [key for key, _ in best_first(those)] == ["c", "b", "a"]


@pytest.fixture
def meaning() -> Any:
    pytest.importorskip("numpy")
    from watcher.match import meaning as module

    return module


def direction(meaning: Any, *numbers: float) -> Any:
    vector = meaning.np.array(numbers, dtype=meaning.np.float32)
    return vector / meaning.np.linalg.norm(vector)


def test_closeness_is_likeness_to_the_relevant_less_that_to_the_others(meaning: Any) -> None:
    east, north, up = (direction(meaning, *row) for row in ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    sense = meaning.Sense(meaning.np.stack([east] * 3), meaning.np.stack([north] * 3), least=8)
    assert sense.closeness(east) == pytest.approx(1)
    assert sense.closeness(north) == pytest.approx(-1)
    assert sense.closeness(up) == pytest.approx(0)
    assert sense.opinion(east) == Opinion(OpinionKind.MEANING, favours=True, value=100, least=8)
    assert not sense.opinion(up).favours


def test_what_is_shown_as_the_least_is_enough(meaning: Any) -> None:
    east, north = direction(meaning, 1, 0), direction(meaning, 0, 1)
    sense = meaning.Sense(meaning.np.stack([east]), meaning.np.stack([north]), least=8)
    for tilt in range(100):
        opinion = sense.opinion(direction(meaning, 1 + tilt / 500, 1))
        assert opinion.favours is (opinion.value >= opinion.least)


def test_one_example_that_is_like_an_entry_by_chance_is_not_enough(meaning: Any) -> None:
    east, north, up = (direction(meaning, *row) for row in ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    sense = meaning.Sense(meaning.np.stack([east, up, up]), meaning.np.stack([north]), least=50)
    assert not sense.opinion(east).favours


def test_without_irrelevant_examples_only_the_relevant_count(meaning: Any) -> None:
    east = direction(meaning, 1, 0)
    assert meaning.Sense(meaning.np.stack([east]), meaning.np.zeros((0, 2)), least=8).closeness(east) == pytest.approx(
        1
    )


def test_examples_on_one_subject_are_seen_by_their_middle(meaning: Any) -> None:
    east, north, up = (direction(meaning, *row) for row in ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    assert meaning.is_same_subject(meaning.np.stack([east, north]), meaning.np.stack([north, east, up]))
    assert not meaning.is_same_subject(meaning.np.stack([east, north]), meaning.np.stack([up]))


def marked(meaning: Any, relevant: int, irrelevant: int, seed: int = 7) -> tuple[Any, list[bool]]:
    """Marks whose second number says what they are, with noise in the others."""
    chance = meaning.np.random.default_rng(seed)
    truths = [True] * relevant + [False] * irrelevant
    rows = [chance.normal([0, 2 if truth else -2, 0, 0, 0], 0.8) for truth in truths]
    vectors = meaning.np.array([row / meaning.np.linalg.norm(row) for row in rows], dtype=meaning.np.float32)
    return vectors, truths


@pytest.mark.parametrize(("relevant", "irrelevant"), [(19, 100), (100, 19), (0, 0)])
def test_too_few_marks_teach_nothing(meaning: Any, relevant: int, irrelevant: int) -> None:
    vectors, truths = marked(meaning, relevant, irrelevant)
    assert meaning.learn(vectors.reshape(-1, 5), truths) is None


def test_marks_teach_what_is_relevant_and_say_how_well(meaning: Any) -> None:
    vectors, truths = marked(meaning, 20, 60)
    learned = meaning.learn(vectors, truths)
    assert (learned.relevant, learned.irrelevant) == (20, 60)
    assert learned.probability(direction(meaning, 0, 1, 0, 0, 0)) > 0.8
    assert learned.probability(direction(meaning, 0, -1, 0, 0, 0)) < 0.2
    assert min(learned.quality.precision, learned.quality.recall, learned.quality.average_precision) > 0.8
    sense = meaning.Sense(vectors[:1], vectors[-1:], 8, learned)
    assert sense.opinion(direction(meaning, 0, 1, 0, 0, 0)).kind is OpinionKind.MARKS


def pack_of(meaning: Any, *weights: float) -> Any:
    return meaning.PackRegression(meaning.np.array(weights, dtype=float), relevant=1, irrelevant=2)


@pytest.mark.parametrize(
    ("constants", "value", "favours"),
    [((0.0,), 50, False), ((0.58,), 94, False), ((0.6,), 95, True), ((-4.0, 0.6), 95, True), ((100.0,), 99, True)],
)
def test_packs_speak_by_the_one_that_says_most(
    meaning: Any, constants: tuple[float, ...], value: int, favours: bool
) -> None:
    """The features have a constant of 5, so that 0.6 is 3 in log-odds: a probability of 0.9526."""
    packs = tuple(pack_of(meaning, 0, 0, constant) for constant in constants)
    sense = meaning.Sense(meaning.np.zeros((0, 2)), meaning.np.zeros((0, 2)), 8, packs=packs)
    assert sense.opinion(direction(meaning, 1, 1)) == Opinion(OpinionKind.PACKS, favours, value, 95)


def test_a_pack_learns_from_labelled_entries(meaning: Any) -> None:
    vectors, truths = marked(meaning, 30, 90)
    pack = meaning.learn_pack(vectors, truths)
    assert (pack.relevant, pack.irrelevant, len(pack.weights)) == (30, 90, 6)
    sense = meaning.Sense(vectors[:0], vectors[:0], 8, packs=(pack,))
    assert sense.opinion(direction(meaning, 0, 1, 0, 0, 0)).favours
    assert sense.opinion(direction(meaning, 0, -1, 0, 0, 0)).value < 5


@given(st.integers(0, 2**32 - 1), st.sampled_from([-1.0, 1.0]))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_marks_add_to_what_packs_know(meaning: Any, seed: int, side: float) -> None:
    """What marks say nothing of stays as the packs have it: here the third number, which is 0 in every mark."""
    vectors, truths = marked(meaning, 25, 25, seed)
    vectors[:, 2] = 0
    packs = (pack_of(meaning, 0, 0, 3 * side, 0, 0, 0),)
    learned, alone = meaning.learn(vectors, truths, packs), meaning.learn(vectors, truths)
    there = direction(meaning, 0, 0, 1, 0, 0)
    assert (learned.probability(there) - alone.probability(there)) * side > 0
    assert learned.probability(direction(meaning, 0, 1, 0, 0, 0)) == pytest.approx(
        alone.probability(direction(meaning, 0, 1, 0, 0, 0))
    )


def test_marks_without_a_pattern_promise_nothing(meaning: Any) -> None:
    """The figures are of marks that a regression has not seen: by heart it would know all of these."""
    vectors, _ = marked(meaning, 40, 40)
    truths = [bool(number) for number in meaning.np.random.default_rng(3).integers(0, 2, 80)]
    shuffled = meaning.np.random.default_rng(5).permutation(vectors)
    assert meaning.learn(shuffled, truths).quality.average_precision < 0.75
