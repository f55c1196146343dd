"""Precision, recall, F1 and average precision, and the lines they are computed from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.topics import entry, topic
from watcher.match.evaluation import (
    JudgedEntry,
    JudgedProblem,
    average_precision,
    evaluate,
    quality_json,
    read_judged,
    score_json,
)


def judged(title: str, truth: bool | None, at: int = 0) -> JudgedEntry:
    return JudgedEntry(entry(title, id=f"{title}-{at}"), {"topic": truth})


def test_a_topic_is_measured_at_its_threshold() -> None:
    found = evaluate(
        [judged("Prison riot", True), judged("Prison drama", False), judged("Jail", True), judged("Prison", None)],
        [topic({3: ["prison"]}, exclude="drama")],
    )
    (quality,) = found.topics.values()
    assert (quality.precision, quality.recall, round(quality.f1, 3)) == (1.0, 0.5, 0.667)
    assert quality.average_precision == pytest.approx((1 + 2 / 3) / 2)
    assert found.macro.f1 == quality.f1


def test_an_excluded_entry_ranks_as_nothing() -> None:
    found = evaluate([judged("Prison drama", False), judged("Prison", True)], [topic({3: ["prison"]}, exclude="drama")])
    assert [score_json(score)["score"] for score in found.scores] == [0.0, 9.0]


def test_topics_that_nobody_judged_are_left_out() -> None:
    found = evaluate([judged("Prison", True)], [topic({3: ["prison"]}), topic({3: ["x"]}, name="other")])
    assert set(quality_json(found)["topics"]) == {"topic"}
    assert set(quality_json(found)["any_level"]) == {*quality_json(found)["topics"], "macro"}
    assert set(quality_json(found)["macro"]) == {"precision", "recall", "f1", "average_precision"}


@pytest.mark.parametrize(
    ("ranking", "expected"),
    [
        ([(3, True), (2, False), (1, True)], (1 + 2 / 3) / 2),
        ([(3, False), (2, True)], 0.5),
        ([(1, True), (1, False)], 0.5),
        ([(1, False)], 0.0),
        ([], 0.0),
    ],
)
def test_average_precision(ranking: list[tuple[float, bool]], expected: float) -> None:
    assert average_precision(ranking) == pytest.approx(expected)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans())), st.randoms(use_true_random=False))
def test_the_order_of_entries_does_not_matter(ranking: list[tuple[float, bool]], chance: object) -> None:
    shuffled = list(ranking)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert average_precision(shuffled) == average_precision(ranking)


def test_a_line_becomes_an_entry() -> None:
    line = (
        '{"id": "1", "title": "T", "content": "C", "language": "en", "published": "2026-01-24", "labels": {"a": null}}'
    )
    found = read_judged(line)
    assert isinstance(found, JudgedEntry)
    assert found.entry.published is not None
    assert found.entry.published.tzinfo is not None
    assert found.labels == {"a": None}


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("{", "not JSON"),
        ("[]", "not an object"),
        ('{"id": "1"}', 'no text "title"'),
        ('{"id": "1", "title": "T", "content": "C"}', '"labels"'),
        ('{"id": "1", "title": "T", "content": "C", "labels": {"a": "yes"}}', '"labels"'),
        ('{"id": "1", "title": "T", "content": "C", "labels": {}, "published": "noon"}', '"published"'),
        ('{"id": "1", "title": "T", "content": "C", "labels": {}, "language": 5}', '"language"'),
    ],
)
def test_a_bad_line_says_what_is_wrong(line: str, hint: str) -> None:
    found = read_judged(line)
    assert isinstance(found, JudgedProblem)
    assert hint in found.message
