"""Which lists of pairs and conditions an entry reaches: those of which any pattern occurs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from itertools import islice, repeat
from operator import or_

Pattern = int
"""A slot, or ~n for phrase n."""
_LONG_LIST = 200
"""Patterns."""
_MOST_LONG_LISTS = 1_000
"""Of all topics; more are compared one by one, so that the numbers stay small."""


class LongLists:
    """Which of the long lists of pairs and conditions have each pattern, as the bits of a number.

    One look at each word of an entry says which of these lists occur, where packs have some hundred of them.
    """

    def __init__(self, lists: Iterable[frozenset[Pattern]]) -> None:
        self.bits: dict[frozenset[Pattern], int] = {}
        self.of_pattern: dict[Pattern, int] = {}
        for patterns in islice((one for one in lists if len(one) >= _LONG_LIST), _MOST_LONG_LISTS):
            bit = self.bits[patterns] = 1 << len(self.bits)
            for pattern in patterns:
                self.of_pattern[pattern] = self.of_pattern.get(pattern, 0) | bit

    def among(self, present: Iterable[Pattern]) -> int:
        """The bits of the lists that have any of the patterns."""
        return reduce(or_, map(self.of_pattern.get, present, repeat(0)), 0)


class Reached(dict[frozenset[Pattern], bool]):
    """What pairs and conditions look for → whether it occurs. Topics with the same pack share its lists."""

    def __init__(self, present: set[Pattern], long_lists: LongLists) -> None:
        super().__init__()
        self._present = present
        self._long_lists = long_lists
        self._long: int | None = None

    def __missing__(self, patterns: frozenset[Pattern]) -> bool:
        bit = self._long_lists.bits.get(patterns)
        if bit is None:
            occurs = not patterns.isdisjoint(self._present)
        else:
            if self._long is None:
                self._long = self._long_lists.among(self._present)
            occurs = bool(self._long & bit)
        self[patterns] = occurs
        return occurs
