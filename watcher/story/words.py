"""Words and their hashes, as sketches and figures need them: quick, and the same in every process."""

from __future__ import annotations

import re
from hashlib import blake2b
from zlib import crc32

from watcher.text.fold import fold

_UNSPACED = (
    "\u0e01-\u0e4e\u0e81-\u0ecd\u1000-\u109f\u1780-\u17d3\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff"
)
WORD = re.compile(rf"\d[\d.,:]*\d|[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
"""A number with its separators, a character of a script without spaces, or a run of letters and digits."""


_TYPOGRAPHY = "\u2019\u2018\u201c\u201d\u2013\u2014\u2026\u2022\u00a0\u00ab\u00bb"
"""Marks that separate words; without them most English texts are plain ASCII, which folds forty times as fast."""
_SPREAD = 0x1E3779B97F4A7C15
_BITS = (1 << 62) - 1


def plain(text: str) -> str:
    """The folded text; typographic marks become spaces."""
    if not text.isascii():
        for mark in _TYPOGRAPHY:
            text = text.replace(mark, " ")
    return fold(text)


def words_of(text: str) -> list[str]:
    """Folded words and numbers in order; in scripts without spaces every character is a word."""
    return WORD.findall(plain(text))


def quick_hash(text: str) -> int:
    """62 bits made of 32 (CRC-32, spread by a multiplication), the same in every process and on every machine.

    Shingles are many and compared several at a time: one that collides with another does no harm.
    """
    return crc32(text.encode("utf-8", "surrogatepass")) * _SPREAD >> 1 & _BITS


def hash63(text: str) -> int:
    """63 good bits, the same in every process and on every machine; they fit a signed column of a database."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") >> 1
