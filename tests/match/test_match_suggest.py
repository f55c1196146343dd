"""Suggestions: terms that separate, weights that the marks contradict, silence where there is nothing to learn."""

from __future__ import annotations

from tests.harness.topics import entry, topic
from watcher.match.suggest import Marked, g_squared, suggest, suggestions_json

RELEVANT = [
    Marked(entry("Prison riot in Hasakah", f"Inmates of the al-Hol camp fled, day {at}"), True) for at in range(10)
]
OTHERS = [Marked(entry("Prison drama wins", f"The series is a success, part {at}"), False) for at in range(10)]


def test_a_separating_phrase_is_proposed_with_a_weight() -> None:
    found = suggest(topic({3: ["prison"]}), [*RELEVANT, *OTHERS])
    by_term = {change.term: change for change in found.changes}
    assert any("hol" in term for term in by_term)
    assert all(change.before is None and change.after == 300 for change in by_term.values())
    assert "prison" not in by_term


def test_a_weight_that_the_marks_contradict_is_changed() -> None:
    found = suggest(topic({3: ["drama"], 1: ["riot"]}), [*RELEVANT, *OTHERS])
    changes = {change.term: (change.before, change.after) for change in found.changes}
    assert changes["drama"] == (300, -150)
    assert changes["riot"] == (100, 300)


def test_a_stop_word_is_never_proposed_nor_a_phrase_that_ends_with_one() -> None:
    found = suggest(topic({3: ["riot"]}, languages=("en", "fr")), [
        *(Marked(entry("Riot", f"They were also said to have been with the wardens of it, des gardiens {at}"), True)
          for at in range(10)),
        *(Marked(entry("Cake", f"Sugar melts slowly {at}"), False) for at in range(10)),
    ])  # fmt: skip
    terms = [change.term for change in found.changes]
    assert {"gardiens", "wardens"} <= set(terms)
    assert not {"also", "were", "have", "been", "des"} & {
        word for term in terms for word in (term.split()[0], term.split()[-1])
    }


def test_a_proposal_says_what_it_would_have_changed() -> None:
    missed = [Marked(entry("Quiet day", f"Inmates of the al-Hol camp, row {at}"), True) for at in range(6)]
    noise = [Marked(entry("Riot of colour", f"A show, part {at}"), False) for at in range(6)]
    found = suggest(topic({5: ["riot"]}), [*RELEVANT, *missed, *OTHERS, *noise])
    effects = {change.term: change.effect for change in found.changes}
    hol = next(effect for term, effect in effects.items() if "hol" in term)
    assert (hol.found, hol.lost, hol.added, hol.spared) == (6, 0, 0, 0)
    assert hol.titles == ("Quiet day",) * 3


def test_a_removal_says_what_it_would_have_spared() -> None:
    found = suggest(topic({3: ["drama"]}), [*RELEVANT, *OTHERS])
    (change,) = [change for change in found.changes if change.term == "drama"]
    assert (change.effect.spared, change.effect.lost) == (10, 0)


def test_too_few_marks_give_a_reason() -> None:
    found = suggest(topic({3: ["prison"]}), RELEVANT[:3])
    assert found.changes == ()
    assert "mark at least" in (found.reason or "")


def test_a_topic_without_terms_gets_its_first() -> None:
    assert suggest(topic(query="prison"), [*RELEVANT, *OTHERS]).changes


def test_g_squared_is_nothing_without_a_difference() -> None:
    assert g_squared(5, 10, 5, 10) == 0
    assert g_squared(10, 10, 0, 10) > g_squared(8, 10, 2, 10) > 0


def test_the_json_has_decimal_points() -> None:
    found = suggestions_json(suggest(topic({3: ["drama"]}), [*RELEVANT, *OTHERS]))
    assert {"term", "before", "after", "relevant", "others", "effect"} == set(found["changes"][0])
    assert {change["before"] for change in found["changes"]} == {None, 3.0}
