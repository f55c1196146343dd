"""Tokens: the words of a text, in order.

A *token* is what is between two spaces, with its punctuation; it is what `str.split` gives. A *chunk*
is the part of it that belongs together: letters, digits and marks, with hyphens, apostrophes, zero-width
non-joiners and inner full stops inside (`al-Hol`, `Syria's`, `U.S.`, `آتش‌بس`). A chunk has one or more
*pieces*; every piece has a position of its own, so `al-Hol` and `Al Hol` are the same two words. In scripts
that put no spaces between words each character is a chunk: there a phrase of characters finds a word
wherever it occurs.
"""

from __future__ import annotations

import re
import unicodedata

from watcher.text.fold import INVISIBLE, fold

_JOINERS = "\\-'.`\u00b4\u00b7\u02b9-\u02bf\u02c8\u02ee\u058a\u05be\u05f3\u05f4\u200c\u2010-\u2013\u2018\u2019\u201b\u2212\ufe63\uff07\uff0d"
UNSPACED = (
    "\u0e01-\u0e4e\u0e81-\u0ecd\u1000-\u109f\u1780-\u17d3\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3041-\u309f"
    "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
"""Thai, Lao, Burmese, Khmer, Han, Kana: scripts without spaces between words, as the inside of a character class."""

LONGEST_PIECE = 80
"""Characters; a longer piece is no word of any language (a key, an encoded picture) and matches nothing."""
_MOST_PIECES = 6


def _apart() -> str:
    """What separates words, as the inside of a character class.

    `\\w` alone will not do: it lacks the combining marks that many scripts write inside words.
    """
    plane = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x10000))))
    unwordly = re.findall(r"[\W_]", plane)
    apart = [char for char in unwordly if char == "_" or not unicodedata.category(char).startswith("M")]
    return _class(sorted(ord(char) for char in apart if char not in INVISIBLE or char == "\u200c"))


def _class(codes: list[int]) -> str:
    runs: list[list[int]] = []
    for code in codes:
        if runs and code == runs[-1][1] + 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in runs)


_NOT_IN_PIECE = f"{_apart()}{_JOINERS}\ud800-\udfff\U0001f000-\U0001faff"
_PIECE_CLASS = f"[^{_NOT_IN_PIECE}{UNSPACED}]"
_VOICED = "\u3099\u309a\uff9e\uff9f"
"""Marks that belong to the kana before them, in decomposed and in narrow writing."""
_CHUNK = re.compile(f"[{UNSPACED}][{_VOICED}]?|{_PIECE_CLASS}+(?:[{_JOINERS}]{_PIECE_CLASS}+)*")
_PIECE = re.compile(f"[^{_JOINERS}]+")
_BREAK = re.compile(f"(?<=[^{_NOT_IN_PIECE}])[{_NOT_IN_PIECE}](?=[^{_NOT_IN_PIECE}])")


def chunks(text: str) -> list[str]:
    """The chunks of a text, in order, as written."""
    return _CHUNK.findall(text)


def pieces(chunk: str) -> tuple[str, ...]:
    """The pieces of a chunk, as written."""
    return tuple(_PIECE.findall(chunk))


def runs(parts: tuple[str, ...]) -> list[tuple[int, int, str]]:
    """Neighbouring pieces of one chunk written together: (first piece, how many, joined text).

    `cease-fire` is also `ceasefire`, `Hay'at` also `Hayat`. Digits are left apart: 3.5 is not 35.
    """
    if not 2 <= len(parts) <= _MOST_PIECES:
        return []
    return [
        (first, end - first, "".join(parts[first:end]))
        for first in range(len(parts))
        for end in range(first + 2, len(parts) + 1)
        if not any(part.isdigit() for part in parts[first:end])
    ]


def piece_spans(text: str) -> list[tuple[int, int]]:
    """Where each piece is in the text: [start, end) in characters."""
    return [
        piece.span() for chunk in _CHUNK.finditer(text) for piece in _PIECE.finditer(text, chunk.start(), chunk.end())
    ]


def words(text: str) -> list[str]:
    """The folded pieces of a text, in order; pieces that fold to nothing are left out."""
    folded = (fold(piece) for chunk in chunks(text) for piece in pieces(chunk))
    return [word for word in folded if word]


def count_breaks(token: str) -> int:
    """How many characters of a token end one word and begin another; scripts that write no spaces do without."""
    return len(_BREAK.findall(token))


def is_unspaced(text: str) -> bool:
    """Whether a text has a character of a script that puts no spaces between words."""
    return _UNSPACED_CHAR.search(text) is not None


_UNSPACED_CHAR = re.compile(f"[{UNSPACED}]")
