"""What speaks for two entries being the same one: their link, their title and their text.

STRONG  the same text, long enough to be nobody else's, and the same link or title; or all three the same
FAIR    the same link and title and no text to compare; the same title and text and no links to compare
WEAK    one of the three; or the same link with another text (an edited entry, or a page that shows another one)
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum

from watcher.model.entry import Identified, Seen, joined_texts
from watcher.text.letters import unspaced_character

_WORD = re.compile(r"[^\W_]+")
_UNSPACED_PER_WORD = 2
"""Characters that count as a word in scripts which do not put spaces between words."""

TELLING_TEXT = 12
"""Words from which an equal text is no coincidence ("Rain, 12 degrees" is one)."""
FEW = 10
"""Remembered entries with one feature in common that an entry is compared with: a bulletin has the same title for
years.
"""

Features = tuple[str, str, str]
"""Link, title and text."""


class Strength(IntEnum):
    """How much speaks for a known entry."""

    NONE = 0
    WEAK = 1
    FAIR = 2
    STRONG = 3


def strength(item: Identified, row: Seen) -> Strength:
    """What link, title and text say for `row` being the same entry as `item`."""
    same_link = same(item.link_hash, row.link_hash)
    same_title = same(item.title_fingerprint, row.title_fingerprint)
    if differ(item.text_fingerprint, row.text_fingerprint):
        return Strength.WEAK if same_link else Strength.NONE
    if same(item.text_fingerprint, row.text_fingerprint):
        equal_title = item.title_fingerprint == row.title_fingerprint
        return _with_equal_text(item, row, same_link=same_link, same_title=equal_title)
    return _without_text(same_link=same_link, same_title=same_title)


def features(row: Seen | Identified) -> Features:
    """Link, title and text: rows that agree in all of them are one entry under several names."""
    return (row.link_hash or "", row.title_fingerprint, row.text_fingerprint)


class Resembling:
    """Remembered entries by what they have in common with others: one feature, or two."""

    def __init__(self, rows: Iterable[Seen]) -> None:
        self._by_likeness: Mapping[Likeness, list[Seen]] = defaultdict(list)
        for row in rows:
            for likeness in _likenesses(row):
                self._by_likeness[likeness].append(row)

    def count(self, fingerprint: str) -> int:
        """How many have this title, and how many this text."""
        rows = self._by_likeness
        return len(rows.get(("", fingerprint, ""), ())) + len(rows.get(("", "", fingerprint), ()))

    def to(self, item: Identified, offset: int = 0) -> list[Seen]:
        """Similar remembered entries, at most FEW for each shared feature.

        `offset` rotates the selection, so that many look-alikes are not all compared with the same few.
        """
        found: dict[str, Seen] = {}
        for likeness in _likenesses(item):
            alike = self._by_likeness.get(likeness, [])
            start = offset % len(alike) if len(alike) > FEW else 0
            few = alike[start : start + FEW]
            for row in few if start == 0 else few + alike[: FEW - len(few)]:
                found[row.key] = row
        return list(found.values())


Likeness = Features
"""A link, title and text of which at least one is not ""."""


def _likenesses(one: Seen | Identified) -> Iterator[Likeness]:
    """What two entries may have in common: each pair of features, then each feature."""
    link, title, text = features(one)
    pairs = ((link, title, ""), (link, "", text), ("", title, text))
    yield from (pair for pair in pairs if pair.count("") == 1)
    yield from (single for single in ((link, "", ""), ("", title, ""), ("", "", text)) if any(single))


def _with_equal_text(item: Identified, row: Seen, *, same_link: bool, same_title: bool) -> Strength:
    if same_link and same_title:
        return Strength.STRONG
    if word_count(joined_texts(item.entry.summary, item.entry.content), TELLING_TEXT) >= TELLING_TEXT:
        return Strength.STRONG if same_link or same_title else Strength.WEAK
    if same_title and not (item.entry.link or row.link_hash):
        return Strength.FAIR
    return Strength.WEAK if same_link or same_title else Strength.NONE


def _without_text(*, same_link: bool, same_title: bool) -> Strength:
    if same_link and same_title:
        return Strength.FAIR
    return Strength.WEAK if same_link or same_title else Strength.NONE


def same(one: str | None, other: str | None) -> bool:
    return bool(one) and one == other


def differ(one: str | None, other: str | None) -> bool:
    return bool(one) and bool(other) and one != other


def word_count(text: str, enough: int) -> int:
    """Words of a text, two characters making one in scripts without spaces; stops counting at `enough`."""
    head = text[: enough * 40]
    rest, unspaced = (head, 0) if head.isascii() else unspaced_character().subn(" ", head)
    return min(enough, unspaced // _UNSPACED_PER_WORD + len(_WORD.findall(rest)))
