"""The pass over an entry's words."""

from __future__ import annotations

from tests.harness.topics import entry, topic
from watcher.match.percolator import Percolator


def test_the_third_word_of_a_phrase_may_be_written_in_pieces() -> None:
    raw = topic({3: ["old prison ceasefire", "ceasefire prison old"], 1: ["common prison", "prison common"] * 3})
    for text in ("old prison cease-fire", "cease-fire prison old", "an old prison cease fire"):
        assert bool(Percolator([raw]).percolate(entry(text))) is ("-" in text), text
