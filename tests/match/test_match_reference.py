"""What the index finds is what a plain comparison of word lists finds."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from tests.harness.topics import entry, topic
from watcher.match.percolator import Percolator

WORDS = ("zub", "kol", "mip", "dax")
PHRASES = [" ".join(phrase) for length in (1, 2, 3) for phrase in product(WORDS, repeat=length)]
PERCOLATOR = Percolator([topic({5: [phrase]}, name=phrase, languages=()) for phrase in PHRASES])

texts = st.lists(st.sampled_from([*WORDS, *map("-".join, product(WORDS, repeat=2))]), max_size=12)


def occurs(phrase: str, text: list[str]) -> bool:
    """Whether the phrase is in the text; hyphens separate words."""
    return f" {phrase} " in f" {' '.join(text).replace('-', ' ')} "


@given(texts, texts)
def test_phrases_are_found_where_a_plain_search_finds_them(title: list[str], body: list[str]) -> None:
    found = {match.topic for match in PERCOLATOR.percolate(entry(" ".join(title), f"; {' '.join(body)}"))}
    assert found == {phrase for phrase in PHRASES if occurs(phrase, title) or occurs(phrase, body)}


def test_a_joined_spelling_has_neighbours_on_both_sides() -> None:
    raws = [topic({5: [text]}, name=text, languages=()) for text in ("zubkol mip", "dax zubkol", "dax zubkol mip")]
    found = Percolator(raws).percolate(entry("", "dax zub-kol mip"))
    assert [match.topic for match in found] == ["zubkol mip", "dax zubkol", "dax zubkol mip"]
