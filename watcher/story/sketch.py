"""What is kept of an entry to find its copies: its beginning as written, and a sample of hashes of the whole text.

The text is cut into shingles of three words; of their hashes the smallest are kept (Broder, "On the resemblance and
containment of documents", 1997: a bottom-k sketch). Two sketches together are a fair sample of what the texts share,
also when one is a part of the other. Shingles that begin with an *anchor* word sort before all others: a long text
then only needs those hashed, and remains comparable with a short one.

The hashes find entries that share much. Whether these report the same is decided on their beginnings, in `compare`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import compress
from zlib import crc32

from watcher.lazy_dataclass import dataclass
from watcher.model.entry import Identified, joined_texts
from watcher.model.feed import Feed
from watcher.model.story import Sketch
from watcher.story.publisher import headline_of, is_aggregator, publisher_of
from watcher.story.words import hash63, words_of
from watcher.text.boilerplate import split_dateline, without_boilerplate

SHINGLE = 3
SKETCH = 32
"""Hashes kept of a text."""
INDEXED = 8
"""The smallest of them, by which candidates are found."""
SHORT_BODY = 12
"""Words below which the title is taken to be the text, too."""
KEPT_TEXT = 16_000
"""Characters of the beginning of a text that are kept: some 2,500 words, to find the part that another one begins with.
"""
KEPT_TITLE = 400
DISTINCTIVE_TITLE = 6
"""Words from which an equal headline of another publisher means the same event."""

_ANCHORS = frozenset({5, 9, 10})
"""Lengths of anchor words in bytes (10 is five letters of Arabic or Cyrillic): chosen by what they are, not where they
are; in most languages one word in seven or so."""
_NOT_ANCHORED = 1 << 31
_SHINGLE_BITS = 32


def sketch_of(identified: Identified, feed: Feed) -> Sketch:
    """The sketch of an entry of a feed. Boilerplate is removed first; the headline counts as text where there is hardly
    any.
    """
    entry = identified.entry
    dateline, report = _without_datelines(joined_texts(entry.summary, entry.content))
    report = without_boilerplate(report)
    title = headline_of(entry)
    headline, text = words_of(title), words_of(report)
    has_text = len(text) >= SHORT_BODY
    words = text if has_text else headline + [word for word in text if word not in headline]
    shingles = _smallest(words)
    title_hash = [hash63(b" ".join([b"title", *headline]))] if len(headline) >= DISTINCTIVE_TITLE else []
    return Sketch(
        entry_key=identified.entry_key,
        feed_url=feed.url,
        publisher=publisher_of(entry, feed.url),
        link=entry.link,
        title=title[:KEPT_TITLE],
        text=report[:KEPT_TEXT],
        dateline=dateline,
        published=entry.published or entry.updated,
        shingles=tuple(shingles),
        size=max(len(words) - SHINGLE + 1, len(shingles)),
        hashes=(*shingles[:INDEXED], *title_hash),
        is_aggregator=feed.is_aggregator or is_aggregator(feed.url),
        trust=feed.trust,
    )


def is_of_title(value: int) -> bool:
    """Whether a hash of a sketch is that of its headline."""
    return value >> _SHINGLE_BITS > 0


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two sketches share: `shared` of `sample` comparable shingles of the smaller text."""

    shared: int
    sample: int

    @property
    def containment(self) -> float:
        """The share of the smaller text that the other one contains, 0 to 1."""
        return self.shared / self.sample if self.sample else 0.0


def overlap(one: Sketch, other: Sketch) -> Overlap:
    """Compares what both sketches would hold: hashes up to the smaller of their largest ones."""
    limit = min(_limit(one), _limit(other))
    comparable = min(bisect_right(one.shingles, limit), bisect_right(other.shingles, limit))
    return Overlap(len(set(one.shingles).intersection(other.shingles)), comparable)


def _without_datelines(report: str) -> tuple[str, str]:
    """The place that the last of up to two agency lines names, and the text after them."""
    first, rest = split_dateline(report)
    second, rest = split_dateline(rest) if first else ("", rest)
    return second or first, rest


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
    return (1 << _SHINGLE_BITS) if len(kept.shingles) < SKETCH else kept.shingles[-1]
