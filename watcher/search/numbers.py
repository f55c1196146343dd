"""Numbers whose thousands may be set apart: `1000` finds 1,000, 1.000 and 1 000, in a search as in a topic.

Such a number is several words of the index, which needs no other words for it: a search asks for every spelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product

Row = tuple[str, ...]
"""Words one behind the other."""

_THOUSANDS = re.compile(r"(?<=\d)(?=(?:\d{3})+$)")
_LAKHS = re.compile(r"(?<=\d)(?=(?:\d\d)*\d{3}$)")
"""Where 100000 is parted: 100 000, and in India 1 00 000."""
_GROUP = 3
"""Digits of each part but the first."""
MOST_SPELLED = 2
"""Numbers of a phrase of which all spellings are asked for."""


def is_long_number(word: str) -> bool:
    """Whether an indexed word is a number with thousands."""
    return word.isdecimal() and len(word) > _GROUP


def spellings_of_number(word: str) -> tuple[Row, ...]:
    """The rows of words that a long number may be in a text."""
    apart = (tuple(where.sub(" ", word).split()) for where in (_THOUSANDS, _LAKHS))
    return tuple(dict.fromkeys(((word,), *apart)))


def spellings(words: Row) -> tuple[Row, ...]:
    """The rows that words of a query may be in a text, as they are written first."""
    numbers = [at for at, word in enumerate(words) if is_long_number(word)][:MOST_SPELLED]
    parts = [spellings_of_number(word) if at in numbers else ((word,),) for at, word in enumerate(words)]
    return tuple(tuple(word for part in row for word in part) for row in product(*parts))


def with_whole_numbers(words: Row) -> Row:
    """Words of a query in which numbers are one word each: `1 000 dead` is 1000 and dead."""
    found: list[str] = []
    is_open = False
    for word in words:
        if is_open and _is_group(word):
            found[-1] += word
        else:
            found.append(word)
            is_open = word.isdecimal() and len(word) <= _GROUP and word[0] != "0"
    return tuple(found)


def rows(words: Sequence[str], spelled: Sequence[Row]) -> Iterator[tuple[int, int]]:
    """Where one of some rows is in a text, [first, end) in words, but not as a part of a longer number."""
    for row in spelled:
        first = -1
        while True:
            try:
                first = words.index(row[0], first + 1)
            except ValueError:
                break
            end = first + len(row)
            if tuple(words[first:end]) == row and not (len(spelled) > 1 and _is_part(words, first, end)):
                yield first, end


def _is_part(words: Sequence[str], first: int, end: int) -> bool:
    """Whether a number goes on before or behind these words: 1 000 in 1 000 000, and 000 in 5 000."""
    goes_on = end < len(words) and _is_group(words[end - 1]) and _is_group(words[end])
    before = words[first - 1] if first else ""
    return goes_on or (_is_group(words[first]) and before.isdecimal() and len(before) <= _GROUP)


def _is_group(word: str) -> bool:
    return word.isdecimal() and len(word) == _GROUP
