"""What of an entry is matched: its body, and how much of a hostile text (`make hostile`: 100 ms a topic).

A news report is well within these limits; a whole book is cut, and so is a long study in another script. What is
left out depends on the text alone, never on what was read before: explaining an entry again gives the same points.
"""

from __future__ import annotations

import re

from watcher.match.token_cache import LONGEST_CACHED
from watcher.model.entry import TEXT_LIMIT, Entry, joined_texts
from watcher.text.boilerplate import without_invitations
from watcher.text.tokens import count_breaks

_LONGEST = 2 * TEXT_LIMIT
"""Characters of a text that may still be the same as another's."""
TITLE_LIMIT = 2_000
"""Characters."""
MOST_EFFORT = 6_000
"""Different words in ASCII, or a third as many in other scripts; see `_efforts`."""
_SHORT = 6_000
"""Characters; no text so short can take more effort."""
_MOST_JOINED = 5
"""Breaks within a word whose pieces are also read joined, each with each."""
_WORD = re.compile(r"\S+")
_BREAK_IN_TOKEN = re.compile(r"(?<=\S)(?:[^\w\s]|_)(?=\S)")


def limited_title(title: str) -> str:
    """The part of a title that is read."""
    return title[:TITLE_LIMIT]


def limited_text(text: str) -> str:
    """The part of a text that is read: 100,000 characters, fewer if their words are too many different ones."""
    text = text[:TEXT_LIMIT]
    if len(text) <= _SHORT or _most_effort(text) <= MOST_EFFORT:
        return text
    rest = MOST_EFFORT
    known: dict[str, int] = {}
    for word in _WORD.finditer(text):
        token = word[0]
        effort = known.get(token)
        if effort is None:
            effort, known[token] = _efforts(token)
        if effort > rest:
            return text[: word.start() + len(token) * rest // effort]
        rest -= effort
    return text


def _most_effort(text: str) -> int:
    """An upper bound of the effort that a text takes, which is found much faster than the effort."""
    different = set(text.split())
    joined = 3 * len(_BREAK_IN_TOKEN.findall(text))
    return joined + (len(different) if text.isascii() else 3 * len(different) + 3 * sum(map(len, different)) // 16)


def _efforts(token: str) -> tuple[int, int]:
    """What a token costs at first sight and every further time, in the time that a new word in ASCII takes.

    Other scripts need normalising and have more stems; marks are sorted, which is quadratic in their number. Every
    piece of a compound has a position of its own, and a few pieces are also read written as one. Long tokens are
    not remembered.
    """
    if token.isascii():
        if token.isalnum():
            return 1, 0
        first = 1
    else:
        first = 3 + len(token) // 16 * 3
    breaks = count_breaks(token)
    joined = breaks * (breaks + 1) // 2 if breaks <= _MOST_JOINED else 3 * breaks
    first += joined
    return first, first if len(token) > LONGEST_CACHED else joined


def body_of(entry: Entry) -> str:
    """The content, preceded by the summary unless contained in it, without a leading repetition of the title and
    without invitations to read on.
    """
    content = without_invitations(_without_title(entry.content[:_LONGEST], entry.title[:_LONGEST]))
    summary = without_invitations(_without_title(entry.summary[:_LONGEST], entry.title[:_LONGEST]))
    return joined_texts(summary, content)


def _without_title(text: str, title: str) -> str:
    text, title = text.strip(), title.strip()
    return text[len(title) :].lstrip() if title and text[: len(title)].casefold() == title.casefold() else text
