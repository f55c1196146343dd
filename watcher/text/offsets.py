"""Where the positions of a text stand in it, in characters."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from watcher.text.tokens import piece_spans


class OffsetMap:
    """The places of a text's pieces, worked out only as far as somebody asks.

    `stretches` are the text's, from its first on; `compounds` the numbers of those that have not exactly one
    piece, in order, and `widths` how many pieces each of these has.
    """

    def __init__(self, text: str, stretches: Sequence[str], compounds: Sequence[int], widths: Sequence[int]) -> None:
        self._text = text
        self._stretches = stretches
        self._compounds = compounds
        self._widths = widths
        self._firsts: list[int] | None = None
        self._starts: list[int] = []
        self._spans: dict[int, list[tuple[int, int]]] = {}
        """Of the pieces in a stretch, by its number: a text without spaces is one long stretch."""

    def characters(self, first: int, last: int) -> tuple[int, int]:
        """[start, end) of the characters from piece `first` to piece `last`, both included."""
        start, _ = self._characters_of(first)
        return (start, self._characters_of(last)[1])

    def _characters_of(self, position: int) -> tuple[int, int]:
        number, piece = self._stretch_of(position)
        start = self._start_of(number)
        spans = self._spans.get(number)
        if spans is None:
            spans = self._spans[number] = piece_spans(self._stretches[number])
        begin, end = spans[piece]
        return start + begin, start + end

    def _stretch_of(self, position: int) -> tuple[int, int]:
        """The number of the stretch that has the piece, and the piece's number in it."""
        if self._firsts is None:
            more = accumulate((width - 1 for width in self._widths), initial=0)
            self._firsts = [number + before for number, before in zip(self._compounds, more, strict=False)]
        at = bisect_right(self._firsts, position) - 1
        if at < 0:
            return position, 0
        inside, width = position - self._firsts[at], self._widths[at]
        return (self._compounds[at], inside) if inside < width else (self._compounds[at] + 1 + inside - width, 0)

    def _start_of(self, number: int) -> int:
        starts, stretches = self._starts, self._stretches
        if not starts and sum(map(len, stretches)) + len(stretches) - 1 == len(self._text):
            starts += accumulate(
                [len(stretch) + 1 for stretch in stretches[:-1]], initial=0
            )  # one space between each two
        end = starts[-1] + len(stretches[len(starts) - 1]) if starts else 0
        for stretch in stretches[len(starts) : number + 1]:
            start = self._text.index(stretch, end)
            starts.append(start)
            end = start + len(stretch)
        return starts[number]
