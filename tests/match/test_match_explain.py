"""Explain: every part, what was missing, what excluded it, how far it is."""

from __future__ import annotations

from tests.harness.topics import compiled, entry, topic
from watcher.match.explain import explain, explanation_json
from watcher.model.topic import Level

RAW = topic(
    {3: ["detention facilit*"], 1.5: ["prison*"]},
    [(["escap*"], ["prison*"], 10, 3)],
    require="(Syria* OR Iraq*) AND NOT lang:fr",
    exclude="football OR title:drama",
)


def test_a_hit_shows_every_part() -> None:
    found = explain(compiled(RAW), entry("Escape from a prison in Syria", "Detention facilities burn"))
    assert found.level is Level.FOCUS
    assert [(part.term, part.field, part.count, part.points) for part in found.parts] == [
        ("detention facilit*", "lead", 1, 450),
        ("prison*", "title", 1, 450),
        ("escap* … prison*", "title", 1, 300),
    ]
    assert found.score == 1_200
    assert (found.excluded_by, found.missing, found.to_focus, found.to_mention) == (None, None, 0, 0)


def test_a_miss_says_what_was_missing() -> None:
    found = explain(compiled(RAW), entry("Prison in France", "prison"))
    assert found.level is Level.NONE
    assert found.missing == "Syria* OR Iraq*"
    assert found.score == sum(part.points for part in found.parts) == 675


def test_a_query_that_is_not_true_says_what_it_lacks() -> None:
    raw = compiled(topic(query="prison AND (riot OR escap*) AND NOT drama"))
    assert explain(raw, entry("A prison")).query_lacks == "riot OR escap*"
    assert explain(raw, entry("A prison drama with a riot")).query_lacks == "NOT drama"
    assert explain(raw, entry("A prison riot")).query_lacks is None


def test_terms_may_do_without_a_query_and_nothing_is_called_missing() -> None:
    either = compiled(topic({5: ["fire"], 1.5: ["smoke"]}, query="prison AND riot"))
    found = [explain(either, entry(title)) for title in ("A fire", "Smoke", "A prison")]
    assert [one.level for one in found] == [Level.FOCUS, Level.MENTION, Level.NONE]
    assert [one.query_lacks for one in found] == [None, "prison AND riot", "riot"]
    assert [one.missing for one in found] == [None] * 3


def test_what_is_required_and_what_the_query_lacks_are_distinguished() -> None:
    both = compiled(topic(query="prison AND riot", require="Syria*"))
    found = explain(both, entry("A prison"))
    assert (found.missing, found.query_lacks) == ("Syria*", "riot")


def test_an_exclusion_says_by_what() -> None:
    found = explain(compiled(RAW), entry("Syria prison", "A football match"))
    assert (found.level, found.excluded_by, found.missing) == (Level.NONE, "football", None)


def test_a_near_miss_says_how_far_it_is() -> None:
    found = explain(compiled(RAW), entry("Syria", "A prison"))
    assert (found.score, found.to_focus, found.to_mention) == (225, 275, 150)


def test_a_foreign_feed_is_what_is_missing() -> None:
    raw = compiled(topic({3: ["prison"]}, feeds={"region": "mena"}))
    found = explain(raw, entry("A prison"), {"region": "europe"})
    assert (found.level, found.missing) == (Level.NONE, "a feed with the labels {region: mena}")
    assert explain(raw, entry("A prison"), {"region": "mena"}).level is Level.FOCUS


def test_the_json_has_points_in_decimals() -> None:
    found = explanation_json(explain(compiled(RAW), entry("Prison", "Syria prison")))
    assert found["score"] == 6.75
    assert found["focus"] == 5.0
    assert [part["points"] for part in found["parts"]] == [4.5, 2.25]
    assert set(found) >= {"topic", "level", "score", "focus", "parts", "excluded_by", "missing"}
    assert set(found["parts"][0]) >= {"term", "field", "count", "points"}
