"""A sketch of a text, small enough to keep for every entry of a window and good enough to find its copies.

The text is cut into shingles of three words; of their hashes the smallest are kept (Broder, "On the resemblance and
containment of documents", 1997: a bottom-k sketch). Two sketches together are a fair sample of what the texts share,
also when one is a part of the other. Shingles that begin with an *anchor* word sort before all others: a long text
then only needs those hashed, and remains comparable with a short one.

Beside it the *figures*, in `figures.py`: numbers and names with the words around them, by which texts that are equal but
for these (bulletins, tickers, market reports) contradict each other.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress
from zlib import crc32

from watcher.story.figures import FIGURES_WORDS, disagreements, figures_of
from watcher.story.words import hash63, words_of
from watcher.text.boilerplate import without_boilerplate

SHINGLE = 3
SKETCH = 32
"""Hashes kept of a text."""
INDEXED = 8
"""The smallest of them, by which candidates are found."""
SHORT_BODY = 12
"""Words below which the title is taken to be the text, too."""
SAME_LENGTH = 0.75
EXPLAINED = 0.3
"""The share of the differences between two texts that their figures must explain to make them one template."""

_ANCHORS = frozenset({5, 9, 10})
"""Lengths of anchor words in bytes (10 is five letters of Arabic or Cyrillic): chosen by what they are, not where they
stand; in most languages one word in seven or so."""
_NOT_ANCHORED = 1 << 31


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is kept of a text.

    `shingles`: the `SKETCH` smallest hashes (32 bits), ascending; all of them when the text has no more. `size`: how many
    shingles there are. `figures`: see there. `title`: hash of the headline (63 bits), 0 when it has fewer than
    `TELLING_TITLE` words.
    """

    shingles: array[int]
    size: int
    figures: array[int]
    title: int
    has_text: bool

    @property
    def is_complete(self) -> bool:
        """Whether every shingle of the text is in the sketch."""
        return len(self.shingles) < SKETCH

    @property
    def index_hashes(self) -> tuple[int, ...]:
        """The hashes by which candidates are found: two texts that share some may share much."""
        return (*self.shingles[:INDEXED], *([self.title] if self.title else []))


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two sketches share: `shared` of `sample` comparable shingles of the smaller text."""

    shared: int
    sample: int

    @property
    def containment(self) -> float:
        """The share of the smaller text that the other one contains, 0 to 1."""
        return self.shared / self.sample if self.sample else 0.0


TELLING_TITLE = 6
"""Words from which an equal headline of another publisher means the same event."""


def sketch(title: str, body: str) -> Sketch:
    """The sketch of a report; boilerplate is removed first, and the headline counts as text where there is hardly any."""
    headline = words_of(title)
    report = without_boilerplate(body)
    text = words_of(report)
    has_text = len(text) >= SHORT_BODY
    words = text if has_text else headline + [word for word in text if word not in headline]
    hashes = _smallest(words)
    return Sketch(
        shingles=array("I", hashes),
        size=max(len(words) - SHINGLE + 1, len(hashes)),
        figures=figures_of(report, text) if has_text else figures_of(f"{title}\n{report}", headline + text),
        title=hash63(b" ".join([b"title", *headline])) if len(headline) >= TELLING_TITLE else 0,
        has_text=has_text,
    )


def overlap(one: Sketch, other: Sketch) -> Overlap:
    """Compares what both sketches would hold: hashes up to the smaller of their largest ones."""
    limit = min(_limit(one), _limit(other))
    comparable = min(bisect_right(one.shingles, limit), bisect_right(other.shingles, limit))
    return Overlap(len(set(one.shingles).intersection(other.shingles)), comparable)


def contradicts(one: Sketch, other: Sketch, found: Overlap) -> bool:
    """Whether two texts are one template filled in differently.

    They are about as long as each other, and what they do not share is explained by numbers and names that differ
    between equal words: each of those breaks `SHINGLE` shingles. In a copy whose words were edited here and there such
    a difference explains little.
    """
    if min(one.size, other.size) < SAME_LENGTH * max(one.size, other.size):
        return False
    broken = SHINGLE * disagreements(one.figures, other.figures) / max(1, min(one.size, other.size, FIGURES_WORDS))
    return broken > 0 and broken >= EXPLAINED * (1 - found.containment)


def _smallest(words: Sequence[bytes]) -> list[int]:
    """Of the words' shingles the smallest hashes, ascending."""
    anchors = map(_ANCHORS.__contains__, map(len, words))
    anchored = set(map(crc32, map(b" ".join, compress(_shingles(words), anchors))))
    hashes = [checksum >> 1 for checksum in sorted(anchored)[:SKETCH]]
    if len(hashes) < SKETCH:
        others = set(map(crc32, map(b" ".join, _shingles(words)))) - anchored
        hashes += [checksum >> 1 | _NOT_ANCHORED for checksum in sorted(others)[: SKETCH - len(hashes)]]
    return hashes


def _shingles(words: Sequence[bytes]) -> Iterable[tuple[bytes, ...]]:
    return zip(words, words[1:], words[2:], strict=False)


def _limit(kept: Sketch) -> int:
    return (1 << 32) if kept.is_complete else kept.shingles[-1]
