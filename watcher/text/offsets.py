"""Positions of a text → character offsets."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from watcher.text.tokens import piece_spans


class OffsetMap:
    """The character range of each piece of a text, computed only as far as it is asked for.

    `tokens` are the text's, from its first on; `compounds` the numbers of those that have not exactly one
    piece, in order, and `widths` how many pieces each of these has.
    """

    def __init__(self, text: str, tokens: Sequence[str], compounds: Sequence[int], widths: Sequence[int]) -> None:
        self._text = text
        self._flat = text.replace("\n", " ")
        self._tokens = tokens
        self._compounds = compounds
        self._widths = widths
        self._firsts: list[int] | None = None
        self._starts: list[int] = []
        self._spans: dict[int, list[tuple[int, int]]] = {}
        """Of the pieces in a token, by its number: a text without spaces is one long token."""

    def characters(self, first: int, last: int) -> tuple[int, int]:
        """[start, end) of the characters from piece `first` to piece `last`, both included."""
        start, end = self._characters_of(first)
        return (start, end if last == first else self._characters_of(last)[1])

    def _characters_of(self, position: int) -> tuple[int, int]:
        number, piece = self._token_of(position)
        start = self._start_of(number)
        spans = self._spans.get(number)
        if spans is None:
            spans = self._spans[number] = piece_spans(self._tokens[number])
        begin, end = spans[piece]
        return start + begin, start + end

    def _token_of(self, position: int) -> tuple[int, int]:
        """The number of the token that has the piece, and the piece's number in it."""
        if self._firsts is None:
            more = accumulate((width - 1 for width in self._widths), initial=0)
            self._firsts = [number + before for number, before in zip(self._compounds, more, strict=False)]
        at = bisect_right(self._firsts, position) - 1
        if at < 0:
            return position, 0
        inside, width = position - self._firsts[at], self._widths[at]
        return (self._compounds[at], inside) if inside < width else (self._compounds[at] + 1 + inside - width, 0)

    def _start_of(self, number: int) -> int:
        """Where a token begins: counted where one space is between each two, else searched."""
        before = " ".join(self._tokens[:number])
        start = len(before) + 1 if number else 0
        if not self._starts and self._flat.startswith(self._tokens[number], start) and self._flat.startswith(before):
            return start
        starts, tokens = self._starts, self._tokens
        end = starts[-1] + len(tokens[len(starts) - 1]) if starts else 0
        for token in tokens[len(starts) : number + 1]:
            start = self._text.index(token, end)
            starts.append(start)
            end = start + len(token)
        return starts[number]
