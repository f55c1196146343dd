"""How much of an entry is read, so that a hostile one costs a topic at most 100 ms (`make hostile`).

A news report is well within these bounds; a whole book is cut, and so is a long study in another script. What is left out depends on the text alone, never on what was read before:
explaining an entry again gives the same points.
"""

from __future__ import annotations

import re

from watcher.match.token_cache import LONGEST_REMEMBERED
from watcher.model.entry import TEXT_LIMIT
from watcher.text.tokens import count_breaks

TITLE_LIMIT = 2_000
"""Characters."""
MOST_EFFORT = 6_000
"""Different words in ASCII, or a third as many in other scripts; see `_efforts`."""
_SHORT = 6_000
"""Characters; no text so short can take more effort."""
_MOST_JOINED = 5
"""Breaks within a word whose pieces are also read joined, each with each."""
_WORD = re.compile(r"\S+")


def readable_title(title: str) -> str:
    """The part of a title that is read."""
    return title[:TITLE_LIMIT]


def readable_text(text: str) -> str:
    """The part of a text that is read: 100,000 characters, fewer if these are more different words than any news has."""
    text = text[:TEXT_LIMIT]
    if len(text) <= _SHORT:
        return text
    rest = MOST_EFFORT
    known: dict[str, int] = {}
    for word in _WORD.finditer(text):
        stretch = word[0]
        effort = known.get(stretch)
        if effort is None:
            effort, known[stretch] = _efforts(stretch)
        if effort > rest:
            return text[: word.start() + len(stretch) * rest // effort]
        rest -= effort
    return text


def _efforts(stretch: str) -> tuple[int, int]:
    """What a stretch costs at first sight and every further time, in the time that a new word in ASCII takes.

    Other scripts need normalising and have more stems; marks are sorted, which is quadratic in their number. Every
    piece of a compound has a position of its own, and a few pieces are also read written as one. Long stretches are
    not remembered.
    """
    if stretch.isascii():
        if stretch.isalnum():
            return 1, 0
        first = 1
    else:
        first = 3 + len(stretch) // 16 * 3
    breaks = count_breaks(stretch)
    joined = breaks * (breaks + 1) // 2 if breaks <= _MOST_JOINED else 3 * breaks
    first += joined
    return first, first if len(stretch) > LONGEST_REMEMBERED else joined
